import type { Core } from '../core/context.ts';
import { effectiveWithin } from '../core/effective-within.ts';
import { unexpiredIn } from '../core/walk-sessions.ts';
import { CLOCKS_APART } from '../lib/clock.ts';
import { parseArguments } from '../lib/input.ts';
import { ATTRIBUTION_KEYS, type Attribution, type AttributionRequest, parseAttribution } from '../model/attribution.ts';
import { advanceEpoch, type EpochRecord } from '../model/epoch.ts';
import { type FederatedNote, federatedIn, withFederated } from '../model/epoch-notes.ts';
import {
  beganFrom,
  type FederatedScope,
  isLoggedOut,
  isTooOld,
  type parseFederatedRequest,
  parseLogout,
} from '../model/federated.ts';
import { FENCE_KEEPS } from '../model/fence.ts';
import type { SessionRecord } from '../model/session.ts';
import { counterOf, isSameRecord, type Stamp } from '../model/stamp.ts';
import type { Tag } from '../model/token.ts';
import { ensureEpoch, ensuring, malformed } from '../store/ensure-epochs.ts';
import { retryInTurn } from '../store/retry-on-conflict.ts';
import { endFound, isEndable } from './end.ts';

/** Tells what `sessions.endFederated` did. */
export interface EndFederatedResult {
  /** How many sessions it ended. 0 where there was none: the logout is remembered all the same. */
  readonly ended: number;
  /** `'other-user'`: the session at the provider belongs to another user than `sub`, and nothing was done. */
  readonly reason: 'other-user' | null;
  /** Time in ms after which no process accepts the sessions. 0: every check from now on refuses them. See the option `freshness`. */
  readonly effectiveWithin: number;
}

type SignIn = ReturnType<typeof parseFederatedRequest>;

/** With more users, the record would become too large to write at each sign-in. */
const MAX_USERS = 100;

const tagsOf = ({ sidTag, subTag }: FederatedScope): readonly (readonly ['sid' | 'sub', Tag])[] => [
  ...(sidTag === null ? [] : [['sid', sidTag] as const]),
  ...(subTag === null ? [] : [['sub', subTag] as const]),
];

/**
 * Notes in the provider's records that a user of this realm signs in, so that a logout finds the sessions. Refuses a sign-in that was
 * logged out at the provider. The records are kept as long as the session, and at least as long as a sign-in may take.
 */
export async function joinProvider(
  core: Core,
  { scope, fence }: SignIn,
  { userTag, expiresAt }: SessionRecord,
  now: number,
): Promise<'superseded' | 'conflict' | null> {
  if (isTooOld(fence, now)) return 'superseded';
  const keepUntil = expiresAt === null ? null : Math.max(expiresAt, now + FENCE_KEEPS);
  const tags = tagsOf(scope);
  const found = await core.store.ensureEpochs(
    tags.map(([, tag]) => ensuring(tag, now, keepUntil)),
    now,
  );
  for (const [at, [name, tag]] of tags.entries()) {
    const current = found[at];
    if (current === undefined) throw malformed('ensureEpochs');
    const note = federatedIn(current.record);
    if (isLoggedOut(note, name, fence)) return 'superseded';
    const joined = withUser(note, userTag, name === 'sid' ? scope.subTag : null);
    if (joined === note) continue;
    const write = { record: withFederated(current.record, joined), ifVersion: current.version, now, keepUntil };
    if ((await core.store.advance(tag, { ...write, audit: [] })) !== 'advanced') return 'conflict';
  }
  return null;
}

function withUser(note: FederatedNote, user: Tag, sub: Tag | null): FederatedNote {
  if (note.users.includes(user) && (sub === null || note.sub === sub)) return note;
  const users = note.users.includes(user) ? note.users : [...note.users, user];
  if (users.length > MAX_USERS) {
    throw new TypeError(`federated names one user of the provider for more than ${MAX_USERS} users of this realm`);
  }
  return { ...note, users, sub: sub ?? note.sub };
}

/** Tells whether the provider has logged the user or the session out since the fence. A missing record counts as a logout. */
export async function wasLoggedOut(core: Core, { scope, fence }: SignIn): Promise<boolean> {
  const tags = tagsOf(scope);
  const found = await core.store.readEpochs(tags.map(([, tag]) => tag));
  return tags.some(([name], at) => {
    const current = found[at];
    return !current || isLoggedOut(federatedIn(current.record), name, fence);
  });
}

/**
 * Remembers the logout first, and then ends the sessions. A sign-in at the same time reads in the other order: it stores its session,
 * and then looks for the logout. So one of them finds the other.
 */
export async function endFederated(core: Core, input: unknown, by: AttributionRequest): Promise<EndFederatedResult> {
  const scope = parseLogout(core.settings.realm, input);
  const request = parseArguments<AttributionRequest>('the second argument', by, ATTRIBUTION_KEYS);
  const given = parseAttribution(request);
  const attribution = { ...given, reason: given.reason ?? 'signed-out-at-provider' };
  const users = await rememberLogout(core, scope, attribution);
  if (users === null) return { ended: 0, reason: 'other-user', effectiveWithin: 0 };
  let ended = 0;
  for (const user of users) ended += await endIn(core, user, scope, attribution);
  return { ended, reason: null, effectiveWithin: await effectiveWithin(core) };
}

/** Returns the users whose sessions the logout may end. `null` if the session at the provider is another user's. */
async function rememberLogout(core: Core, scope: FederatedScope, attribution: Attribution) {
  const { sidTag, subTag, issuerTag } = scope;
  if (sidTag !== null) return noteLogout(core, sidTag, subTag, attribution, null);
  // The generation is the order of this logout among all fences of the provider. It comes first: with a fence of a later generation,
  // the user went to the provider after the logout there.
  const loggedOut = await retryInTurn(core, issuerTag, async () => {
    const now = core.now();
    const { record, version } = await ensureEpoch(core, issuerTag, now, null);
    const next = advanced(record, attribution, now);
    const write = { record: next, ifVersion: version, now, keepUntil: null, audit: [] };
    return (await core.store.advance(issuerTag, write)) === 'advanced' ? next.base : 'conflict';
  });
  return noteLogout(core, subTag as Tag, null, attribution, loggedOut);
}

const noteLogout = (core: Core, tag: Tag, sub: Tag | null, attribution: Attribution, loggedOut: Stamp | null) =>
  retryInTurn<readonly Tag[] | null>(core, tag, async () => {
    const now = core.now();
    const keepUntil = now + FENCE_KEEPS;
    const { record, version } = await ensureEpoch(core, tag, now, keepUntil);
    const note = federatedIn(record);
    if (sub !== null && note.sub !== null && note.sub !== sub) return null;
    const next = advanced(record, attribution, now);
    const noted = withFederated(next, { ...note, loggedOut: latest(note.loggedOut, loggedOut ?? next.base) });
    const write = { record: noted, ifVersion: version, now, keepUntil, audit: [] };
    return (await core.store.advance(tag, write)) === 'advanced' ? note.users : 'conflict';
  });

/** Of two logouts at once, the later one may be written first. */
const latest = (before: Stamp | null, now: Stamp): Stamp =>
  before !== null && isSameRecord(before, now) && counterOf(before) > counterOf(now) ? before : now;

function advanced(record: EpochRecord, { by, reason, fromDevice }: Attribution, now: number): EpochRecord {
  const next = advanceEpoch(record, { covers: { except: [] }, mark: { at: now, by, reason, fromDevice } }, now);
  if (next === null) throw new Error('an advance without keep always has a record');
  return next;
}

async function endIn(core: Core, user: Tag, scope: FederatedScope, attribution: Attribution): Promise<number> {
  let ended = 0;
  for await (const found of unexpiredIn(core, user, undefined, core.now() - CLOCKS_APART)) {
    if (!beganFrom(found.session.federated, scope) || !isEndable(found, core.now())) continue;
    if (await endFound(core, found.session, attribution)) ended++;
  }
  return ended;
}
