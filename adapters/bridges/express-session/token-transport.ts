import type { Session } from '../../../src/index.ts';
import type { TokenTransport } from '../../frameworks/http/index.ts';
import type { Bridge } from '../shared/bridge.ts';
import { promiseOf, tombstoneOf } from '../shared/callback-store.ts';
import { markPending, putStamp, withStamp } from '../shared/stamp.ts';
import type { BridgedStore } from './bridged-store.ts';
import type { InnerRequest, InnerSession, InnerStore } from './inner-layer.ts';

/** Keeps the client's token in the data of express-session. */
export class SessionTransport implements TokenTransport {
  readonly #request: InnerRequest;
  readonly #inner: InnerStore;
  readonly #store: BridgedStore;
  readonly #bridge: Bridge<InnerSession>;
  /** Id of the library's session that the client holds. */
  #heldId: string | null;

  constructor(
    request: InnerRequest,
    inner: InnerStore,
    store: BridgedStore,
    bridge: Bridge<InnerSession>,
    heldId: string | null,
  ) {
    this.#heldId = heldId;
    this.#request = request;
    this.#inner = inner;
    this.#store = store;
    this.#bridge = bridge;
  }

  async ready(): Promise<void> {
    const { session, sessionID } = this.#request;
    if (session !== undefined) await promiseOf((done) => this.#store.set(sessionID, session, done));
  }

  /** Puts the token into the session data, under a new sid (session fixation, ASVS 7.2.4). Drops the data of another user. */
  async set({ id, user }: Session, token: string): Promise<void> {
    const request = this.#request;
    const { session, sessionID } = request;
    const owner = session === undefined ? null : this.#bridge.userOf(session);
    const isRenewed = session !== undefined && this.#heldId === id;
    try {
      await this.#renewSid(session !== undefined && (owner === null || owner === user) ? session : null, isRenewed);
      const renewed = request.session;
      if (renewed === undefined) throw new Error('express-session has made no session: the token cannot be saved');
      putStamp(renewed, token);
      // Saves at once, because another tab may send the new cookie before express-session saves. The data of a new session have no user
      // yet, so a pending tombstone is saved for them.
      await this.#write(request.sessionID, isRenewed ? renewed : markPending(tombstoneOf(renewed)));
    } catch (error) {
      // The session keeps its sid. A renewed session gets its new token under that sid, because an outage must not sign the user out.
      Object.assign(request, { session, sessionID });
      if (isRenewed) putStamp(session, token);
      // `abandon` may have left a tombstone under this sid. The save at the end of the request would not replace it.
      if (session !== undefined && this.#store.isFromClient(request))
        await this.#write(sessionID, session).catch(() => {});
      throw error;
    }
    this.#bridge.abandonedIds.add(sessionID);
    this.#heldId = id;
  }

  async clear(): Promise<void> {
    const { sessionID } = this.#request;
    await this.#renewSid(null, false);
    this.#bridge.abandonedIds.add(sessionID);
  }

  async #renewSid(data: InnerSession | null, continues: boolean): Promise<void> {
    const request = this.#request;
    await promiseOf((done) => this.#store.abandon(request, done));
    this.#store.generate(request);
    if (data === null || request.session === undefined) return;
    const { cookie, ...rest } = withStamp(data, undefined);
    Object.assign(request.session, rest);
    const { originalMaxAge, path, domain, sameSite } = cookie;
    // "Remember me" stays. The path and domain of the cookie stay only if the session continues.
    Object.assign(request.session.cookie, { originalMaxAge }, continues && { path, domain, sameSite });
  }

  /** Bypasses the bridge, which would treat data without a user as a sign-out. */
  #write(sid: string, session: InnerSession): Promise<unknown> {
    return promiseOf((done) => this.#inner.set(sid, session, done));
  }
}
