import type { Core } from '../core/context.ts';
import {
  type CheckRules,
  checkInMemory,
  checkInStore,
  checkToken,
  isHeard,
  NO_CLIENT_INFO,
  type TokenRefusal,
  tellRefusal,
  type Verdict,
} from '../core/verdict.ts';
import { CLIENT_INFO_KEYS, type ClientInfo } from '../device/client-info.ts';
import { parseLowered } from '../freshness/options.ts';
import type { Awaitable } from '../lib/awaitable.ts';
import { named } from '../lib/call.ts';
import type { Duration } from '../lib/duration.ts';
import { parseArguments } from '../lib/input.ts';
import { isSameSecret } from '../model/credential.ts';
import type { CheckRefusal } from '../model/reason.ts';
import { refOf, Session, type SessionRecord } from '../model/session.ts';
import { hashSecret, isToken, sameHash, splitToken } from '../model/token.ts';

/** Options of `sessions.check`: the client's details, and how fresh the answer must be. */
export interface CheckRequest extends ClientInfo {
  /**
   * The greatest age of the knowledge that may accept this token. It can only lower that of the realm (option `freshness`). 0 asks the
   * store. Default: that of the realm.
   */
  readonly maxStaleness?: Duration | undefined;
}

const CHECK_KEYS = [...CLIENT_INFO_KEYS, 'maxStaleness'];

export const CHECK = 'sessions.check(token)';

const MALFORMED: TokenRefusal<CheckRefusal> = Object.freeze({ reason: 'malformed', about: null, end: null });

const ANSWERS = {
  during: 'check',
  countsAsUse: true,
  accept: (session: Session): Verdict => ({ ok: true, session }),
  refuse: ({ reason, end }: TokenRefusal<CheckRefusal>): Verdict => ({ ok: false, session: null, reason, end }),
  failed: (error: unknown): never => {
    throw named(CHECK, error);
  },
} as const;

/** Checks opaque tokens. No method is `async`: a promise costs more than the rest of a check. */
export class Checks {
  readonly #core: Core;
  readonly #token: CheckRules<string, Verdict>;
  readonly #session: CheckRules<SessionRecord, Verdict>;

  constructor(core: Core) {
    this.#core = core;
    const isOther = ({ realm }: SessionRecord): boolean => realm !== core.settings.realm;
    this.#token = {
      ...ANSWERS,
      supersededIsAnomaly: true,
      mismatchOf(session, hash) {
        // The store finds a session by the tags in the token. On a shared store, they may belong to another realm.
        if (isOther(session)) return 'unknown';
        if (sameHash(session.credential, hash)) return null;
        // Without a renewal there is no older secret, so this secret is a guess.
        return session.serial === 0 ? 'unknown' : 'superseded';
      },
    };
    this.#session = {
      ...ANSWERS,
      // The first verdict has already counted as a use.
      countsAsUse: false,
      supersededIsAnomaly: true,
      mismatchOf(session, { credential }) {
        if (isOther(session)) return 'unknown';
        return isSameSecret(session.credential, credential) ? null : 'superseded';
      },
    };
  }

  check(token: string | null | undefined, request: CheckRequest = NO_CLIENT_INFO): Awaitable<Verdict> {
    if (request === NO_CLIENT_INFO) return this.judge(token, NO_CLIENT_INFO);
    parseArguments('the second argument', request, CHECK_KEYS);
    const { maxStaleness } = request;
    const { freshness } = this.#core.settings;
    return this.judge(token, request, maxStaleness === undefined ? undefined : parseLowered(maxStaleness, freshness));
  }

  /** Checks a token. For arguments that were already validated. `maxStaleness` is in ms. */
  judge(
    token: string | null | undefined,
    client: ClientInfo,
    maxStaleness: number = this.#core.settings.freshness.maxStaleness,
  ): Awaitable<Verdict> {
    this.#core.activity.requireOpen();
    const seen = this.#copyOf(client);
    const parts = splitToken(token);
    if (parts !== null) {
      const checked = { ref: parts.ref, proof: hashSecret(parts.secret), client: seen, maxStaleness };
      const remembered = checkInMemory(this.#core, this.#token, checked);
      if (remembered !== undefined) return remembered;
      if (isToken(token as string)) return checkInStore(this.#core, this.#token, checked);
    }
    tellRefusal(this.#core, this.#token, MALFORMED, seen);
    return this.#token.refuse(MALFORMED);
  }

  /**
   * Judges a session again if it was judged from memory, by knowledge that is at most `maxStaleness` ms old. 0 asks the store. A session
   * that was judged by a read of the store stays accepted.
   */
  judgeAgain(session: Session, maxStaleness: number, client: ClientInfo): Awaitable<Verdict> {
    this.#core.activity.requireOpen();
    const proof = Session.recordOf('session', session);
    if (!Session.isRemembered(session)) return { ok: true, session };
    return checkToken(this.#core, this.#session, {
      ref: refOf(proof),
      proof,
      client: this.#copyOf(client),
      maxStaleness: Math.min(maxStaleness, this.#core.settings.freshness.maxStaleness),
    });
  }

  /** Copies the client's details before the first wait, because the socket may be closed afterwards. Skipped if no listener needs them. */
  #copyOf(client: ClientInfo): ClientInfo {
    if (client === NO_CLIENT_INFO || !isHeard(this.#core)) return NO_CLIENT_INFO;
    const { userAgent, hints, ip } = client;
    return { userAgent, hints, ip };
  }
}
