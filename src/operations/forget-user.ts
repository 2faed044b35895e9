import type { Core } from '../core/context.ts';
import { livingIn, othersTurn } from '../core/walk-sessions.ts';
import { parseArguments, parseSwitch } from '../lib/input.ts';
import { ATTRIBUTION_KEYS, type AttributionRequest, NO_ATTRIBUTION, parseAttribution } from '../model/attribution.ts';
import { type EpochRecord, forgetMarks } from '../model/epoch.ts';
import { FENCE_KEEPS } from '../model/fence.ts';
import { parseScope } from '../model/scope.ts';
import { memberTag, type Tag } from '../model/token.ts';
import { ensureEpoch, malformed } from '../store/ensure-epochs.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import type { SessionStore } from '../store/store.ts';
import { revokeTarget } from './revoke.ts';

/** Holds the options of {@link Sessions.forgetUser}. */
export interface ForgetRequest extends AttributionRequest {
  /** Set to `true` to erase nothing and only count the living sessions that would end. Default `false`. */
  readonly dryRun?: boolean | undefined;
}

/** Tells what {@link Sessions.forgetUser} did. */
export interface ForgetResult {
  /** Number of sessions removed. With `dryRun`, the number of living sessions that would be removed. */
  readonly sessions: number;
  /** Number of audit log entries from which the user was erased. 0 with `dryRun`. */
  readonly entries: number;
  /**
   * Time in ms after which no process accepts a session of the user. 0: every check from now on refuses it. See the
   * option `freshness`.
   */
  readonly effectiveWithin: number;
}

const BATCH = 200;

/** Revokes a user's sessions, and then erases the person. The generations stay, so that old tokens and sign-ins under way stay refused. */
export async function forgetUser(core: Core, user: unknown, input: unknown): Promise<ForgetResult> {
  const request = parseArguments('the second argument', input, ['dryRun', ...ATTRIBUTION_KEYS]);
  const attribution = parseAttribution(request);
  const target = parseScope(core.settings.realm, { user });
  if (parseSwitch('dryRun', request.dryRun)) {
    let sessions = 0;
    for await (const _ of livingIn(core, target.tag, undefined, core.now())) sessions++;
    return { sessions, entries: 0, effectiveWithin: 0 };
  }

  const { effectiveWithin } = await revokeTarget(core, target, { ...attribution, kinds: 'all' });
  const sessions = await inBatches(() => core.store.deleteSessions(target.tag, BATCH));
  await forgetMemberships(core, target.tag);
  await forgetRecord(core, target.tag);
  // Pending entries must be in the log before the user is erased from it.
  await core.anomalies.settled();
  await core.log?.settled();
  const log = core.store.powers?.audit;
  const entries = log === undefined ? 0 : await inBatches(() => log.forget(target.tag, BATCH));
  // If the user asks for this, `by`, `note` and `fromDevice` are personal data that would outlive the erasure.
  const told = attribution.by === user ? { ...NO_ATTRIBUTION, reason: attribution.reason } : attribution;
  core.events.emit('user.forgotten', { ...told, sessions, entries });
  return { sessions, entries, effectiveWithin };
}

async function inBatches(step: () => number | Promise<number>): Promise<number> {
  for (let total = 0; ; ) {
    const done = await step();
    total += done;
    if (done < BATCH) return total;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function forgetRecord(core: Core, tag: Tag): Promise<void> {
  await retryOnConflict(core, async () => {
    const now = core.now();
    const keepUntil = now + FENCE_KEEPS;
    const current = await ensureEpoch(core, tag, now, keepUntil);
    const write = { record: forgetMarks(current.record), ifVersion: current.version, now, keepUntil, audit: [] };
    return (await core.store.advance(tag, write)) === 'conflict' ? 'conflict' : null;
  });
}

async function forgetMemberships(core: Core, user: Tag): Promise<void> {
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<SessionStore['memberships']>> = await core.store.memberships(user, after, BATCH);
    for (const account of page.accounts) await forgetMembership(core, user, account);
    if (page.after !== null && page.after === after) throw malformed('memberships');
    ({ after } = page);
    await othersTurn();
  } while (after !== null);
}

async function forgetMembership(core: Core, user: Tag, account: Tag): Promise<void> {
  await retryOnConflict(core, async () => {
    const now = core.now();
    const keepUntil = now + FENCE_KEEPS;
    // Reads the user's record first. If another process then advances the membership, the user's version moves, and the write conflicts.
    const current = await ensureEpoch(core, user, now, keepUntil);
    const [member] = await core.store.readEpochs([memberTag(user, account)]);
    if (!member || !hasMarks(member.record)) return null;
    const record = forgetMarks(member.record);
    const versions = { ifVersion: current.version, ifMemberVersion: member.version };
    const write = { record, member: account, ...versions, now, keepUntil, audit: [] };
    return (await core.store.advance(user, write)) === 'conflict' ? 'conflict' : null;
  });
}

const hasMarks = ({ last, suspended }: EpochRecord): boolean =>
  [last, suspended].some((mark) => mark !== null && (mark.by ?? mark.reason ?? mark.fromDevice) !== null);
