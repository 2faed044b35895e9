import type { FastifySessionObject } from '@fastify/session';
import type { Session } from '../../../src/index.ts';
import type { TokenTransport } from '../../frameworks/http/index.ts';
import { type Admission, type Bridge, verdictOf } from '../shared/bridge.ts';
import { putStamp, restamp, STAMP, stampOf } from '../shared/stamp.ts';
import type { BridgedStore } from './bridged-store.ts';
import type { InnerRequest, InnerSession } from './inner-layer.ts';
import { keepStamps } from './rotation.ts';

/** Keeps the client's token in the data of @fastify/session. */
export class SessionTransport implements TokenTransport {
  readonly #request: InnerRequest;
  readonly #bridge: Bridge<InnerSession>;
  readonly #last: () => FastifySessionObject | null;
  /** Id of the library's session that the client holds. */
  #heldId: string | null;

  constructor(
    request: InnerRequest,
    store: BridgedStore,
    bridge: Bridge<InnerSession>,
    admission: Admission,
    sentId: string | null,
  ) {
    this.#heldId = verdictOf(admission)?.session?.id ?? null;
    this.#request = request;
    this.#bridge = bridge;
    this.#last = keepStamps(request, store, sentId);
  }

  async ready(): Promise<void> {
    await this.#request.session?.save();
  }

  /** Puts the token into the session data, under a new sid (session fixation, ASVS 7.2.4). Drops the data of another user. */
  async set({ id, user }: Session, token: string): Promise<void> {
    const { session } = this.#request;
    const owner = session === null ? null : this.#bridge.userOf(session);
    const kept = owner === null || owner === user ? session : null;
    const before = this.#last();
    const stamp = before === null ? undefined : stampOf(before);
    // `regenerate` copies the stamp and saves at once. A new record with the former stamp would look abandoned at the next save.
    if (before !== null) putStamp(before, token);
    try {
      putStamp(await this.#rotate(kept, this.#heldId === id), token);
    } catch (error) {
      // A renewed session keeps its new token. Any other session gets its old stamp back.
      if (before !== null && this.#heldId !== id) restamp(before, stamp);
      this.#request.session = session;
      throw error;
    }
    if (before !== null) this.#bridge.abandonedIds.add(before.sessionId);
    this.#heldId = id;
  }

  async clear(): Promise<void> {
    const before = this.#last();
    const { session } = this.#request;
    if (session !== null) Reflect.deleteProperty(session, STAMP);
    await this.#rotate(null, false);
    if (before !== null) this.#bridge.abandonedIds.add(before.sessionId);
  }

  async #rotate(kept: FastifySessionObject | null, continues: boolean): Promise<FastifySessionObject> {
    const last = this.#last();
    if (last === null)
      throw new TypeError('@fastify/session has no session at this path: check its option cookie.path');
    await last.regenerate(kept === null ? [] : Object.keys(kept).filter((key) => key !== 'cookie'));
    const session = this.#last() ?? last;
    if (kept === null) return session;
    // "Remember me" stays. The path and domain of the cookie stay only if the session continues.
    const { expires = null, originalMaxAge, path, domain, sameSite } = kept.cookie;
    Object.assign(session.cookie, { expires, originalMaxAge }, continues && { path, domain, sameSite });
    return session;
  }
}
