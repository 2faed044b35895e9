import type { Core } from '../core/context.ts';
import { effectiveWithin } from '../core/effective-within.ts';
import { judgedRecord, stillLive } from '../core/still-live.ts';
import { endedBy, type WouldEnd, wouldEnd } from '../core/walk-sessions.ts';
import { CLOCKS_APART } from '../lib/clock.ts';
import { parseArguments, parseSwitch } from '../lib/input.ts';
import {
  ATTRIBUTION_KEYS,
  type Attribution,
  type AttributionRequest,
  type Mark,
  parseAttribution,
} from '../model/attribution.ts';
import { newCredential } from '../model/credential.ts';
import { advanceEpoch, type EpochRecord, holdsUser, isCovered } from '../model/epoch.ts';
import { type KindSelection, parseKindSelection } from '../model/kind.ts';
import { coverage, type NamedScope, parseScope, type Scope, type ScopeTarget } from '../model/scope.ts';
import { Session, type SessionRecord } from '../model/session.ts';
import type { Stamp } from '../model/stamp.ts';
import { memberTag, type Tag } from '../model/token.ts';
import { ensureEpoch, ensuring, malformed, UNTIL_WRITTEN } from '../store/ensure-epochs.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import type { InitiatorRotation, VersionedEpoch } from '../store/store.ts';

/** Describes a revocation to events and results. {@link Sessions.revoke} returns it. */
export interface Revocation extends Mark, NamedScope {
  /** The remark that was made for the audit log; `null` for none. */
  readonly note: string | null;
  /** The kinds that the request named, `'all'`, or `null`: all kinds that do not survive this scope. */
  readonly kinds: readonly string[] | 'all' | null;
}

/** Holds the options of {@link Sessions.revoke}. */
export interface RevokeRequest extends AttributionRequest {
  /**
   * The kinds to revoke, or `'all'`. Default: every kind that does not survive this scope (option `kinds`). A kind that
   * is left out stays signed in.
   */
  readonly kinds?: readonly string[] | 'all' | undefined;
  /**
   * The session that stays, for "sign out everywhere else". It gets a new secret, and is the only one of its kind that
   * stays. If it is over, nothing is revoked. Needs the scope of a user or a member. Default: none.
   */
  readonly keep?: Session | undefined;
  /**
   * Revokes only if this session is live: for a request that a client makes in its own name. The session ends with the
   * others if its kind is covered. Needs the scope of a user or a member, and does not go with `keep`. Default: no
   * condition.
   */
  readonly ifLive?: Session | undefined;
  /** Set to `true` to change nothing and only report the sessions that would end. Default `false`. */
  readonly dryRun?: boolean | undefined;
}

const REVOKE_KEYS = ['kinds', 'keep', 'ifLive', 'dryRun', ...ATTRIBUTION_KEYS];

/**
 * Tells what a revocation did. {@link Sessions.revoke} returns it. Within a transaction, `effectiveWithin` may be
 * `null`: see {@link InTransaction}.
 */
export type RevokeResult<EffectiveWithin extends number | null = number> =
  | {
      readonly revoked: true;
      /**
       * The session that was kept, with its new secret. Its old token is refused from now on. With `ifLive`, the
       * session of the request, if its kind was not covered: it is unchanged.
       */
      readonly kept: Session | null;
      /** The kept session's new token, to give to its client. `null` where there is none. */
      readonly token: string | null;
      /**
       * Why the session in `keep` was not kept. `'not-live'`: it was already over. `'everywhere'`: the rule of the
       * trigger keeps no session. `null` where it was kept, or no session was named.
       */
      readonly notKept: 'not-live' | 'everywhere' | null;
      /**
       * Time in ms after which no process accepts a covered session. 0: every check from now on refuses it. See the option
       * `freshness`.
       */
      readonly effectiveWithin: EffectiveWithin;
      readonly revocation: Revocation;
    }
  | {
      readonly revoked: false;
      readonly kept: null;
      readonly token: null;
      /**
       * Why nothing was done. `'not-live'`: the session in `keep` or `ifLive` was over, or its secret was renewed.
       * `'not-suspended'`: there was nothing to resume. `'none'`: the rule of the trigger is to do nothing.
       */
      readonly reason: 'not-live' | 'not-suspended' | 'none';
      readonly effectiveWithin: EffectiveWithin;
      readonly revocation: null;
    }
  | {
      readonly revoked: false;
      readonly kept: null;
      readonly token: null;
      /** Nothing was done because of `dryRun`. */
      readonly reason: 'dry-run';
      readonly effectiveWithin: EffectiveWithin;
      readonly revocation: null;
      /** The sessions that would end, at most 1,000. */
      readonly wouldEnd: WouldEnd;
    };

/**
 * How long, in ms, the record of a revoked user is kept at least. This also holds for a user without a session: the session of another
 * layer may be adopted later, and the revocation must then still be known.
 */
export const REVOCATION_KEEPS: number = 30 * 86400e3 + CLOCKS_APART;

export interface Order extends Attribution {
  readonly kinds: KindSelection;
  readonly keep?: Session | undefined;
  readonly ifLive?: Session | undefined;
  /** Revokes even where the session in `keep` or `ifLive` is over. */
  readonly evenIfOver?: boolean | undefined;
  /** Accepts a session whose secret was renewed since it was judged. */
  readonly ignoreRotation?: boolean | undefined;
  readonly trigger?: string | undefined;
  readonly suspend?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

const nothingDone = (reason: 'not-live' | 'not-suspended' | 'none'): RevokeResult => {
  return { revoked: false, kept: null, token: null, reason, effectiveWithin: 0, revocation: null };
};

const dryRun = (named: WouldEnd): RevokeResult => {
  const nothing = { revoked: false, kept: null, token: null, effectiveWithin: 0, revocation: null } as const;
  return { ...nothing, reason: 'dry-run', wouldEnd: named };
};

export async function revoke(core: Core, scope: Scope, input: RevokeRequest): Promise<RevokeResult> {
  const request = parseArguments<RevokeRequest>('the second argument', input, REVOKE_KEYS);
  return revokeTarget(core, parseScope(core.settings.realm, scope), {
    ...parseAttribution(request),
    kinds: parseKindSelection(core.settings.kinds, request.kinds),
    keep: request.keep,
    ifLive: request.ifLive,
    dryRun: parseSwitch('dryRun', request.dryRun),
  });
}

/**
 * Revokes a scope as ordered. With `keep` or `ifLive`, revokes only if that session is live and its secret is the one that was judged;
 * `evenIfOver` and `ignoreRotation` lift these conditions.
 */
export async function revokeTarget(core: Core, target: ScopeTarget, order: Order): Promise<RevokeResult> {
  const covers = coverage(core.settings.kinds, target.scope, order.kinds);
  const initiator = await judgedAgain(core, parseInitiator(target, order));

  const fromDevice = order.fromDevice ?? initiator?.record.device.label ?? null;

  const result = await retryOnConflict<RevokeResult>(core, async () => {
    const now = core.now();
    const mark: Mark = { at: now, by: order.by, reason: order.reason, fromDevice };
    // Reads the session first and the records last. The write compares with the records, so fewer other writes come
    // between.
    let live =
      initiator === null
        ? undefined
        : ((await stillLive(core, initiator.record, now, order.ignoreRotation)) ?? undefined);
    if (initiator !== null && live === undefined && order.evenIfOver !== true) return nothingDone('not-live');
    if (order.dryRun === true) {
      // No session lives in a suspended scope, so resuming cannot end one.
      if (order.suspend === false) return dryRun({ sessions: [], more: false });
      const kept = initiator?.stays === true ? (live?.id ?? null) : null;
      const named = await wouldEnd(core, target, endedBy(covers, kept));
      return dryRun(named);
    }

    const {
      current,
      user: userRecord,
      member,
      memberVersion,
      guarded,
    } = await readTarget(core, target, live ?? null, now);

    if (order.suspend === false && current.record.suspended === null) return nothingDone('not-suspended');
    if (live !== undefined && !holdsUser({ user: userRecord, member }, live)) {
      if (order.evenIfOver !== true) return nothingDone('not-live');
      live = undefined;
    }

    const keep = initiator?.stays === true ? live : undefined;
    const kept = keep && { id: keep.id, kind: keep.kind, stamp: stampIn(target, keep) };
    const record = advanceEpoch(current.record, { covers, mark, keep: kept, suspend: order.suspend }, now);
    if (record === null) return nothingDone('not-live');

    const rotation = keep === undefined ? undefined : rotate(keep, now);
    const spared = live !== undefined && !isCovered(covers, live.kind) ? new Session(live) : null;
    const { scope, user, account } = target;
    const { kinds, note } = order;
    const revocation: Revocation = { scope, user, account, ...mark, note, kinds };
    const pending = core.events.about('sessions.revoked', {
      ...{ scope, user, account, by: mark.by, reason: mark.reason, note, fromDevice, kinds },
      kept: keep?.id ?? spared?.id ?? null,
      change: order.suspend === undefined ? null : order.suspend ? 'suspended' : 'resumed',
      trigger: order.trigger ?? null,
    });
    const outcome = await core.store.advance(target.tag, {
      record,
      ...(target.member !== null && { member: target.member, ifMemberVersion: memberVersion }),
      ifVersion: current.version,
      now,
      keepUntil: target.user === null || order.suspend === true ? null : keptUntil(record, guarded, now),
      initiator: live === undefined ? undefined : initiatorOf(live, rotation?.session ?? live),
      audit: pending.audit,
    });
    // With `evenIfOver` or `ignoreRotation`, the next attempt finds out whether the session is over or has another secret.
    const looksAgain = order.evenIfOver === true || order.ignoreRotation === true;
    if (outcome === 'conflict' || (outcome === 'not-live' && looksAgain)) return 'conflict';
    if (outcome === 'not-live') return nothingDone('not-live');

    core.events.tell(pending);
    return {
      revoked: true,
      kept: rotation === undefined ? spared : new Session(rotation.session),
      token: rotation?.token ?? null,
      notKept: initiator !== null && live === undefined ? 'not-live' : null,
      effectiveWithin: 0,
      revocation,
    };
  });
  // Also for `not-live`: the memory of a process may still accept a session that another process ended a moment ago.
  const mayBeRemembered = result.revoked || result.reason === 'not-live';
  return mayBeRemembered ? { ...result, effectiveWithin: await effectiveWithin(core) } : result;
}

interface TargetRecords {
  /** The record to advance, and the version to compare with: for a membership, that of the user's record. */
  readonly current: VersionedEpoch;
  readonly user: EpochRecord | null;
  /** The record of the membership that is advanced, or that the session in `keep` or `ifLive` belongs to. */
  readonly member: EpochRecord | null;
  readonly memberVersion: number | undefined;
  /** How long guards in this realm accept tokens of other issuers, in ms. */
  readonly guarded: number;
}

async function readTarget(
  core: Core,
  target: ScopeTarget,
  live: SessionRecord | null,
  now: number,
): Promise<TargetRecords> {
  if (target.user === null) {
    const current = await ensureEpoch(core, target.tag, now, now + UNTIL_WRITTEN);
    return { current, user: null, member: null, memberVersion: undefined, guarded: 0 };
  }
  const account = target.member ?? live?.accountTag ?? null;
  const tags = account === null ? [target.tag] : [target.tag, memberTag(target.tag, account)];
  const { realm, user, member } = await readWithRealm(core, tags, now);
  if (!user || (account !== null && !member)) throw malformed('ensureEpochs');
  return {
    current: { record: (target.member === null ? user : (member ?? user)).record, version: user.version },
    user: user.record,
    member: member?.record ?? null,
    memberVersion: member?.version,
    guarded: realm?.record.notes?.guarded?.maxLifetime ?? 0,
  };
}

interface RecordsOfUser {
  readonly realm: VersionedEpoch | null | undefined;
  readonly user: VersionedEpoch | null | undefined;
  readonly member: VersionedEpoch | null | undefined;
}

/**
 * Reads the records of the realm, the user and the membership. Outside of a transaction, one call reads them all, because they usually
 * exist; missing ones are created afterwards. In a transaction, `ensureEpochs` comes first, because it locks the records of the user and
 * the membership. The realm's record is never locked, because all users of the realm share it.
 */
async function readWithRealm(
  { store, realmTag, isWithin }: Core,
  tags: readonly Tag[],
  now: number,
): Promise<RecordsOfUser> {
  if (isWithin !== true) {
    const [realm, user, member] = await store.readEpochs([realmTag, ...tags]);
    if (user && (tags.length === 1 || member)) return { realm, user, member };
  }
  const [user, member] = await store.ensureEpochs(
    tags.map((tag) => ensuring(tag, now, now + UNTIL_WRITTEN)),
    now,
  );
  const [realm] = await store.readEpochs([realmTag]);
  return { realm, user, member };
}

const stampIn = ({ member }: ScopeTarget, { stamps }: SessionRecord): Stamp | null =>
  member === null ? stamps.user : stamps.member;

/**
 * Returns until when an advanced record is kept, Unix ms. `guarded` is in ms: for so long, guards accept tokens of other issuers. The
 * time counts from the record's counter if that is ahead of this process's clock.
 */
export const keptUntil = ({ counter }: EpochRecord, guarded: number, now: number): number =>
  Math.max(now, counter) + Math.max(REVOCATION_KEEPS, guarded + CLOCKS_APART);

interface Initiator {
  readonly name: 'keep' | 'ifLive';
  readonly session: Session;
  readonly record: SessionRecord;
  readonly stays: boolean;
}

function parseInitiator({ scope, tag, member }: ScopeTarget, { keep, ifLive }: Order): Initiator | null {
  if (keep !== undefined && ifLive !== undefined) throw new TypeError('keep and ifLive do not go together');
  const name = keep === undefined ? 'ifLive' : 'keep';
  const session = keep === undefined ? ifLive : keep;
  if (session === undefined) return null;
  if (scope !== 'user' && scope !== 'member') {
    throw new TypeError(`${name} goes with a user or a member, not with an account or a realm`);
  }
  const record = Session.recordOf(name, session);
  if (record.userTag !== tag || (member !== null && record.accountTag !== member)) {
    throw new TypeError(`${name} must be a session of the scope that is revoked`);
  }
  return { name, session, record, stays: keep !== undefined };
}

async function judgedAgain(core: Core, initiator: Initiator | null): Promise<Initiator | null> {
  return initiator && { ...initiator, record: await judgedRecord(core, initiator.name, initiator.session) };
}

function rotate(live: SessionRecord, now: number): { session: SessionRecord; token: string } {
  const { credential, token } = newCredential(live, now);
  return { session: { ...live, credential, serial: live.serial + 1 }, token };
}

const initiatorOf = (
  { id, credential: ifCredential }: SessionRecord,
  { credential, serial }: SessionRecord,
): InitiatorRotation => ({
  ...{ id, ifCredential, credential, serial },
});
