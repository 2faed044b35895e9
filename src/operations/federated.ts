import type { Core } from '../core/context.ts';
import { effectiveWithin } from '../core/effective-within.ts';
import { unexpiredIn } from '../core/walk-sessions.ts';
import { CLOCKS_APART } from '../lib/clock.ts';
import { parseArguments } from '../lib/input.ts';
import { Rounds } from '../lib/rounds.ts';
import {
  ATTRIBUTION_KEYS,
  type Attribution,
  type AttributionRequest,
  NO_ATTRIBUTION,
  parseAttribution,
} from '../model/attribution.ts';
import { advanceEpoch, type EpochRecord } from '../model/epoch.ts';
import { type FederatedNote, federatedIn, withFederated } from '../model/epoch-notes.ts';
import {
  beganFrom,
  type FederatedScope,
  isLoggedOut,
  isTooOld,
  type parseFederatedRequest,
  parseLogout,
  scopeOfSession,
} from '../model/federated.ts';
import { FENCE_KEEPS } from '../model/fence.ts';
import type { ReasonCode } from '../model/reason.ts';
import type { SessionRecord } from '../model/session.ts';
import { counterOf, isSameRecord, type Stamp } from '../model/stamp.ts';
import type { Tag } from '../model/token.ts';
import { ensureEpoch, ensuring, malformed } from '../store/ensure-epochs.ts';
import { retryInTurn, retryOnConflict } from '../store/retry-on-conflict.ts';
import type { VersionedEpoch } from '../store/store.ts';
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

/** The code of the reason. */
export const AT_PROVIDER: ReasonCode = 'signed-out-at-provider';

/** With more users, the record would become too large to write at each sign-in. */
const MAX_USERS = 100;

/** The record of a session or of a user at a provider. */
type ProviderTag = readonly [name: 'sid' | 'sub', tag: Tag];

const tagsOf = ({ sidTag, subTag }: FederatedScope): readonly ProviderTag[] => [
  ...(sidTag === null ? [] : [['sid', sidTag] as const]),
  ...(subTag === null ? [] : [['sub', subTag] as const]),
];

/**
 * Notes in the provider's records that a user of this realm signs in, so that a logout finds the sessions. Refuses a sign-in that was
 * logged out at the provider, and one with a session of another user there.
 */
export async function joinProvider(
  core: Core,
  { scope, fence }: SignIn,
  session: SessionRecord,
  now: number,
): Promise<'superseded' | 'conflict' | null> {
  if (isTooOld(fence, now)) return 'superseded';
  return join(core, scope, session, now, (note, name) => isLoggedOut(note, name, fence));
}

/** Keeps the provider's records for as long as a session whose lifetime begins anew. */
export async function stayJoined(core: Core, session: SessionRecord, now: number): Promise<'conflict' | null> {
  if (session.federated === null) return null;
  const scope = scopeOfSession(core.settings.realm, session.federated);
  const joined = await join(core, scope, session, now, () => false);
  return joined === 'conflict' ? joined : null;
}

/**
 * At first, the records are kept for as long as a sign-in may take: a refused attempt must not keep a logout for longer. Then they are
 * kept as long as the session.
 */
async function join(
  core: Core,
  scope: FederatedScope,
  { userTag, expiresAt }: SessionRecord,
  now: number,
  refuses: (note: FederatedNote, name: 'sid' | 'sub') => boolean,
): Promise<'superseded' | 'conflict' | null> {
  const keepUntil = expiresAt === null ? null : Math.max(expiresAt, now + FENCE_KEEPS);
  const tags = tagsOf(scope);
  const found = await ensureEach(core, tags, now, now + FENCE_KEEPS);
  const isOther = ({ sub }: FederatedNote): boolean => sub !== null && sub !== scope.subTag;
  const notes = found.map(({ record }) => federatedIn(record));
  if (tags.some(([name], at) => isOther(notes[at] as FederatedNote) || refuses(notes[at] as FederatedNote, name))) {
    return 'superseded';
  }
  const unchanged: ProviderTag[] = [];
  for (const [at, [name, tag]] of tags.entries()) {
    const { record, version } = found[at] as VersionedEpoch;
    const joined = withUser(notes[at] as FederatedNote, userTag, name === 'sid' ? scope.subTag : null);
    if (joined === notes[at]) {
      unchanged.push([name, tag]);
      continue;
    }
    const write = { record: withFederated(record, joined), ifVersion: version, now, keepUntil, audit: [] };
    if ((await core.store.advance(tag, write)) !== 'advanced') return 'conflict';
  }
  if (unchanged.length > 0) await ensureEach(core, unchanged, now, keepUntil);
  return null;
}

async function ensureEach(core: Core, tags: readonly ProviderTag[], now: number, keepUntil: number | null) {
  const requests = tags.map(([, tag]) => ensuring(tag, now, keepUntil));
  const found = await core.store.ensureEpochs(requests, now);
  if (found.length !== requests.length) throw malformed('ensureEpochs');
  return found;
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
  const attribution = { ...given, reason: given.reason ?? AT_PROVIDER };
  const users = await rememberLogout(core, scope, attribution);
  if (users === null) return { ended: 0, reason: 'other-user', effectiveWithin: 0 };
  let ended = 0;
  for (const user of users) ended += await endIn(core, user, scope, attribution);
  return { ended, reason: null, effectiveWithin: await effectiveWithin(core) };
}

const advances = new WeakMap<Core, Rounds<Stamp>>();

/** Returns the users whose sessions the logout may end. `null` if the session at the provider is another user's. */
async function rememberLogout(
  core: Core,
  scope: FederatedScope,
  attribution: Attribution,
): Promise<readonly Tag[] | null> {
  const { sidTag, subTag } = scope;
  if (sidTag === null) return noteLogout(core, subTag as Tag, null, attribution, await nextGeneration(core, scope));
  const users = await noteLogout(core, sidTag, subTag, attribution, null);
  if (users === null || subTag === null) return users;
  // Sessions of this user whose `sid` is unknown.
  const [others] = await core.store.readEpochs([subTag]);
  return [...new Set([...users, ...(others ? federatedIn(others.record).users : [])])];
}

/**
 * Advances the provider's record, and returns its generation: the place of a logout among all fences of the provider. This comes before
 * the note. With a fence of this generation or a later one, the user went to the provider after the logout there. One advance serves all
 * logouts that wait for one.
 */
function nextGeneration(core: Core, { issuerTag }: FederatedScope): Promise<Stamp> {
  const rounds = advances.get(core) ?? new Rounds<Stamp>();
  advances.set(core, rounds);
  return rounds.join(issuerTag, () =>
    retryOnConflict(core, async () => {
      const now = core.now();
      const { record, version } = await ensureEpoch(core, issuerTag, now, null);
      const next = advanced(record, NO_ATTRIBUTION, now);
      const write = { record: next, ifVersion: version, now, keepUntil: null, audit: [] };
      return (await core.store.advance(issuerTag, write)) === 'advanced' ? next.base : 'conflict';
    }),
  );
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
