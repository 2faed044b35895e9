import type { Core } from '../core/context.ts';
import { effectiveWithin } from '../core/effective-within.ts';
import { livingUnder, type WouldEnd, wouldEnd } from '../core/walk-sessions.ts';
import { type Duration, parseDuration } from '../lib/duration.ts';
import { parseArguments, parseSwitch } from '../lib/input.ts';
import { ATTRIBUTION_KEYS, type AttributionRequest, parseAttribution } from '../model/attribution.ts';
import { parseScope } from '../model/scope.ts';
import type { SessionRecord } from '../model/session.ts';
import { endFound } from './end.ts';

/** The sessions to look at: those of an account, of a user, or of a member. */
export type IdleScope = (
  | {
      /** The account (tenant), with all of its members. */
      readonly account: string;
    }
  | {
      /** The app's id of the user. */
      readonly user: string;
      /** Only the user's sessions in this account. Default: all accounts. */
      readonly account?: string;
    }
) & {
  /** Minimum time since the last use. The last use is precise to `touchEvery`, and a shorter time is a `TypeError`. */
  readonly unusedFor: Duration;
};

/** Holds the options of {@link Sessions.endIdle}. */
export interface EndIdleRequest extends AttributionRequest {
  /** Set to `true` to end nothing and only report the sessions that would end. Default `false`. */
  readonly dryRun?: boolean | undefined;
}

/** Tells what {@link Sessions.endIdle} did. */
export interface EndIdleResult {
  /** Number of sessions that were ended. 0 with `dryRun`. */
  readonly ended: number;
  /** With `dryRun`, the sessions that would end. Else `null`. */
  readonly wouldEnd: WouldEnd | null;
  /**
   * Time in ms after which no process accepts an ended session. 0: every check from now on refuses it. See the option
   * `freshness`.
   */
  readonly effectiveWithin: number;
}

/** Ends each idle session by itself. A session that is used before its turn stays. */
export async function endIdle(core: Core, input: unknown, by: unknown): Promise<EndIdleResult> {
  const { unusedFor, ...scope } = parseArguments('the argument', input, ['user', 'account', 'unusedFor']);
  const request = parseArguments('the second argument', by, ['dryRun', ...ATTRIBUTION_KEYS]);
  const target = parseScope(core.settings.realm, scope);
  const length = parseDuration('unusedFor', unusedFor);
  const { touchEvery } = core.settings;
  if (length < touchEvery) {
    throw new TypeError(`unusedFor is ${length} ms; the last use is known to ${touchEvery} ms only (touchEvery)`);
  }
  const attribution = parseAttribution(request);
  const now = core.now();
  const since = now - length;
  const isIdle = ({ lastUsedAt }: SessionRecord): boolean => lastUsedAt <= since;
  if (parseSwitch('dryRun', request.dryRun)) {
    return { ended: 0, wouldEnd: await wouldEnd(core, target, isIdle), effectiveWithin: 0 };
  }

  let ended = 0;
  for await (const session of livingUnder(core, target, now)) {
    if (!isIdle(session)) continue;
    const mark = { ...attribution, reason: attribution.reason ?? 'idle' };
    if (await endFound(core, session, mark, since)) ended++;
  }
  return { ended, wouldEnd: null, effectiveWithin: await effectiveWithin(core) };
}
