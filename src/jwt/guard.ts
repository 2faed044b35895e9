import { BY_KEYS, type By, parseCause } from '../cause.ts';
import { CLOCKS_APART } from '../clock.ts';
import { type Core, contend, keepEpoch, keeping, lookingAt, malformed, UNTIL_WRITTEN } from '../core.ts';
import { advanceEpoch, withGuarded } from '../epoch.ts';
import { parseArguments } from '../input.ts';
import { coverage, keptUntil, type Revocation } from '../revocation.ts';
import { Sessions } from '../sessions.ts';
import type { EpochRequest, VersionedEpoch } from '../store.ts';
import type { TokenClaims } from './compact.ts';
import { type Denied, type DenyResult, deny } from './guard-denial.ts';
import { type GuardOptions, type GuardSettings, parseGuardOptions } from './guard-options.ts';
import { type ForeignToken, readToken } from './guard-token.ts';
import {
  type GuardRecords,
  type GuardRefusal,
  type GuardVerdict,
  judgeToken,
  neededBy,
  refusal,
} from './guard-verdict.ts';

/** What {@link TokenGuard.signOutOthers} did. */
export type SignOutOthersResult =
  | { readonly revoked: true; readonly effectiveWithin: number; readonly revocation: Revocation }
  | {
      readonly revoked: false;
      /** Why nothing was done: the token would be refused itself, or names no session (`sid`) that could be kept. */
      readonly reason: GuardRefusal | 'no-sid';
      readonly effectiveWithin: number;
      readonly revocation: null;
    };

/**
 * Refuses tokens of other issuers that were issued for an authentication before a revocation: `revoke`, `suspend` and the triggers
 * of the same realm end them together with its sessions. It verifies no signature: hand in claims that somebody verified, such as
 * {@link foreignTokens}.
 *
 * It compares clocks, since such a token bears no stamp: `auth_time` with the time of the revocation. It counts whole seconds,
 * and is compared at the beginning of its second: whoever signs in within `issuerSkew` of a revocation, or in the same second,
 * is refused, and signs in once more. Clocks that are further apart than `issuerSkew` make it inexact.
 */
export class TokenGuard {
  readonly #core: Core;
  readonly #settings: GuardSettings;

  /** @internal */
  constructor(core: Core, settings: GuardSettings) {
    this.#core = core;
    this.#settings = settings;
  }

  /**
   * Has revocations kept for as long as this guard accepts tokens, and says so in the realm's record, which it makes where there
   * is none. Run it from a deployment step and not at each start: where the record was lost, nobody may make it anew before
   * `revoke({ realm: true })`. Again, or beside other guards, it only ever raises.
   *
   * Revocations from before the first one are kept for 30 days: a token that is older than that is refused until an hour
   * after the setup lies before its authentication.
   */
  async setup(): Promise<void> {
    const core = this.#core;
    const longest = neededBy(this.#settings);
    await contend(core, async () => {
      const now = core.now();
      const { record, version } = await keepEpoch(core, core.realmTag, now, null);
      if (record.guarded !== undefined && record.guarded.longest >= longest) return null;
      const guarded = withGuarded(record, { longest, since: now + CLOCKS_APART });
      const write = { record: guarded, ifVersion: version, now, keepUntil: null, audit: [] };
      return (await core.store.advance(core.realmTag, write)) === 'advanced' ? null : 'conflict';
    });
  }

  /**
   * Whether a token may pass, by its verified claims. One question to the store, none for claims that cannot pass anyway.
   * @throws `SESSION_STORE_UNAVAILABLE`, which is no refusal; `SESSION_STORE_NOT_SET_UP` where {@link setup} was not run.
   */
  async check(claims: TokenClaims): Promise<GuardVerdict> {
    const now = this.#core.now();
    const token = readToken(this.#core, this.#settings, claims, now);
    if (typeof token === 'string') return refusal(token);
    const { records } = await this.#look(token, lookingAt(token.identity.tags.user), now);
    const { user, account } = token.identity;
    return judgeToken(this.#core, this.#settings, token, records, now) ?? { ok: true, user, account };
  }

  /**
   * Denies one token, or all tokens of one session, whatever their users do. Known by `iss` and `jti`, or `iss` and `sid`: a
   * respelt token is the same one, and a token that has neither can only be revoked with its user.
   */
  revoke(token: Denied, by: By = {}): Promise<DenyResult> {
    return deny(this.#core, this.#settings, token, by);
  }

  /**
   * "Sign out everywhere else", in the name of a token that would pass: revokes the user, and spares the tokens of its own session
   * (`sid`), until the next revocation.
   */
  async signOutOthers(claims: TokenClaims, by: By = {}): Promise<SignOutOthersResult> {
    const core = this.#core;
    const { kind } = this.#settings;
    const cause = parseCause(parseArguments('signOutOthers', by, BY_KEYS));
    const covers = coverage(core, 'user', null);
    return contend<SignOutOthersResult>(core, async () => {
      const now = core.now();
      const token = readToken(core, this.#settings, claims, now);
      if (typeof token === 'string') return nothingDone(token);
      if (token.keptBy === null) return nothingDone('no-sid');
      const { user, tags } = token.identity;
      const { records, current } = await this.#look(token, keeping(tags.user, now, now + UNTIL_WRITTEN), now);
      const refused = judgeToken(core, this.#settings, token, records, now);
      if (refused !== null) return nothingDone(refused.reason);

      const mark = { at: now, by: cause.by, reason: cause.reason, from: cause.from };
      if (current === null) throw malformed('epochs');
      const change = { covers, mark, keepForeign: { id: token.keptBy, kind } };
      const record = advanceEpoch(current.record, null, change, now);
      if (record === null) throw new Error('only a session of ours is found not to be live here');
      const revocation: Revocation = { scope: 'user', user, account: null, ...mark, note: cause.note, kinds: null };
      const told = { ...cause, scope: 'user', user, account: null, kinds: null } as const;
      const happening = core.events.about('sessions.revoked', { ...told, kept: null, change: null, trigger: null });
      const outcome = await core.store.advance(tags.user, {
        ...{ record, ifVersion: current.version, now, audit: happening.audit },
        keepUntil: keptUntil(record, records.realm?.guarded?.longest ?? 0, now),
      });
      if (outcome !== 'advanced') return 'conflict';
      core.events.tell(happening);
      return { revoked: true, effectiveWithin: 0, revocation };
    });
  }

  async #look(
    { identity: { tags }, deniedBy }: ForeignToken,
    user: EpochRequest,
    now: number,
  ): Promise<{ readonly records: GuardRecords; readonly current: VersionedEpoch | null }> {
    const shared = [this.#core.realmTag, ...(tags.account === null ? [] : [tags.account])].map(lookingAt);
    const [current = null, ...others] = await this.#core.store.epochs(
      [user, ...shared, ...deniedBy.map(lookingAt)],
      now,
    );
    const [realm = null, ...rest] = others.map((found) => found?.record ?? null);
    const account = tags.account === null ? null : (rest.shift() ?? null);
    return { records: { realm, user: current?.record ?? null, account, denials: rest }, current };
  }
}

const nothingDone = (reason: GuardRefusal | 'no-sid'): SignOutOthersResult => ({
  ...{ revoked: false, reason, effectiveWithin: 0, revocation: null },
});

/**
 * Guards what other issuers' tokens open: those of an identity provider (Auth0, Cognito, Keycloak, Firebase, Supabase), or an
 * app's own old ones.
 *
 * @throws `TypeError` for options that are not as described.
 */
export function tokenGuard<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: GuardOptions = {},
): TokenGuard {
  const core = Sessions.coreOf(sessions);
  return new TokenGuard(core, parseGuardOptions(core, options));
}
