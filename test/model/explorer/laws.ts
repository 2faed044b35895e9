import type { FoundSession } from 'session-revocation/adapter';
import { judge } from '../../../src/model/judge.ts';
import type { EndState } from '../../../src/model/session.ts';
import { type Issued, isCoveredBy, isSameScope, isWithin, type Known, noEffect, type ScopeTarget } from './history.ts';
import { mayLog, mayRemember } from './log-law.ts';
import type { World } from './world.ts';

/**
 * Checks what must hold after every step of every schedule. This also covers most crashes: an operation that crashed
 * looks like one whose remaining steps come last.
 */
export function observe(world: World): void {
  const { history } = world;
  const now = world.now();
  const living = new Map<string, number>();
  for (const session of history.known.values()) {
    const found = world.found(session);
    const over: EndState | 'pruned' | null = found === null ? 'pruned' : judge(found.session, found.epochs, now);
    if (over === null) {
      // Only issued tokens count. A secret that no answer has handed out yet cannot be used.
      const held = history.issued.some(
        ({ id, credential }) => id === session.id && credential === found?.session.credential,
      );
      if (held) mayLive(world, session);
      session.live = true;
      const group = groupOf(session);
      living.set(group, (living.get(group) ?? 0) + 1);
    } else mayBeOver(world, session, over);
    if (found !== null) mayExpire(world, session, found);
  }
  for (const issued of history.issued) {
    if (issued.stale && accepts(world, issued)) history.violate('old secret', 'a replaced secret is accepted');
  }
  if (world.limit !== null) {
    for (const [group, count] of living) {
      if (count > world.limit) history.violate('limit', `${count} sessions live, ${world.limit} are allowed`);
      if (count >= world.limit) history.fullAt.set(group, history.step);
    }
  }
  history.effect = noEffect();
}

/** Returns the key of the group of sessions that a limit counts together. */
export const groupOf = ({ realm, user, account, kind }: Pick<Known, 'realm' | 'user' | 'account' | 'kind'>): string =>
  JSON.stringify([realm, user, account, kind]);

/** Returns whether a token is valid according to the stored records. */
export function accepts(world: World, { id, credential }: Issued): boolean {
  const session = world.history.known.get(id);
  const found = session === undefined ? null : world.found(session);
  return (
    found !== null &&
    found.session.credential === credential &&
    judge(found.session, found.epochs, world.now()) === null
  );
}

function mayLive({ history }: World, session: Known): void {
  const { id, dead, expiredAt } = session;
  // A use or renewal from before the expiry may be written after it. The session then lives on, which is correct.
  if (dead || (expiredAt !== null && history.effect.usedAt >= expiredAt)) {
    history.violate('resurrection', `session ${id} was over and lives again`);
  }
  const revoked = history.revoked.find((one) => isCoveredBy(session, one));
  if (revoked !== undefined) history.violate('survivor', `session ${id} outlived a revocation of its ${revoked.scope}`);
  if (history.suspensions.some((one) => one.to > history.step && isWithin(one, session))) {
    history.violate('suspended', `session ${id} lives in a suspended scope`);
  }
  if (session.password < history.passwordReset) history.violate('old password', `session ${id} lives after a reset`);
  session.expiredAt = null;
}

function mayBeOver({ history }: World, session: Known, over: EndState | 'pruned'): void {
  const { effect, step } = history;
  const reason = over === 'pruned' ? over : over.reason;
  const covering = effect.revoked !== null && isCoveredBy(session, effect.revoked);
  // The fences of a realm and an account are not exact: a session may be born dead, or die by a switch. The same holds
  // after the loss of a member's record, because that loss changes no version.
  const overtaken = history.revoked.some(
    (one) =>
      (one.scope === 'realm' || one.scope === 'account' || (one.scope === 'member' && one.isLoss === true)) &&
      isCoveredBy(session, one),
  );
  const isNew = effect.added === session || effect.switched === session;
  const explained = effect.ended.has(session.id) || covering || reason === 'expired' || (isNew && overtaken);
  if (!explained && effect.added === session) history.violate('born dead', `session ${session.id} was never live`);
  else if (!explained && session.live) history.violate('unexplained death', `session ${session.id} is over: ${reason}`);

  if (session.live || effect.added === session) {
    session.diedAt = step;
    session.diedOf = covering ? (effect.revoked?.scope ?? null) : null;
  }
  session.live = false;
  session.expiredAt = over !== 'pruned' && over.reason === 'expired' ? over.at : null;
  session.dead ||= session.expiredAt === null;
}

function mayExpire({ history }: World, session: Known, found: FoundSession): void {
  const { expiresAt } = found.session;
  if (expiresAt !== session.record.expiresAt && history.effect.reauthenticated !== session.id) {
    history.violate('absolute moved', `session ${session.id} expires at another time`);
  }
  session.record = found.session;
}

/** Checks what must hold at the end of a schedule: for every token, the library's answer matches the stored records. */
export async function observeEnd(world: World): Promise<void> {
  const { history } = world;
  for (const failure of world.stepper.failures) history.violate('failure', String(failure));
  for (const issued of history.issued) {
    const { ok } = await world.probe(history.known.get(issued.id)?.realm).check(issued.token);
    if (ok !== accepts(world, issued)) history.violate('wrong verdict', `a check says ${ok ? 'live' : 'over'}`);
  }
  await mayLog(world);
  await mayRemember(world);
}

/** The steps at which a sign-in began and at which its fence was read. */
interface Attempt {
  readonly begunAt: number;
  readonly fencedAt: number;
  readonly fenceIsOld: boolean;
}

/** Checks that the reason of a refused sign-in really applied. */
export function mayRefuse(
  world: World,
  reason: 'superseded' | 'suspended' | 'limit',
  who: Pick<Known, 'realm' | 'user' | 'account' | 'kind'>,
  { begunAt, fencedAt, fenceIsOld }: Attempt,
): void {
  const { history } = world;
  const justified = {
    superseded: () =>
      fenceIsOld || history.revoked.some((one) => one.step > fencedAt && isWithin(one, who) && one.covers(who.kind)),
    suspended: () => history.suspensions.some((one) => one.to >= begunAt && isWithin(one, who)),
    limit: () => (history.fullAt.get(groupOf(who)) ?? -1) >= begunAt,
  };
  if (!justified[reason]()) history.violate('needless refusal', `a sign-in is refused as ${reason}`);
}

/** Checks that the answer `not-suspended` was given only for a scope that is not suspended. */
export function mayLeaveSuspended({ history }: World, target: ScopeTarget): void {
  if (history.suspensions.some((one) => one.to > history.step && isSameScope(one, target))) {
    history.violate('needless refusal', 'a suspended scope is not resumed');
  }
}

/** Checks that a trigger dropped the session to keep only because that session is over. */
export function mayDrop({ history }: World, initiator: string, isLive: boolean): void {
  if (isLive) history.violate('needless refusal', `a trigger does not keep session ${initiator}, which is live`);
}

/**
 * Checks that a write in the name of a session found that session live. Exceptions: a revocation of the account or
 * the realm, or the loss of the member's record, that happened during the operation.
 */
export function mayAsk({ history }: World, initiator: string, isCurrent: boolean, begunAt: number): void {
  const session = history.known.get(initiator);
  const isLost = history.revoked.some(
    (one) => one.isLoss === true && one.scope === 'member' && session !== undefined && isCoveredBy(session, one),
  );
  const isElsewhere = session?.diedOf === 'realm' || session?.diedOf === 'account';
  const excused = (isElsewhere || (session?.diedOf === 'member' && isLost)) && (session?.diedAt ?? 0) > begunAt;
  if (!isCurrent || (session?.live !== true && !excused)) {
    history.violate('dead initiator', `something is done in the name of session ${initiator}, which is over`);
  }
}
