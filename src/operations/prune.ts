import type { Core } from '../core/context.ts';
import { BatchSize } from '../lib/batch-size.ts';
import { CLOCKS_APART, systemClock } from '../lib/clock.ts';
import { type Duration, parseDuration } from '../lib/duration.ts';
import { SessionError } from '../lib/errors.ts';
import { parseArguments } from '../lib/input.ts';
import { judge } from '../model/judge.ts';
import type { FoundSession, Pruned } from '../store/store.ts';

/** Counts the sessions, epoch records, log entries and messages that {@link Sessions.prune} removed. */
export interface PruneResult {
  /** Number of sessions that were removed. */
  readonly sessions: number;
  /** Number of epoch records that were removed. */
  readonly epochs: number;
  /** Number of entries of the audit log that were removed. */
  readonly entries: number;
  /** Number of messages of the outbox that were removed undelivered, because the retention of their entry has passed. */
  readonly messages: number;
}

/** Options of `sessions.prune`. */
export interface PruneRequest {
  /**
   * Called after each batch with the totals so far. An error that it throws ends the pruning. Default: none.
   * @param soFar the numbers of removed rows, of all batches together.
   */
  readonly progress?: ((soFar: PruneResult) => void) | undefined;
}

const MIN_SESSIONS = 200;
// Smaller than for sessions: every entry is in several indexes.
const MIN_ENTRIES = 50;
const MAX_TIMER = 2 ** 31 - 1;

export async function prune(core: Core, input: PruneRequest = {}): Promise<PruneResult> {
  const { progress } = parseArguments<PruneRequest>('the argument', input, ['progress']);
  const { store, settings, events, now, activity } = core;
  const at = now();
  await requireClock(core, at);
  const before = at - settings.retention;
  const total = { sessions: 0, epochs: 0, entries: 0, messages: 0 };

  const sessionsPace = new BatchSize(MIN_SESSIONS);
  let after: string | null = null;
  for (let more = true; more && !activity.isClosing; ) {
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

  for (const [counter, power] of [
    ['entries', store.powers?.audit],
    ['messages', store.powers?.outbox],
  ] as const) {
    const pace = new BatchSize(MIN_ENTRIES);
    for (let more = power !== undefined; more && power !== undefined && !activity.isClosing; ) {
      const limit = pace.size;
      const removed = await pace.measure(() => power.prune(at - CLOCKS_APART, limit));
      total[counter] += removed;
      more = removed === limit;
      progress?.({ ...total });
      if (more) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  core.pruning.endedAt = now();
  events.emit('sessions.pruned', total);
  return total;
}

/** Refuses a clock far ahead of the server's: it would remove live sessions. An app's own clock, such as a test clock, is not compared. */
async function requireClock({ store, settings }: Core, now: number): Promise<void> {
  const told = settings.clock === systemClock ? await store.powers?.diagnosis?.clock?.() : undefined;
  if (told === undefined || now - told <= CLOCKS_APART) return;
  const hours = ((now - told) / 3600e3).toFixed(1);
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    `the clock of this process is ${hours} h ahead of the store's: nothing was pruned, since sessions that live would be removed. Set the clock`,
  );
}

/** Tells whether a session was revoked before this time. A session with lost records counts from its last use. */
function revokedBefore({ session, epochs }: FoundSession, now: number, before: number): boolean {
  const end = judge(session, epochs, now);
  if (end?.reason !== 'revoked') return false;
  return (end.revocation?.at ?? session.lastUsedAt) <= before;
}

/** Options of `sessions.startPruning`. */
export interface PruningSchedule {
  /** Mean time between two prunings, with a jitter of half of it in both directions. Default `'1h'`. */
  readonly every?: Duration | undefined;
}

/** Prunes at intervals. The jitter keeps processes that start together from pruning together. */
export function startPruning(core: Core, input: PruningSchedule): () => void {
  const { every: interval } = parseArguments<PruningSchedule>('the argument', input, ['every']);
  const every = parseDuration('every', interval === undefined ? '1h' : interval);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(run, Math.min(every * (0.5 + Math.random()), MAX_TIMER));
    timer.unref();
  };
  const run = (): void => {
    if (core.activity.isClosing) return;
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
