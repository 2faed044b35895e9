import { CLOCKS_APART } from './clock.ts';
import type { Core } from './core.ts';
import { Pace } from './pace.ts';
import { judge } from './session.ts';
import type { FoundSession, Pruned } from './store.ts';

/** What a pruning removed. */
export interface PruneResult {
  readonly sessions: number;
  readonly epochs: number;
  /** Of the audit log. */
  readonly entries: number;
}

/** Options of {@link Sessions.prune}. */
export interface PruneRequest {
  /** Is told after each batch what was removed so far. What it throws ends the pruning. */
  readonly progress?: ((soFar: PruneResult) => void) | undefined;
}

const LEAST_SESSIONS = 200;
// Every entry stands in several indexes.
const LEAST_ENTRIES = 50;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Removes sessions that were over for longer than the retention, and records that nothing needs any more, in bounded
 * batches between which everything else gets its turn.
 */
export async function prune(core: Core, { progress }: PruneRequest = {}): Promise<PruneResult> {
  const { store, settings, events, now } = core;
  const at = now();
  const before = at - settings.retention;
  const total = { sessions: 0, epochs: 0, entries: 0 };

  const sessionsPace = new Pace(LEAST_SESSIONS);
  let after: string | null = null;
  for (let more = true; more; ) {
    const batch: Pruned = await sessionsPace.measure(() =>
      store.prune({
        sessionsBefore: before,
        epochsBefore: at - CLOCKS_APART,
        limit: sessionsPace.size,
        after,
        revoked: (found) => revokedBefore(found, at, before),
      }),
    );
    total.sessions += batch.sessions;
    total.epochs += batch.epochs;
    ({ more, after } = batch);
    progress?.({ ...total });
    if (more) await new Promise((resolve) => setImmediate(resolve));
  }

  const log = store.powers?.audit;
  const entriesPace = new Pace(LEAST_ENTRIES);
  for (let more = log !== undefined; more && log !== undefined; ) {
    const limit = entriesPace.size;
    const entries = await entriesPace.measure(() => log.prune(at - CLOCKS_APART, limit));
    total.entries += entries;
    more = entries === limit;
    progress?.({ ...total });
    if (more) await new Promise((resolve) => setImmediate(resolve));
  }
  events.emit('sessions.pruned', total);
  return total;
}

/** Whether a session was over already at a time, by a revocation. One whose records are lost counts from its last use. */
function revokedBefore({ session, epochs }: FoundSession, now: number, before: number): boolean {
  const over = judge(session, epochs, now);
  if (over?.reason !== 'revoked') return false;
  return (over.revocation?.at ?? session.lastUsedAt) <= before;
}

/** Prunes every so often (with jitter, so that processes started together do not prune together) until stopped. */
export function startPruning(core: Core, every: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(run, Math.min(every * (0.5 + Math.random()), LONGEST_TIMER));
    timer.unref();
  };
  const run = (): void => {
    prune(core)
      .catch((error: unknown) => core.events.emit('background.failed', { operation: 'prune', error }))
      .finally(schedule);
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
