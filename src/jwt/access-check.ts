import { compactVerify } from 'jose';
import type { Core } from '../core.ts';
import type { AccessRefusal } from '../events.ts';
import { Recent } from '../recent.ts';
import { type Ended, judge, type Over, type Overtaken, Session, type SessionRecord } from '../session.ts';
import { type Grant, grantOf } from '../session-client.ts';
import type { Awaitable, FoundSession, SessionRef } from '../store.ts';
import { isPromise } from '../store-guard.ts';
import type { Client } from '../suspicion.ts';
import { type AccessClaims, isAbout, isAccessClaims, isAccessToken, latenessOf, refIn } from './claims.ts';
import { LONGEST_TOKEN, parseCompact } from './compact.ts';
import type { ReadyKey } from './keys.ts';
import type { TokenSettings } from './options.ts';
import { parseClient, tellRefused } from './refusal.ts';

/** What an access token is worth at this moment. */
export type AccessVerdict =
  | {
      readonly ok: true;
      readonly session: Session;
      /** What the token says, such as its `client_id` and `scope`. Not to be changed. */
      readonly claims: AccessClaims;
      /** Whom the session itself was handed to, which may be somebody else; `null` for a session of a browser's. */
      readonly grant: Grant | null;
    }
  | {
      readonly ok: false;
      readonly session: null;
      /**
       * `'malformed'`, `'invalid'`, and `'expired'` where the token itself is: the store was not asked. `'unknown'`: no such
       * session here. `'superseded'`: its secret was renewed since. The others: the session is over.
       */
      readonly reason: AccessRefusal;
      /** How it was ended, where that is the reason. */
      readonly ended: Ended | null;
      /** The revocation that ended it, where that is the reason and it is still known. */
      readonly revocation: Overtaken | null;
    };

/** A token whose signature is right, and which is ours, for us, and an access token. */
interface Verified {
  readonly claims: AccessClaims;
  readonly ref: SessionRef;
}

const NOBODY_SAID: Client = Object.freeze({});
// Of every algorithm, a signature is at least as long; it is what tells one token from another soonest.
const NAME_LENGTH = 43;

/** Judges access tokens: the signature first (JWT-1), then the session, by one look-up, like any other token. */
export class AccessChecks {
  readonly #core: Core;
  readonly #settings: TokenSettings;
  readonly #keys: ReadonlyMap<string, ReadyKey>;
  readonly #verified: Recent<Verified> | null;

  constructor(core: Core, settings: TokenSettings) {
    this.#core = core;
    this.#settings = settings;
    this.#keys = new Map(settings.keys.map((key) => [key.kid, key]));
    this.#verified = settings.verified === 0 ? null : new Recent(settings.verified, LONGEST_TOKEN);
  }

  check(jwt: unknown, client: Client = NOBODY_SAID): Awaitable<AccessVerdict> {
    const said = client === NOBODY_SAID ? client : parseClient('check', client);
    if (typeof jwt !== 'string' || jwt.length > LONGEST_TOKEN) return this.#refused('malformed', null, said);
    const known = this.#verified?.get(jwt, jwt.slice(-NAME_LENGTH));
    if (known !== undefined) return this.#find(known, said);
    const parsed = parseCompact(jwt);
    if (parsed === null) return this.#refused('malformed', null, said);
    const { header, claims } = parsed;
    // Only one of ours, by name: a token brings no key (JWT-3), and a key has one algorithm (JWT-2).
    const key = this.#keys.get(header.kid ?? '');
    if (key === undefined || header.alg !== key.alg || !isAccessToken(header))
      return this.#refused('invalid', null, said);
    return isSigned(jwt, key).then((signed) => {
      const { issuer, audience } = this.#settings;
      if (!signed || !isAccessClaims(claims, issuer, audience)) return this.#refused('invalid', null, said);
      const verified: Verified = { claims, ref: refIn(this.#core.settings.realm, claims) };
      this.#verified?.put(jwt, verified, jwt.slice(-NAME_LENGTH));
      return this.#find(verified, said);
    });
  }

  #find(verified: Verified, client: Client): Awaitable<AccessVerdict> {
    // Also of one that was verified before: that it was in time then says nothing.
    const late = latenessOf(verified.claims, this.#core.now(), this.#settings.clockTolerance);
    if (late !== null) return this.#refused(late, null, client);
    const answer = this.#core.store.find(this.#core.realmTag, [verified.ref]);
    return isPromise(answer)
      ? answer.then((found) => this.#verdict(verified.claims, found[0] ?? null, client))
      : this.#verdict(verified.claims, answer[0] ?? null, client);
  }

  #verdict(claims: AccessClaims, found: FoundSession | null, client: Client): AccessVerdict {
    const core = this.#core;
    if (found === null) return this.#refused('unknown', claims.sid, client);
    const { session: record, epochs } = found;
    if (record.serial !== claims.stamps[0]) return this.#refused('superseded', record, client);
    if (!isAbout(claims, record)) return this.#refused('unknown', claims.sid, client);

    const now = core.now();
    const over = judge(record, epochs, now);
    if (over !== null) return this.#refused(over.reason, record, client, over);
    if (this.#settings.countsAsUse && now - record.lastUsedAt >= core.settings.touchEvery) {
      core.touches.note(record.id, { id: record.id, user: record.userTag, at: now });
    }
    if (client !== NOBODY_SAID) core.suspicion.used(record, client);
    return { ok: true, session: new Session(record), claims, grant: grantOf(record) };
  }

  #refused(
    reason: AccessRefusal,
    about: SessionRecord | string | null,
    client: Client,
    over: Over | null = null,
  ): AccessVerdict {
    // Of a token that has run out nobody is told: every token does.
    if (reason !== 'expired' || about !== null) {
      tellRefused(this.#core, { during: 'check', reason, about, client, over });
    }
    const ended = over?.reason === 'ended' ? over.ended : null;
    const revocation = over?.reason === 'revoked' ? over.revocation : null;
    return { ok: false, session: null, reason, ended, revocation };
  }
}

/** Whether a signature is right. Whatever fails there, but for the key itself, fails for what a client sent. */
async function isSigned(jwt: string, { alg, verify }: ReadyKey): Promise<boolean> {
  const key = await verify;
  try {
    await compactVerify(jwt, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
