import type { Session } from '../../../src/index.ts';
import type { TokenTransport } from '../../frameworks/http/index.ts';
import type { Bridge } from '../shared/bridge.ts';
import { tombstoneOf } from '../shared/callback-store.ts';
import { awaited, putStamp, withStamp } from '../shared/stamp.ts';
import type { BridgedStore } from './bridged-store.ts';
import type { InnerRequest, InnerSession, InnerStore } from './inner-layer.ts';

/** Keeps the token as a stamp in the session of express-session, whose cookie the client has. */
export class SessionTransport implements TokenTransport {
  readonly #request: InnerRequest;
  readonly #inner: InnerStore;
  readonly #store: BridgedStore;
  readonly #bridge: Bridge<InnerSession>;
  /** The id of our session that the client holds. */
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

  /** Saves the session unchanged. If the store cannot do that now, it could not save the new token either. */
  async ready(): Promise<void> {
    const { session, sessionID } = this.#request;
    if (session !== undefined) {
      await new Promise<void>((resolve, reject) => {
        this.#store.set(sessionID, session, (error) => (error ? reject(error) : resolve()));
      });
    }
  }

  /**
   * The client also gets a new sid, because an attacker may know the present one (session fixation, ASVS 7.2.4). The data stay, unless
   * they belong to another user.
   */
  async set({ id, user }: Session, token: string): Promise<void> {
    const request = this.#request;
    const { session, sessionID } = request;
    const owner = session === undefined ? null : this.#bridge.userOf(session);
    const isRenewed = session !== undefined && this.#heldId === id;
    try {
      await this.#renewSid(session !== undefined && (owner === null || owner === user) ? session : null, isRenewed);
      const renewed = request.session;
      if (renewed === undefined) throw new Error('express-session has no session to keep the stamp in');
      putStamp(renewed, token);
      // Saved now: express-session sends its cookie before it saves, and another tab may use the cookie in between. The data of a new
      // session have no user yet.
      await this.#write(request.sessionID, isRenewed ? renewed : awaited(tombstoneOf(renewed)));
    } catch (error) {
      // The session keeps its sid. A renewed session gets its new token under the old sid: an outage is no sign-out.
      Object.assign(request, { session, sessionID });
      if (isRenewed) putStamp(session, token);
      // The record may be a tombstone by now, which the save at the end of the request would respect.
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
    await new Promise<void>((resolve, reject) => {
      this.#store.abandon(request, (error) => (error ? reject(error) : resolve()));
    });
    this.#store.generate(request);
    if (data === null || request.session === undefined) return;
    const { cookie, ...rest } = withStamp(data, null);
    Object.assign(request.session, rest);
    const { originalMaxAge, path, domain, sameSite } = cookie;
    // The app's lifetime of this session stays ("remember me"). If the session continues, so does the place of its cookie. `secure` and
    // `httpOnly` come from the options of express-session.
    Object.assign(request.session.cookie, { originalMaxAge }, continues && { path, domain, sameSite });
  }

  /** Writes to the inner store: the bridge would treat data without a user as a sign-out. */
  #write(sid: string, session: InnerSession): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#inner.set(sid, session, (error) => (error ? reject(error) : resolve()));
    });
  }
}
