import type { Core } from '../core/context.ts';
import {
  isHeard,
  noteUse,
  refusalOf,
  type TokenRefusal,
  type TokenRules,
  tellRefusal,
  type Verdict,
} from '../core/verdict.ts';
import { CLIENT_INFO_KEYS, type ClientInfo } from '../device/client-info.ts';
import { type Awaitable, isPromise } from '../lib/awaitable.ts';
import { named } from '../lib/call.ts';
import { parseArguments } from '../lib/input.ts';
import type { CheckRefusal } from '../model/reason.ts';
import { Session } from '../model/session.ts';
import { hashSecret, parseToken, sameHash, type TokenRef } from '../model/token.ts';
import type { FoundSession } from '../store/store.ts';

export const CHECK = 'sessions.check(token)';

const NO_CLIENT_INFO: ClientInfo = Object.freeze({});
const MALFORMED: TokenRefusal<CheckRefusal> = Object.freeze({ reason: 'malformed', about: null, end: null });

const failed = (error: unknown): never => {
  throw named(CHECK, error);
};

/** Checks opaque tokens. No method is `async`: a promise costs more than the rest of a check. */
export class Checks {
  readonly #core: Core;
  readonly #rules: TokenRules<string>;

  constructor(core: Core) {
    this.#core = core;
    this.#rules = {
      during: 'check',
      supersededIsAnomaly: true,
      mismatchOf({ realm, credential, serial }, presented) {
        // The store finds a session by the tags in the token. On a shared store, they may belong to another realm.
        if (realm !== core.settings.realm) return 'unknown';
        if (sameHash(credential, presented)) return null;
        // Without a renewal there is no older secret, so this secret is a guess.
        return serial === 0 ? 'unknown' : 'superseded';
      },
    };
  }

  check(token: string | null | undefined, client: ClientInfo = NO_CLIENT_INFO): Awaitable<Verdict> {
    if (client !== NO_CLIENT_INFO) parseArguments('the second argument', client, CLIENT_INFO_KEYS);
    return this.judge(token, client);
  }

  /** Like {@link Checks.check}, for a client whose members were already validated. */
  judge(token: string | null | undefined, client: ClientInfo): Awaitable<Verdict> {
    this.#core.activity.requireOpen();
    const seen = this.#copyOf(client);
    const parsed = parseToken(token);
    if (parsed === null) return this.#refuse(MALFORMED, seen);
    const { ref, secret } = parsed;
    const hash = hashSecret(secret);
    const answer = this.#core.store.find(this.#core.realmTag, [ref]);
    return isPromise(answer)
      ? answer.then((found) => this.#verdict(ref, hash, found[0], seen), failed)
      : this.#verdict(ref, hash, answer[0], seen);
  }

  /**
   * Copies the details before the first wait: the socket may be closed afterwards. Skipped when no listener needs them.
   */
  #copyOf(client: ClientInfo): ClientInfo {
    if (client === NO_CLIENT_INFO || !isHeard(this.#core)) return NO_CLIENT_INFO;
    const { userAgent, hints, ip } = client;
    return { userAgent, hints, ip };
  }

  #verdict({ id }: TokenRef, hash: string, found: FoundSession | null | undefined, client: ClientInfo): Verdict {
    const core = this.#core;
    const now = core.now();
    const refusal = refusalOf(this.#rules, id, found, hash, now);
    if (refusal !== null) return this.#refuse(refusal, client);
    const { session } = found as FoundSession;
    noteUse(core, session, now);
    if (client !== NO_CLIENT_INFO) core.anomalies.used(session, client);
    return { ok: true, session: new Session(session) };
  }

  #refuse(refusal: TokenRefusal<CheckRefusal>, client: ClientInfo): Verdict {
    tellRefusal(this.#core, this.#rules, refusal, client);
    return { ok: false, session: null, reason: refusal.reason, end: refusal.end };
  }
}
