import type { Core } from '../../core/context.ts';
import { CLOCKS_APART } from '../../lib/clock.ts';
import { SessionError } from '../../lib/errors.ts';
import type { Mark } from '../../model/attribution.ts';
import { advancedAt, type EpochRecord, type Epochs, sparedSince } from '../../model/epoch.ts';
import type { ScopeName } from '../../model/scope.ts';
import type { RevokedBy } from '../../model/session.ts';
import { REVOCATION_KEEPS } from '../../operations/revoke.ts';
import type { ExternalToken, GuardRefusal } from './claims.ts';
import type { GuardSettings } from './options.ts';

/** Result of a guard's check. */
export type GuardVerdict =
  | {
      /** The token passes. */
      readonly ok: true;
      /** The app's id of the user, as the option `user` returned it. */
      readonly user: string;
      /** The account (tenant), as the option `account` returned it; `null` for none. */
      readonly account: string | null;
    }
  | {
      /** The token is refused. */
      readonly ok: false;
      /** Why the token is refused. */
      readonly reason: GuardRefusal;
      /** The revocation, denial or suspension that refused the token, if known. `scope` is `null` for a denial. */
      readonly revocation:
        | (Mark & {
            /** The scope that was revoked or suspended; `null` for a denial. */
            readonly scope: ScopeName | null;
          })
        | null;
    };

/** The records that judge a token; `null` for a missing record. */
export interface GuardRecords extends Epochs {
  readonly denials: readonly (EpochRecord | null)[];
}

export type GuardRefused = Extract<GuardVerdict, { ok: false }>;

export const refusal = (reason: GuardRefusal, revocation: GuardRefused['revocation'] = null): GuardRefused =>
  Object.freeze({ ok: false, reason, revocation });

/** How long, in ms, revocations are kept even without a guard. */
const ALWAYS_KEPT = REVOCATION_KEEPS - CLOCKS_APART;

/**
 * Returns the refusal of a token, or `null` for a token that passes. A generation contains the time of its advance, or a moment later.
 * The first generation has revoked nothing. Each scope is judged alone. {@link TokenGuard.setup} creates the realm's record. If that
 * record is missing, every token is refused, because other records may be lost too.
 *
 * @throws `SESSION_STORE_NOT_SET_UP` if revocations are kept for a shorter time than the guard accepts tokens.
 */
export function judgeToken(
  core: Core,
  settings: GuardSettings,
  token: ExternalToken,
  { realm, user, account, member, denials }: GuardRecords,
  now: number,
): GuardRefused | null {
  if (realm === null) return refusal('lost');
  const { maxLifetime, since } = requireSetUp(core, settings, realm);
  const { authenticatedAt } = token;
  const isBefore = maxLifetime > ALWAYS_KEPT && authenticatedAt < since;
  if (isBefore && now > authenticatedAt + ALWAYS_KEPT) return refusal('too-old');

  const denial = denials.find((record) => record !== null);
  if (denial) return refusal('denied', denial.last && { scope: null, ...denial.last });
  const scopes: [ScopeName, EpochRecord][] = [['realm', realm]];
  if (account !== null) scopes.push(['account', account]);
  if (user !== null) scopes.push(['user', user]);
  if (member !== null) scopes.push(['member', member]);
  for (const [scope, { suspended }] of scopes) {
    if (suspended !== null) return refusal('suspended', { scope, ...suspended });
  }
  for (const [scope, record] of scopes) {
    const at = advancedAt(record, settings.kind);
    if (at === null || authenticatedAt > at + settings.issuerSkew) continue;
    const since = token.keptBy === null ? null : sparedSince(record, settings.kind, token.keptBy);
    if (since === 0 || (since !== null && authenticatedAt > since + settings.issuerSkew)) continue;
    return refusal('revoked', overtakenBy(scope, record));
  }
  return null;
}

const overtakenBy = (scope: ScopeName, { last }: EpochRecord): RevokedBy | null => last && { scope, ...last };

/** Returns how long revocations must be kept, in ms: until the last covered token is too old. */
export const neededBy = ({ maxAge, issuerSkew }: GuardSettings): number => maxAge + issuerSkew;

function requireSetUp(
  core: Core,
  settings: GuardSettings,
  { notes }: EpochRecord,
): { readonly maxLifetime: number; readonly since: number } {
  const guarded = notes?.guarded;
  if (guarded !== undefined && guarded.maxLifetime >= neededBy(settings)) return guarded;
  throw new SessionError(
    'SESSION_STORE_NOT_SET_UP',
    `the realm ${JSON.stringify(core.settings.realm)} keeps revocations for ${guarded?.maxLifetime ?? 0} ms, and this guard ` +
      `accepts tokens for ${neededBy(settings)} ms: call the guard's setup() once, from a deployment step`,
  );
}
