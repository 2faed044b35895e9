import type { Core } from './core.ts';
import type { CheckRefusal } from './events.ts';
import { parseArguments } from './input.ts';
import { type Ended, judge, type Over, type Overtaken, Session, type SessionRecord } from './session.ts';
import type { Awaitable, FoundSession } from './store.ts';
import { isPromise } from './store-guard.ts';
import type { Client } from './suspicion.ts';
import { hashSecret, parseToken, sameHash, type TokenRef } from './token.ts';

/** What a token is worth at this moment. */
export type Verdict =
  | { readonly ok: true; readonly session: Session }
  | {
      readonly ok: false;
      readonly session: null;
      /**
       * `'malformed'`: not a token of ours; the store was not asked. `'unknown'`: no such session here. `'superseded'`:
       * there is such a session, but its secret was renewed. The others: the secret was right, and the session is over.
       */
      readonly reason: CheckRefusal;
      /** How it was ended, where that is the reason. */
      readonly ended: Ended | null;
      /** The revocation that ended it, where that is the reason and it is still known. */
      readonly revocation: Overtaken | null;
    };

const CLIENT_KEYS = ['userAgent', 'hints', 'ip'];
const NOBODY_SAID: Client = Object.freeze({});

/** Judges tokens. Nothing here is `async`: V8 optimises what is not a good deal better, and every request passes. */
export class Checks {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  check(token: string | null | undefined, client: Client = NOBODY_SAID): Awaitable<Verdict> {
    if (client !== NOBODY_SAID) parseArguments('check', client, CLIENT_KEYS);
    return this.judge(token, client);
  }

  /** The same, of a client that is our own. */
  judge(token: string | null | undefined, client: Client): Awaitable<Verdict> {
    const said = this.#read(client);
    const parsed = parseToken(token);
    if (parsed === null) return this.#refused('malformed', null, null, said);
    const { ref, secret } = parsed;
    const hash = hashSecret(secret);
    const answer = this.#core.store.find(this.#core.realmTag, [ref]);
    return isPromise(answer)
      ? answer.then((found) => this.#verdict(ref, hash, found[0] ?? null, said))
      : this.#verdict(ref, hash, answer[0] ?? null, said);
  }

  /** Read before anything is waited for, since the client may be gone by then; and only where somebody would hear of it. */
  #read(client: Client): Client {
    if (client === NOBODY_SAID || !this.#isHeard) return NOBODY_SAID;
    const { userAgent, hints, ip } = client;
    return { userAgent, hints, ip };
  }

  get #isHeard(): boolean {
    const { events } = this.#core;
    return events.matters('session.refused') || events.matters('session.suspicious');
  }

  #verdict(ref: TokenRef, hash: string, found: FoundSession | null, client: Client): Verdict {
    const core = this.#core;
    if (found === null) return this.#refused('unknown', ref.id, null, client);
    const { session: record, epochs } = found;
    // The tags came with the token: on a shared store they may be those of another realm.
    if (record.realm !== core.settings.realm) return this.#refused('unknown', ref.id, null, client);
    // A secret that was never renewed cannot have been another one before: somebody guesses.
    if (!sameHash(record.hash, hash)) {
      return record.serial === 0
        ? this.#refused('unknown', ref.id, null, client)
        : this.#refused('superseded', ref.id, record, client);
    }

    const now = core.now();
    const over = judge(record, epochs, now);
    if (over !== null) return this.#refused(over.reason, ref.id, record, client, over);
    if (now - record.lastUsedAt >= core.settings.touchEvery) {
      core.touches.note(record.id, { id: record.id, user: record.userTag, at: now });
    }
    if (client !== NOBODY_SAID) core.suspicion.used(record, client);
    return { ok: true, session: new Session(record) };
  }

  #refused(
    reason: CheckRefusal,
    session: string | null,
    record: SessionRecord | null,
    client: Client,
    over?: Over,
  ): Verdict {
    const { events, suspicion } = this.#core;
    const ended = over?.reason === 'ended' ? over.ended : null;
    const revocation = over?.reason === 'revoked' ? over.revocation : null;
    if (this.#isHeard) {
      const [user, account] = [record?.user ?? null, record?.account ?? null];
      const device = suspicion.deviceOf(client);
      const refusal = { during: 'check', reason, user, account, session, revocation, device } as const;
      events.emit('session.refused', refusal);
      suspicion.refused(refusal);
    }
    return { ok: false, session: null, reason, ended, revocation };
  }
}
