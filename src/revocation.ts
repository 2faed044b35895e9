import type { Cause } from './cause.ts';
import { CLOCKS_APART } from './clock.ts';
import { type Core, contend, identify, keeping, lookingAt, malformed, refOf, UNTIL_WRITTEN } from './core.ts';
import { newCredential } from './credential.ts';
import { advanceEpoch, type Coverage, type EpochRecord, holdsUser, isCovered, type Mark, scopeState } from './epoch.ts';
import type { NamedScope } from './events.ts';
import { isPlainObject, refuseUnknownKeys } from './input.ts';
import { endedBy, type WouldEnd, wouldEnd } from './living.ts';
import { judge, type ScopeName, Session, type SessionRecord } from './session.ts';
import type { AskerRotation, VersionedEpoch } from './store.ts';
import { accountTag, type Tag } from './token.ts';

/** Whom a revocation covers: a user, a member (a user within an account), an account, or the realm. */
export type Scope =
  | { readonly user: string; readonly account?: string }
  | { readonly account: string }
  | { readonly realm: true };

/** A revocation, as events and answers tell it. */
export interface Revocation extends Mark, NamedScope {
  readonly note: string | null;
  /** The kinds that were named, `'all'`, or `null` for all that do not survive this scope. */
  readonly kinds: readonly string[] | 'all' | null;
}

/** What a revocation did. */
export type RevokeResult =
  | {
      readonly revoked: true;
      /**
       * The session that was kept, with its new secret: its old token is refused from now on. With `ifLive`, the session
       * that asked, where its kind was not covered: nothing has changed for it.
       */
      readonly kept: Session | null;
      /** The kept session's new token, to be given to its client; `null` where there is no new one. */
      readonly token: string | null;
      /**
       * Why the session that was to be kept was not: it was over itself, or (a trigger whose rule is `everywhere`) none is.
       * `null` where it was, or none was named.
       */
      readonly notKept: 'not-live' | 'everywhere' | null;
      /** After how many ms no process accepts what was covered. 0: none that looks from now on. */
      readonly effectiveWithin: number;
      readonly revocation: Revocation;
    }
  | {
      readonly revoked: false;
      readonly kept: null;
      readonly token: null;
      /**
       * Nothing was done. `'not-live'`: the asker's session was over itself, or its secret no longer the present one.
       * `'not-suspended'`: there was nothing to resume. `'none'`: the rule of the trigger is to do nothing.
       */
      readonly reason: 'not-live' | 'not-suspended' | 'none';
      readonly effectiveWithin: number;
      readonly revocation: null;
    }
  | {
      readonly revoked: false;
      readonly kept: null;
      readonly token: null;
      /** Nothing was done, as was asked. */
      readonly reason: 'dry-run';
      readonly effectiveWithin: number;
      readonly revocation: null;
      /** What would end: at most 1,000 are named. */
      readonly wouldEnd: WouldEnd;
    };

/**
 * How long a user's record is kept after a revocation, whether or not it met a session of ours: it may have met one of
 * another layer that is still to be adopted.
 */
export const REVOCATION_KEEPS: number = 30 * 86400e3 + CLOCKS_APART;

/** What is done to a scope. */
export interface Order extends Cause {
  readonly kinds: readonly string[] | 'all' | null;
  /** Stays, under a new secret. */
  readonly keep?: Session | undefined;
  /** Must be live; goes with the others, if its kind is covered. */
  readonly ifLive?: Session | undefined;
  /** Whether it is done also where the asker's session is over. */
  readonly anyway?: boolean | undefined;
  /** Whether the asker's session may have been renewed since it was judged. */
  readonly anySecret?: boolean | undefined;
  /** The trigger that it is done for. */
  readonly trigger?: string | undefined;
  readonly suspend?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

/** A scope, resolved: which record it stands in, and where in it. */
export interface Target extends NamedScope {
  readonly tag: Tag;
  readonly member: Tag | null;
}

/** @throws `TypeError` for what is no scope. */
export function parseScope(core: Core, scope: unknown): Target {
  if (!isPlainObject(scope))
    throw new TypeError('a scope must be { user }, { user, account }, { account } or { realm: true }');
  refuseUnknownKeys('a scope', scope, ['user', 'account', 'realm']);
  // What was meant to narrow a revocation and came to nothing must not widen it.
  const missing = Object.keys(scope).find((key) => scope[key] === undefined || scope[key] === null);
  if (missing !== undefined)
    throw new TypeError(`the ${missing} of the scope is ${scope[missing]}; leave it out to cover more`);
  const { user, account, realm } = scope;
  if (realm !== undefined) {
    if (realm !== true || user !== undefined || account !== undefined) {
      throw new TypeError('the scope of a realm is { realm: true } and nothing else');
    }
    return { scope: 'realm', user: null, account: null, tag: core.realmTag, member: null };
  }
  if (user === undefined) {
    const name = identify(core, 'nobody', account).account;
    if (name === null) throw new TypeError('a scope must name a user, an account, or the realm');
    return { scope: 'account', user: null, account: name, tag: accountTag(core.settings.realm, name), member: null };
  }
  const identity = identify(core, user, account);
  const name: ScopeName = identity.account === null ? 'user' : 'member';
  return {
    scope: name,
    user: identity.user,
    account: identity.account,
    tag: identity.tags.user,
    member: identity.tags.account,
  };
}

/** Which kinds are covered: named ones, all, or those that do not survive this scope. */
export function coverage(core: Core, scope: ScopeName, kinds: Order['kinds']): Coverage {
  if (kinds === 'all' || (kinds === null && (scope === 'realm' || scope === 'account'))) return { except: [] };
  if (kinds === null) {
    return {
      except: [...core.settings.kinds]
        .filter(([, { survives }]) => survives.includes(scope as 'user'))
        .map(([kind]) => kind),
    };
  }
  return { only: kinds };
}

const nothingDone = (reason: 'not-live' | 'not-suspended' | 'none'): RevokeResult => {
  return { revoked: false, kept: null, token: null, reason, effectiveWithin: 0, revocation: null };
};

const dryRun = (named: WouldEnd): RevokeResult => {
  const nothing = { revoked: false, kept: null, token: null, effectiveWithin: 0, revocation: null } as const;
  return { ...nothing, reason: 'dry-run', wouldEnd: named };
};

/**
 * Advances the epoch of a scope: one write, whatever the number of sessions. With an asker (`keep`, which stays under a
 * new secret, or `ifLive`, which does not), only if that session is live and its secret the one that was judged;
 * otherwise nothing is done.
 */
export async function revoke(core: Core, target: Target, order: Order): Promise<RevokeResult> {
  const covers = coverage(core, target.scope, order.kinds);
  const asker = parseAsker(target, order);

  const from = order.from ?? asker?.record.device.label ?? null;

  return contend<RevokeResult>(core, async () => {
    const now = core.now();
    const mark: Mark = { at: now, by: order.by, reason: order.reason, from };
    // The asker first: what is read last is what the write compares with, so that few other writes come between.
    let live = asker === null ? undefined : ((await stillLive(core, asker.record, now, order.anySecret)) ?? undefined);
    if (asker !== null && live === undefined && order.anyway !== true) return nothingDone('not-live');
    if (order.dryRun === true) {
      // While a scope is suspended, nothing lives under it that resuming could end.
      if (order.suspend === false) return dryRun({ sessions: [], more: false });
      const kept = asker?.stays === true ? (live?.id ?? null) : null;
      const named = await wouldEnd(core, target, endedBy(covers, kept));
      return dryRun(named);
    }

    const { current, guarded } = await readTarget(core, target, now);

    const { suspended } = scopeState(current.record, target.member);
    if (order.suspend === false && suspended === null) return nothingDone('not-suspended');
    if (live !== undefined && !holdsUser(current.record, live)) {
      if (order.anyway !== true) return nothingDone('not-live');
      live = undefined;
    }

    const keep = asker?.stays === true ? live : undefined;
    const record = advanceEpoch(current.record, target.member, { covers, mark, keep, suspend: order.suspend }, now);
    if (record === null) return nothingDone('not-live');

    const rotation = keep === undefined ? undefined : rotate(keep, now);
    const spared = live !== undefined && !isCovered(covers, live.kind) ? new Session(live) : null;
    const { scope, user, account } = target;
    const { kinds, note } = order;
    const revocation: Revocation = { scope, user, account, ...mark, note, kinds };
    const happening = core.events.about('sessions.revoked', {
      ...{ scope, user, account, by: mark.by, reason: mark.reason, note, from, kinds },
      kept: keep?.id ?? spared?.id ?? null,
      change: order.suspend === undefined ? null : order.suspend ? 'suspended' : 'resumed',
      trigger: order.trigger ?? null,
    });
    const outcome = await core.store.advance(target.tag, {
      record,
      ifVersion: current.version,
      now,
      keepUntil: target.user === null || order.suspend === true ? null : keptUntil(record, guarded, now),
      asker: live === undefined ? undefined : askerOf(live, rotation?.session ?? live),
      audit: happening.audit,
    });
    // With `anyway` or `anySecret`, the next look tells whether the session is over, or has another secret.
    const looksAgain = order.anyway === true || order.anySecret === true;
    if (outcome === 'conflict' || (outcome === 'not-live' && looksAgain)) return 'conflict';
    if (outcome === 'not-live') return nothingDone('not-live');

    core.events.tell(happening);
    return {
      revoked: true,
      kept: rotation === undefined ? spared : new Session(rotation.session),
      token: rotation?.token ?? null,
      notKept: asker !== null && live === undefined ? 'not-live' : null,
      effectiveWithin: 0,
      revocation,
    };
  });
}

/**
 * The record to advance, made where there is none, and how long the tokens of other issuers are accepted that are guarded in
 * this realm, in ms.
 */
async function readTarget(
  { store, realmTag }: Core,
  { tag, user }: Target,
  now: number,
): Promise<{ readonly current: VersionedEpoch; readonly guarded: number }> {
  const wanted = keeping(tag, now, now + UNTIL_WRITTEN);
  const [current, realm] = await store.epochs(user === null ? [wanted] : [wanted, lookingAt(realmTag)], now);
  if (!current) throw malformed('epochs');
  return { current, guarded: realm?.record.guarded?.longest ?? 0 };
}

/**
 * Until when a user's record is kept after an advance: as long as any session or token may be accepted that it met. Counted
 * from its generation, which may be ahead of the clock here.
 */
export const keptUntil = ({ counter }: EpochRecord, guarded: number, now: number): number =>
  Math.max(now, counter) + Math.max(REVOCATION_KEEPS, guarded + CLOCKS_APART);

function parseAsker(
  { scope, tag, member }: Target,
  { keep, ifLive }: Order,
): { record: SessionRecord; stays: boolean } | null {
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
  return { record, stays: keep !== undefined };
}

/** The session as it is now, or `null` where it is over or bears another secret than the one that was judged. */
export async function stillLive(
  core: Core,
  judged: SessionRecord,
  now: number,
  anySecret = false,
): Promise<SessionRecord | null> {
  const [found] = await core.store.find(core.realmTag, [refOf(judged)]);
  if (found === undefined || found === null) return null;
  if (!anySecret && found.session.hash !== judged.hash) return null;
  return judge(found.session, found.epochs, now) === null ? found.session : null;
}

function rotate(live: SessionRecord, now: number): { session: SessionRecord; token: string } {
  const { hash, token } = newCredential(live, now);
  return { session: { ...live, hash, serial: live.serial + 1 }, token };
}

const askerOf = ({ id, hash: ifHash }: SessionRecord, { hash, serial }: SessionRecord): AskerRotation => ({
  ...{ id, ifHash, hash, serial },
});
