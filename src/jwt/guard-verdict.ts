import { CLOCKS_APART } from '../clock.ts';
import type { Core } from '../core.ts';
import { advancedAt, type EpochRecord, type Mark, type ScopeState, scopeState, sparedSince } from '../epoch.ts';
import { SessionError } from '../errors.ts';
import { REVOCATION_KEEPS } from '../revocation.ts';
import type { Overtaken, ScopeName } from '../session.ts';
import type { GuardSettings } from './guard-options.ts';
import type { ForeignToken } from './guard-token.ts';

/**
 * Why a guard refused a token. `'malformed'`: claims that are none, name no user, or another issuer, or a time that cannot be.
 * `'no-auth-time'`: nothing tells when the user was authenticated. `'too-old'`: longer ago than `maxAge`. `'revoked'`: at or
 * before the last revocation. `'denied'`: its `jti` or `sid` was. `'suspended'`: the user, the account or the realm is.
 * `'lost'`: there is no record of the realm, so that nobody knows what was revoked.
 */
export type GuardRefusal = 'malformed' | 'no-auth-time' | 'too-old' | 'revoked' | 'denied' | 'suspended' | 'lost';

/** What a guard says of a token. */
export type GuardVerdict =
  | { readonly ok: true; readonly user: string; readonly account: string | null }
  | {
      readonly ok: false;
      readonly reason: GuardRefusal;
      /** What revoked, denied or suspended it, as far as it is known. `scope` is `null` where it was denied by itself. */
      readonly revocation: (Mark & { readonly scope: ScopeName | null }) | null;
    };

/** The records that a token is judged by; `null` for what is not there. */
export interface GuardRecords {
  readonly realm: EpochRecord | null;
  readonly user: EpochRecord | null;
  readonly account: EpochRecord | null;
  readonly denials: readonly (EpochRecord | null)[];
}

type Refused = Extract<GuardVerdict, { ok: false }>;

export const refusal = (reason: GuardRefusal, revocation: Refused['revocation'] = null): Refused =>
  Object.freeze({ ok: false, reason, revocation });

/** For how long revocations are remembered at the least, whatever a realm's record says of guards. */
const ALWAYS_KEPT = REVOCATION_KEEPS - CLOCKS_APART;

/**
 * Why a token is refused, or `null` where it passes. A generation that was given by an advance tells when that was, or a moment
 * later; one that was given by none has revoked nothing. Each scope is judged alone, and nobody needs a record but the realm:
 * that one is there since {@link TokenGuard.setup}, so that its loss tells of the others'.
 * @throws `SESSION_STORE_NOT_SET_UP` where revocations are not kept for as long as the guard accepts tokens.
 */
export function judgeToken(
  core: Core,
  settings: GuardSettings,
  token: ForeignToken,
  { realm, user, account, denials }: GuardRecords,
  now: number,
): Refused | null {
  if (realm === null) return refusal('lost');
  const { longest, since } = requireSetUp(core, settings, realm);
  const { authenticatedAt, identity } = token;
  const isBefore = longest > ALWAYS_KEPT && authenticatedAt < since;
  if (isBefore && now > authenticatedAt + ALWAYS_KEPT) return refusal('too-old');

  const denial = denials.find((record) => record !== null);
  if (denial) return refusal('denied', denial.last && { scope: null, ...denial.last });
  const scopes: [ScopeName, EpochRecord, ScopeState][] = [['realm', realm, realm]];
  if (account !== null) scopes.push(['account', account, account]);
  if (user !== null) {
    scopes.push(['user', user, user]);
    if (identity.tags.account !== null) scopes.push(['member', user, scopeState(user, identity.tags.account)]);
  }
  for (const [scope, , { suspended }] of scopes) {
    if (suspended !== null) return refusal('suspended', { scope, ...suspended });
  }
  for (const [scope, record, state] of scopes) {
    const at = advancedAt(record, state, settings.kind);
    if (at === null || authenticatedAt > at + settings.issuerSkew) continue;
    const since = token.keptBy === null ? null : sparedSince(state, settings.kind, token.keptBy);
    if (since === 0 || (since !== null && authenticatedAt > since + settings.issuerSkew)) continue;
    return refusal('revoked', overtakenBy(scope, state));
  }
  return null;
}

const overtakenBy = (scope: ScopeName, { last }: ScopeState): Overtaken | null => last && { scope, ...last };

/** For how long a guard needs revocations to be kept, in ms: until the last token that they met is too old. */
export const neededBy = ({ maxAge, issuerSkew }: GuardSettings): number => maxAge + issuerSkew;

function requireSetUp(
  core: Core,
  settings: GuardSettings,
  { guarded }: EpochRecord,
): { readonly longest: number; readonly since: number } {
  if (guarded !== undefined && guarded.longest >= neededBy(settings)) return guarded;
  throw new SessionError(
    'SESSION_STORE_NOT_SET_UP',
    `the realm ${JSON.stringify(core.settings.realm)} keeps revocations for ${guarded?.longest ?? 0} ms, and this guard ` +
      `accepts tokens for ${neededBy(settings)} ms: call the guard's setup() once, from a deployment step`,
  );
}
