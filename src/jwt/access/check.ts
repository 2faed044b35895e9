import { compactVerify } from 'jose';
import type { Core } from '../../core/context.ts';
import { type CheckRules, checkToken, NO_CLIENT_INFO, type TokenRefusal, tellRefusal } from '../../core/verdict.ts';
import { CLIENT_INFO_KEYS, type ClientInfo, parseClientInfo } from '../../device/client-info.ts';
import { parseLowered } from '../../freshness/options.ts';
import { type Awaitable, isPromise } from '../../lib/awaitable.ts';
import { DecodeCache } from '../../lib/decode-cache.ts';
import type { Grant } from '../../model/grant.ts';
import type { AccessRefusal } from '../../model/reason.ts';
import type { EndState, Session, SessionRecord, SessionRef } from '../../model/session.ts';
import type { CheckRequest } from '../../operations/check.ts';
import { MAX_TOKEN, parseCompact } from '../compact.ts';
import type { ReadyKey } from '../keys/keys.ts';
import { type AccessClaims, isAbout, isAccessClaims, isAccessToken, latenessOf, refIn } from './claims.ts';
import type { TokenSettings } from './options.ts';

/** Result of a check of an access token. */
export type AccessVerdict =
  | {
      /** The token is accepted. */
      readonly ok: true;
      /** The live session of the token. */
      readonly session: Session;
      /** The claims of the token, such as `client_id` and `scope`. Do not change them. */
      readonly claims: AccessClaims;
      /** The client that got the session, perhaps another than the token's. `null` for a browser's session. */
      readonly grant: Grant | null;
    }
  | {
      /** The token is refused. */
      readonly ok: false;
      /** Always `null`. */
      readonly session: null;
      /**
       * `'malformed'`, `'invalid'`, or `'expired'` for an expired token: the store was not called. `'unknown'`: the
       * realm has no such session. `'superseded'`: the session's secret was renewed. Otherwise the session has ended.
       */
      readonly reason: AccessRefusal;
      /** How the session ended, if `reason` is `'ended'`, `'revoked'`, or `'expired'` for the session. */
      readonly end: EndState | null;
    };

/** A token with a valid signature and the right issuer and audience. */
interface Verified {
  readonly claims: AccessClaims;
  readonly ref: SessionRef;
}

const CHECK_KEYS = [...CLIENT_INFO_KEYS, 'maxStaleness'];
// The cache finds a token by the end of its signature, which differs between tokens. All signatures are at least this long.
const NAME_LENGTH = 43;

/** Checks the signature first (JWT-1), and then the session, with one read as for opaque tokens. */
export class AccessChecks {
  readonly #core: Core;
  readonly #settings: TokenSettings;
  readonly #keys: ReadonlyMap<string, ReadyKey>;
  readonly #verified: DecodeCache<Verified> | null;
  readonly #rules: CheckRules<AccessClaims, AccessVerdict>;

  constructor(core: Core, settings: TokenSettings) {
    this.#core = core;
    this.#settings = settings;
    this.#keys = new Map(settings.keys.map((key) => [key.kid, key]));
    this.#verified = settings.verified === 0 ? null : new DecodeCache(settings.verified, MAX_TOKEN);
    this.#rules = {
      during: 'check',
      supersededIsAnomaly: false,
      countsAsUse: settings.countsAsUse,
      mismatchOf(session, claims) {
        if (session.serial !== claims.stamps[0]) return 'superseded';
        return isAbout(claims, session) ? null : 'unknown';
      },
      accept: (session, record, claims) => ({ ok: true, session, claims, grant: record.client }),
      refuse: refused,
      failed(error) {
        throw error;
      },
    };
  }

  check(jwt: unknown, request: CheckRequest = NO_CLIENT_INFO): Awaitable<AccessVerdict> {
    const { freshness } = this.#core.settings;
    let { maxStaleness } = freshness;
    let said = NO_CLIENT_INFO;
    if (request !== NO_CLIENT_INFO) {
      said = parseClientInfo('check', request, CHECK_KEYS);
      if (request.maxStaleness !== undefined) maxStaleness = parseLowered(request.maxStaleness, freshness);
    }
    const verified = this.#verify(jwt);
    return isPromise(verified)
      ? verified.then((one) => this.#judge(one, said, maxStaleness))
      : this.#judge(verified, said, maxStaleness);
  }

  /** Finds the session of an access token that has not expired or been superseded, also if the session is over. */
  async find(jwt: unknown): Promise<{ readonly claims: AccessClaims; readonly session: SessionRecord } | null> {
    const verified = await this.#verify(jwt);
    if (typeof verified === 'string' || this.#latenessOf(verified) !== null) return null;
    const { claims, ref } = verified;
    const [found] = await this.#core.store.find(this.#core.realmTag, [ref]);
    if (!found || this.#rules.mismatchOf(found.session, claims) !== null) return null;
    return { claims, session: found.session };
  }

  /** Checks form, signature, issuer and audience. Does not check the times. */
  #verify(jwt: unknown): Awaitable<Verified | 'malformed' | 'invalid'> {
    if (typeof jwt !== 'string' || jwt.length > MAX_TOKEN) return 'malformed';
    const known = this.#verified?.get(jwt, jwt.slice(-NAME_LENGTH));
    if (known !== undefined) return known;
    const parsed = parseCompact(jwt);
    if (parsed === null) return 'malformed';
    const { header, claims } = parsed;
    // By name, and only configured keys: a token brings no key (JWT-3), and a key has one algorithm (JWT-2).
    const key = this.#keys.get(header.kid ?? '');
    if (key === undefined || header.alg !== key.alg || !isAccessToken(header)) return 'invalid';
    return isSigned(jwt, key).then((signed) => {
      const { issuer, audience } = this.#settings;
      if (!signed || !isAccessClaims(claims, issuer, audience)) return 'invalid';
      const verified: Verified = { claims, ref: refIn(this.#core.settings.realm, claims) };
      this.#verified?.put(jwt, verified, jwt.slice(-NAME_LENGTH));
      return verified;
    });
  }

  #judge(
    verified: Verified | 'malformed' | 'invalid',
    client: ClientInfo,
    maxStaleness: number,
  ): Awaitable<AccessVerdict> {
    if (typeof verified === 'string') return this.#refused(verified, client);
    const late = this.#latenessOf(verified);
    if (late !== null) return this.#refused(late, client);
    const { claims, ref } = verified;
    return checkToken(this.#core, this.#rules, { ref, proof: claims, client, maxStaleness });
  }

  /** A cached token may have expired since its signature was checked. */
  #latenessOf({ claims }: Verified): 'expired' | 'invalid' | null {
    return latenessOf(claims, this.#core.now(), this.#settings.clockTolerance);
  }

  /** Refuses a token without a read of the store. */
  #refused(reason: AccessRefusal, client: ClientInfo): AccessVerdict {
    const refusal: TokenRefusal<AccessRefusal> = { reason, about: null, end: null };
    // An expired access token is no event, because all of them expire.
    if (reason !== 'expired') tellRefusal(this.#core, this.#rules, refusal, client);
    return refused(refusal);
  }
}

const refused = ({ reason, end }: TokenRefusal<AccessRefusal>): AccessVerdict => ({
  ...{ ok: false, session: null, reason, end },
});

/** Tells whether a token is signed with the key. Rejects if the import of the key fails. Every other failure is the token's. */
async function isSigned(jwt: string, { alg, verify }: ReadyKey): Promise<boolean> {
  const key = await verify;
  try {
    await compactVerify(jwt, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
