import type { SessionsOptions } from 'session-revocation';
import { type GuardOptions, type TokenClaims, type TokenGuard, tokenGuard } from 'session-revocation/jwt';
import { NOW, Realm } from '../../support/realm.ts';

/** The present time in seconds. It is the start of a second. */
export const SECONDS: number = NOW / 1000;
export const ISSUER = 'https://issuer.example';

/** Returns verified claims of a user who authenticated a minute ago. */
export const claimsOf = (changes: TokenClaims = {}): TokenClaims => ({
  ...{ iss: ISSUER, sub: 'ann', aud: 'api', sid: 'their session', jti: 'their token' },
  ...{ auth_time: SECONDS - 60, iat: SECONDS - 30, exp: SECONDS + 300 },
  ...changes,
});

/** A realm with a guard, over a store that tests can inspect. */
export class GuardedRealm extends Realm {
  readonly guard: TokenGuard;

  constructor(
    options: GuardOptions = {},
    others: Omit<SessionsOptions, 'store' | 'clock'> & { readonly over?: Realm } = {},
  ) {
    const { over, ...rest } = others;
    super(rest, ...(over === undefined ? [] : [over.store]));
    this.guard = tokenGuard(this.sessions, options);
  }

  static async open(...given: ConstructorParameters<typeof GuardedRealm>): Promise<GuardedRealm> {
    const realm = new GuardedRealm(...given);
    await realm.guard.setup();
    realm.calls.length = 0;
    return realm;
  }

  /** Returns `'passes'`, or the reason why a token is refused. */
  async verdict(changes: TokenClaims = {}): Promise<string> {
    const verdict = await this.guard.check(claimsOf(changes));
    return verdict.ok ? 'passes' : verdict.reason;
  }
}
