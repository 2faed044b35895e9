import { type Core, coreOf } from '../../core/context.ts';
import { effectiveWithin } from '../../core/effective-within.ts';
import { parseLowered } from '../../freshness/options.ts';
import { inCall, nameCalls } from '../../lib/call.ts';
import { CLOCKS_APART } from '../../lib/clock.ts';
import type { Duration } from '../../lib/duration.ts';
import { parseArguments } from '../../lib/input.ts';
import { ATTRIBUTION_KEYS, type AttributionRequest, parseAttribution } from '../../model/attribution.ts';
import { advanceEpoch } from '../../model/epoch.ts';
import { withGuarded } from '../../model/epoch-notes.ts';
import { coverage } from '../../model/scope.ts';
import { memberTag, type Tag } from '../../model/token.ts';
import { keptUntil, type Revocation } from '../../operations/revoke.ts';
import type { Sessions } from '../../sessions.ts';
import { ensureEpoch, UNTIL_WRITTEN } from '../../store/ensure-epochs.ts';
import { retryOnConflict } from '../../store/retry-on-conflict.ts';
import type { VersionedEpoch } from '../../store/store.ts';
import type { TokenClaims } from '../compact.ts';
import { type ExternalToken, type GuardRefusal, readToken } from './claims.ts';
import { type Denied, type DenyResult, deny } from './deny.ts';
import { type GuardOptions, type GuardSettings, parseGuardOptions } from './options.ts';
import { type GuardRecords, type GuardRefused, type GuardVerdict, judgeToken, neededBy, refusal } from './verdict.ts';

/** Options of {@link TokenGuard.check}. */
export interface GuardCheckRequest {
  /**
   * The greatest age of the knowledge that may accept this token. It can only lower that of the realm (option `freshness` of
   * `createSessions`). 0 asks the store. Default: that of the realm.
   */
  readonly maxStaleness?: Duration | undefined;
}

/** Result of {@link TokenGuard.signOutOthers}. */
export type SignOutOthersResult =
  | {
      /** The user was revoked, and the token's own session is spared. */
      readonly revoked: true;
      /** Time in ms after which no process accepts an older token. 0: all checks that begin from now on refuse it. */
      readonly effectiveWithin: number;
      /** The revocation, as events and the audit log describe it. */
      readonly revocation: Revocation;
    }
  | {
      /** Nothing was changed. */
      readonly revoked: false;
      /** Why nothing was done: the token itself would be refused, or has no `sid` of a session to keep. */
      readonly reason: GuardRefusal | 'no-sid';
      /** Always 0. */
      readonly effectiveWithin: number;
      /** Always `null`. */
      readonly revocation: null;
    };

/**
 * Refuses tokens of other issuers whose authentication was before a revocation. `revoke`, `suspend` and the triggers of
 * the same realm end these tokens together with its sessions. The guard checks no signature: pass verified claims, such
 * as those of {@link externalTokens}.
 *
 * These tokens have no stamp, so the guard compares `auth_time` with the time of the revocation. `auth_time` counts as
 * the start of its second. A sign-in in the same second, or within `issuerSkew` after a revocation, is refused: the
 * user signs in once more. Clocks that differ by more than `issuerSkew` make the comparison inexact.
 */
export class TokenGuard {
  readonly #core: Core;
  readonly #settings: GuardSettings;

  /** @internal */
  constructor(core: Core, settings: GuardSettings) {
    this.#core = core;
    this.#settings = settings;
  }

  static {
    const forms = {
      setup: 'guard.setup()',
      check: 'guard.check(claims)',
      revoke: 'guard.revoke(token)',
      signOutOthers: 'guard.signOutOthers(claims)',
    };
    nameCalls(TokenGuard.prototype, forms, (guard, run) => guard.#core.activity.run(run));
  }

  /**
   * Makes the realm keep revocations for as long as this guard accepts tokens, in the realm's record. Creates a missing
   * record. Further calls, also for other guards, can only raise the time. Run it from a deployment step, not at each
   * start: a lost record must not be created again before `revoke({ realm: true })`.
   *
   * Revocations from before the first setup, or before one that raises the time, are kept for at least 30 days. So a
   * token that was authenticated before that setup, or within an hour after it, is refused once the authentication is
   * more than 30 days ago.
   */
  async setup(): Promise<void> {
    const core = this.#core;
    const maxLifetime = neededBy(this.#settings);
    await retryOnConflict(core, async () => {
      const now = core.now();
      const { record, version } = await ensureEpoch(core, core.realmTag, now, null);
      const known = record.notes?.guarded;
      if (known !== undefined && known.maxLifetime >= maxLifetime) return null;
      const guarded = withGuarded(record, { maxLifetime, since: now + CLOCKS_APART });
      const write = { record: guarded, ifVersion: version, now, keepUntil: null, audit: [] };
      return (await core.store.advance(core.realmTag, write)) === 'advanced' ? null : 'conflict';
    });
  }

  /**
   * Checks a token by its verified claims. Reads the store at most once.
   * @param claims the verified claims of the token, such as those of {@link ExternalTokens.verify}.
   * @param request `maxStaleness`, to ask for younger knowledge than the option `freshness` does.
   * @throws `SESSION_STORE_UNAVAILABLE` in an outage, which is not a refusal. `SESSION_STORE_NOT_SET_UP` before
   * {@link setup}. `TypeError` for a string, which is the unverified token.
   */
  async check(claims: TokenClaims, request: GuardCheckRequest = {}): Promise<GuardVerdict> {
    const core = this.#core;
    const { maxStaleness } = parseArguments<GuardCheckRequest>('the second argument', request, ['maxStaleness']);
    const allowed = core.settings.freshness;
    const maxAge = maxStaleness === undefined ? allowed.maxStaleness : parseLowered(maxStaleness, allowed);
    const now = core.now();
    const token = readToken(core, this.#settings, claims, now);
    if (typeof token === 'string') return refusal(token);
    const { user, account } = token.identity;
    const passed: GuardVerdict = { ok: true, user, account };
    const tags = this.#tagsOf(token);
    const remembered = core.freshness?.epochs(tags, maxAge, now);
    // Memory can only accept a token. The store decides a refusal.
    if (remembered && this.#passes(token, recordsIn(token, remembered), now)) return passed;
    const reading = core.freshness?.reading(now) ?? null;
    const read = await core.store.readEpochs(tags);
    const records = recordsIn(token, read);
    const refused = judgeToken(core, this.#settings, token, records, now);
    if (refused !== null) {
      this.#noticeRefusal(token, tags, refused);
      return refused;
    }
    core.freshness?.rememberEpochs(reading, tags, read, records.realm);
    return passed;
  }

  /**
   * Denies one token, or all tokens of one session, by `iss` and `jti` or `iss` and `sid`, so a respelled token is
   * denied too. A token with neither can only be revoked with its user.
   * @param token the `jti` or the `sid`, with the issuer and the expiry.
   * @param by the actor, the reason and a note, for the audit log. Default: none.
   * @throws `TypeError` for a token with both ids or none, and if no issuer is named here or in the guard's options.
   */
  revoke(token: Denied, by: AttributionRequest = {}): Promise<DenyResult> {
    return deny(this.#core, this.#settings, token, by);
  }

  /**
   * "Sign out everywhere else" for a token that passes. Revokes the user, and spares the token's own session (`sid`)
   * until the next revocation.
   * @param claims the verified claims of the token whose session stays.
   * @param by the actor, the reason and a note, for the audit log. Default: none.
   */
  async signOutOthers(claims: TokenClaims, by: AttributionRequest = {}): Promise<SignOutOthersResult> {
    const core = this.#core;
    const { kind } = this.#settings;
    const attribution = parseAttribution(parseArguments('the second argument', by, ATTRIBUTION_KEYS));
    const covers = coverage(core.settings.kinds, 'user', null);
    return retryOnConflict<SignOutOthersResult>(core, async () => {
      const now = core.now();
      const token = readToken(core, this.#settings, claims, now);
      if (typeof token === 'string') return nothingDone(token);
      if (token.keptBy === null) return nothingDone('no-sid');
      const { user, tags } = token.identity;
      const tagsRead = this.#tagsOf(token);
      let read = await core.store.readEpochs(tagsRead);
      if ((read[0] ?? null) === null) {
        await ensureEpoch(core, tags.user, now, now + UNTIL_WRITTEN);
        // Reads all records again: a membership that was advanced meanwhile must not be older than the user's record.
        read = await core.store.readEpochs(tagsRead);
      }
      const records = recordsIn(token, read);
      const current = read[0] ?? null;
      const refused = judgeToken(core, this.#settings, token, records, now);
      if (refused !== null) return nothingDone(refused.reason);

      const mark = { at: now, by: attribution.by, reason: attribution.reason, fromDevice: attribution.fromDevice };
      // The record was pruned between the two calls.
      if (current === null) return 'conflict';
      const change = { covers, mark, keepExternal: { externalId: token.keptBy, kind } };
      const record = advanceEpoch(current.record, change, now);
      if (record === null) throw new Error('advancing a user without a kept session cannot be refused');
      const revocation: Revocation = {
        scope: 'user',
        user,
        account: null,
        ...mark,
        note: attribution.note,
        kinds: null,
      };
      const told = { ...attribution, scope: 'user', user, account: null, kinds: null } as const;
      const pending = core.events.about('sessions.revoked', { ...told, kept: null, change: null, trigger: null });
      const outcome = await core.store.advance(tags.user, {
        ...{ record, ifVersion: current.version, now, audit: pending.audit },
        keepUntil: keptUntil(record, records.realm?.notes?.guarded?.maxLifetime ?? 0, now),
      });
      if (outcome !== 'advanced') return 'conflict';
      core.events.tell(pending);
      return { revoked: true, effectiveWithin: await effectiveWithin(core), revocation };
    });
  }

  /** Tells whether remembered records accept a token. Also `false` for records that were read before the guard was set up. */
  #passes(token: ExternalToken, records: GuardRecords, now: number): boolean {
    try {
      return judgeToken(this.#core, this.#settings, token, records, now) === null;
    } catch {
      return false;
    }
  }

  #noticeRefusal(token: ExternalToken, tags: readonly Tag[], { reason, revocation }: GuardRefused): void {
    const { freshness } = this.#core;
    freshness?.forgetEpochs(tags);
    if (reason === 'denied') for (const tag of token.deniedBy) freshness?.noticeDenial(tag);
    else if (reason === 'lost') freshness?.noticeRevocation(null, token.identity.tags);
    else if (revocation?.scope)
      freshness?.noticeRevocation({ scope: revocation.scope, at: revocation.at }, token.identity.tags);
  }

  /** Returns the tags of the records that judge a token, the user's first. */
  #tagsOf({ identity: { tags }, deniedBy }: ExternalToken): readonly Tag[] {
    const inAccount = tags.account === null ? [] : [tags.account, memberTag(tags.user, tags.account)];
    return [tags.user, this.#core.realmTag, ...inAccount, ...deniedBy];
  }
}

function recordsIn({ identity }: ExternalToken, read: readonly (VersionedEpoch | null)[]): GuardRecords {
  const [user = null, realm = null, ...rest] = read.map((found) => found?.record ?? null);
  const [account = null, member = null] = identity.tags.account === null ? [] : rest.splice(0, 2);
  return { realm, user, account, member, denials: rest };
}

const nothingDone = (reason: GuardRefusal | 'no-sid'): SignOutOthersResult => ({
  ...{ revoked: false, reason, effectiveWithin: 0, revocation: null },
});

/**
 * Creates a guard for tokens of other issuers: an identity provider (Auth0, Cognito, Keycloak, Firebase, Supabase), or
 * an app's older tokens.
 * @param sessions the result of `createSessions`, for the realm whose revocations the guard applies.
 * @param options how to read the claims, and how old an authentication may be. Each option has a default.
 * @throws `TypeError` for invalid options.
 * @example
 * ```ts
 * import { externalTokens, tokenGuard } from 'session-revocation/jwt';
 *
 * const guard = tokenGuard(sessions, { issuer: 'https://login.example.org' });
 * await guard.setup(); // once, from a deployment step
 * const { verify } = externalTokens({
 *   issuer: 'https://login.example.org',
 *   audience: 'https://api.example.org',
 *   jwks: 'https://login.example.org/.well-known/jwks.json',
 *   algorithms: ['RS256'],
 * });
 * const verified = await verify('the token from the header');
 * const passes = verified.ok && (await guard.check(verified.claims)).ok;
 * ```
 */
export function tokenGuard<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: GuardOptions = {},
): TokenGuard {
  return inCall('tokenGuard(sessions, options)', () => {
    const core = coreOf(sessions);
    return new TokenGuard(core, parseGuardOptions(core, options));
  });
}
