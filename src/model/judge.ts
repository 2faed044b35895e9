import { type Epochs, holds, type ScopeState } from './epoch.ts';
import type { ScopeName } from './scope.ts';
import type { EndState, SessionRecord } from './session.ts';

/**
 * Returns when a session expires, in Unix ms; `null` means never.
 * @param session the record, or the three members that decide its expiry.
 */
export function expiryOf(session: Pick<SessionRecord, 'expiresAt' | 'idle' | 'lastUsedAt'>): number | null {
  const { expiresAt, idle, lastUsedAt } = session;
  if (idle === null) return expiresAt;
  return expiresAt === null ? lastUsedAt + idle : Math.min(expiresAt, lastUsedAt + idle);
}

/**
 * Returns when a session is over, apart from revocations: the time of its tombstone, or else {@link expiryOf}.
 * @param session the record.
 */
export const endOf = (session: SessionRecord): number | null => session.ended?.at ?? expiryOf(session);

/**
 * Tells whether a session has no tombstone and is within its lifetimes. Says nothing about revocations.
 * @param session the record.
 * @param now Unix ms.
 */
export function isLive(session: SessionRecord, now: number): boolean {
  const expiry = expiryOf(session);
  return session.ended === null && (expiry === null || now < expiry);
}

/** Returns why a session is over, or `null` if it is live. Only this decides whether a session is revoked. Each scope is judged alone. */
export function judge(session: SessionRecord, epochs: Epochs, now: number): EndState | null {
  if (session.ended !== null) return { reason: 'ended', ended: session.ended };
  const expiry = expiryOf(session);
  if (expiry !== null && now >= expiry) return { reason: 'expired', at: expiry };

  const { id, kind, stamps, accountTag } = session;
  const { realm, user, account, member } = epochs;
  if (realm === null || !holds(realm, kind, id, stamps.realm)) return overtaken('realm', realm);
  if (user === null || !holds(user, kind, id, stamps.user)) return overtaken('user', user);
  if (accountTag !== null) {
    if (account === null || !holds(account, kind, id, stamps.account)) return overtaken('account', account);
    if (member === null || !holds(member, kind, id, stamps.member)) return overtaken('member', member);
  }
  return null;
}

function overtaken(scope: ScopeName, state: ScopeState | null): EndState {
  const last = state?.last ?? null;
  return { reason: 'revoked', revocation: last === null ? null : { scope, ...last } };
}
