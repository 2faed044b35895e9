import { compactVerify } from 'jose';
import type { Core } from '../../core/context.ts';
import { noteUse, refusalOf, type TokenRefusal, type TokenRules, tellRefusal } from '../../core/verdict.ts';
import { type ClientInfo, parseClientInfo } from '../../device/client-info.ts';
import { type Awaitable, isPromise } from '../../lib/awaitable.ts';
import { DecodeCache } from '../../lib/decode-cache.ts';
import type { Grant } from '../../model/grant.ts';
import type { AccessRefusal } from '../../model/reason.ts';
import { type EndState, Session, type SessionRef } from '../../model/session.ts';
import type { FoundSession } from '../../store/store.ts';
import { MAX_TOKEN, parseCompact } from '../compact.ts';
import type { ReadyKey } from '../keys/keys.ts';
import { type AccessClaims, isAbout, isAccessClaims, isAccessToken, latenessOf, refIn } from './claims.ts';
import type { TokenSettings } from './options.ts';

/** Result of a check of an access token. */
export type AccessVerdict =
  | {
      readonly ok: true;
      readonly session: Session;
      /** The claims of the token, such as `client_id` and `scope`. Do not change them. */
      readonly claims: AccessClaims;
      /** The client that got the session, perhaps another than the token's. `null` for a browser's session. */
      readonly grant: Grant | null;
    }
  | {
      readonly ok: false;
      readonly session: null;
      /**
       * `'malformed'`, `'invalid'`, or `'expired'` for an expired token: the store was not called. `'unknown'`: the realm has no such
       * session. `'superseded'`: the session's secret was renewed. Otherwise the session has ended.
       */
      readonly reason: AccessRefusal;
      /** How the session ended, if `reason` is `'ended'`, `'revoked'`, or `'expired'` for the session. */
      readonly end: EndState | null;
    };

/** The signature is valid, and issuer and audience match. */
interface Verified {
  readonly claims: AccessClaims;
  readonly ref: SessionRef;
}

const NO_CLIENT_INFO: ClientInfo = Object.freeze({});
// The cache finds tokens by the end of their signatures, where tokens differ. All signatures are at least this long.
const NAME_LENGTH = 43;

const RULES: TokenRules<AccessClaims> = {
  during: 'check',
  supersededIsAnomaly: false,
  mismatchOf(session, claims) {
    if (session.serial !== claims.stamps[0]) return 'superseded';
    return isAbout(claims, session) ? null : 'unknown';
  },
};

/** The signature first (JWT-1), then the session, with one read as for opaque tokens. */
export class AccessChecks {
  readonly #core: Core;
  readonly #settings: TokenSettings;
  readonly #keys: ReadonlyMap<string, ReadyKey>;
  readonly #verified: DecodeCache<Verified> | null;

  constructor(core: Core, settings: TokenSettings) {
    this.#core = core;
    this.#settings = settings;
    this.#keys = new Map(settings.keys.map((key) => [key.kid, key]));
    this.#verified = settings.verified === 0 ? null : new DecodeCache(settings.verified, MAX_TOKEN);
  }

  check(jwt: unknown, client: ClientInfo = NO_CLIENT_INFO): Awaitable<AccessVerdict> {
    const said = client === NO_CLIENT_INFO ? client : parseClientInfo('check', client);
    if (typeof jwt !== 'string' || jwt.length > MAX_TOKEN) return this.#refused('malformed', said);
    const known = this.#verified?.get(jwt, jwt.slice(-NAME_LENGTH));
    if (known !== undefined) return this.#find(known, said);
    const parsed = parseCompact(jwt);
    if (parsed === null) return this.#refused('malformed', said);
    const { header, claims } = parsed;
    // By name, and only configured keys: a token brings no key (JWT-3), and a key has one algorithm (JWT-2).
    const key = this.#keys.get(header.kid ?? '');
    if (key === undefined || header.alg !== key.alg || !isAccessToken(header)) return this.#refused('invalid', said);
    return isSigned(jwt, key).then((signed) => {
      const { issuer, audience } = this.#settings;
      if (!signed || !isAccessClaims(claims, issuer, audience)) return this.#refused('invalid', said);
      const verified: Verified = { claims, ref: refIn(this.#core.settings.realm, claims) };
      this.#verified?.put(jwt, verified, jwt.slice(-NAME_LENGTH));
      return this.#find(verified, said);
    });
  }

  #find(verified: Verified, client: ClientInfo): Awaitable<AccessVerdict> {
    // Also for a cached token, which may have expired since its signature was checked.
    const late = latenessOf(verified.claims, this.#core.now(), this.#settings.clockTolerance);
    if (late !== null) return this.#refused(late, client);
    const answer = this.#core.store.find(this.#core.realmTag, [verified.ref]);
    return isPromise(answer)
      ? answer.then((found) => this.#verdict(verified.claims, found[0], client))
      : this.#verdict(verified.claims, answer[0], client);
  }

  #verdict(claims: AccessClaims, found: FoundSession | null | undefined, client: ClientInfo): AccessVerdict {
    const core = this.#core;
    const now = core.now();
    const refusal = refusalOf(RULES, claims.sid, found, claims, now);
    if (refusal !== null) return this.#refuse(refusal, client);
    const { session } = found as FoundSession;
    if (this.#settings.countsAsUse) noteUse(core, session, now);
    if (client !== NO_CLIENT_INFO) core.anomalies.used(session, client);
    return { ok: true, session: new Session(session), claims, grant: session.client };
  }

  #refused(reason: AccessRefusal, client: ClientInfo): AccessVerdict {
    return this.#refuse({ reason, about: null, end: null }, client);
  }

  #refuse(refusal: TokenRefusal<AccessRefusal>, client: ClientInfo): AccessVerdict {
    const { reason, about, end } = refusal;
    // An expired access token is no event, because all of them expire.
    if (reason !== 'expired' || about !== null) tellRefusal(this.#core, RULES, refusal, client);
    return { ok: false, session: null, reason, end };
  }
}

/** Rejects if the import of the key fails. Every other failure is the token's. */
async function isSigned(jwt: string, { alg, verify }: ReadyKey): Promise<boolean> {
  const key = await verify;
  try {
    await compactVerify(jwt, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
