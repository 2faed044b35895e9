import { BY_KEYS, type By, parseCause } from './cause.ts';
import type { Core } from './core.ts';
import { endFound } from './end.ts';
import { parseArguments, parseSwitch } from './input.ts';
import { type Duration, parseDuration } from './lifetime.ts';
import { livingUnder, type WouldEnd, wouldEnd } from './living.ts';
import { parseScope } from './revocation.ts';
import type { SessionRecord } from './session.ts';

/** Whose unused sessions are ended: an account's, a user's, or a member's. */
export type IdleScope = ({ readonly account: string } | { readonly user: string; readonly account?: string }) & {
  /** From the last use, precise to `touchEvery`. */
  readonly unusedFor: Duration;
};

/** Options of {@link Sessions.endIdle}. */
export interface EndIdleRequest extends By {
  /** Only tells what would end. */
  readonly dryRun?: boolean | undefined;
}

/** What {@link Sessions.endIdle} did. */
export interface EndIdleResult {
  /** How many sessions it ended. */
  readonly ended: number;
  /** With `dryRun`, what would end; else `null`. */
  readonly wouldEnd: WouldEnd | null;
}

/** Ends, one by one, the living sessions that were not used for so long. */
export async function endIdle(core: Core, input: unknown, by: unknown): Promise<EndIdleResult> {
  const { unusedFor, ...scope } = parseArguments('endIdle', input, ['user', 'account', 'unusedFor']);
  const request = parseArguments('endIdle', by, ['dryRun', ...BY_KEYS]);
  const target = parseScope(core, scope);
  const length = parseDuration('unusedFor', unusedFor);
  const { touchEvery } = core.settings;
  if (length < touchEvery) {
    throw new TypeError(`unusedFor is ${length} ms; the last use is known to ${touchEvery} ms only (touchEvery)`);
  }
  const cause = parseCause(request);
  const now = core.now();
  const isIdle = ({ lastUsedAt }: SessionRecord): boolean => now - lastUsedAt >= length;
  if (parseSwitch('dryRun', request.dryRun)) return { ended: 0, wouldEnd: await wouldEnd(core, target, isIdle) };

  let ended = 0;
  for await (const session of livingUnder(core, target, now)) {
    if (!isIdle(session)) continue;
    const mark = { ...cause, reason: cause.reason ?? 'idle' };
    if (await endFound(core, session, mark)) ended++;
  }
  return { ended, wouldEnd: null };
}
