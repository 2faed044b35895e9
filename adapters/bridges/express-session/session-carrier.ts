import type { Session } from '../../../src/index.ts';
import type { Carrier } from '../../frameworks/http/index.ts';
import type { Callback } from '../host/callback-store.ts';
import { type Bridge, putStamp, withStamp } from '../host/index.ts';
import type { BridgedStore } from './bridged-store.ts';
import type { HostRequest, HostSession, InnerStore } from './host.ts';

/** The token is a stamp in the session of express-session, and its client has a cookie of that. */
export class SessionCarrier implements Carrier {
  readonly #request: HostRequest;
  readonly #inner: InnerStore;
  readonly #store: BridgedStore;
  readonly #bridge: Bridge<HostSession>;
  /** The id of the session that the client holds. */
  #held: string | null;

  constructor(
    request: HostRequest,
    inner: InnerStore,
    store: BridgedStore,
    bridge: Bridge<HostSession>,
    held: string | null,
  ) {
    this.#held = held;
    this.#request = request;
    this.#inner = inner;
    this.#store = store;
    this.#bridge = bridge;
  }

  /** Judged already, when express-session asked the store. */
  tokens(): readonly string[] {
    return [];
  }

  /** Saves the session as it is: where the store cannot, the new token would be lost. */
  async ready(): Promise<void> {
    const { session, sessionID } = this.#request;
    if (session !== undefined) await this.#save(sessionID, session);
  }

  /**
   * The client gets another sid with it, since somebody else may know the present one (session fixation, ASVS 7.2.4). The data
   * stay, unless they are another user's.
   */
  async give({ id, user }: Session, token: string): Promise<void> {
    const { session } = this.#request;
    const owner = session === undefined ? null : this.#bridge.userOf(session);
    const isRenewed = session !== undefined && this.#held === id;
    try {
      await this.#renewSid(session !== undefined && (owner === null || owner === user) ? session : null, isRenewed);
    } catch (error) {
      // It stays under this sid, with the one token that it has now: an outage signs nobody out.
      if (isRenewed) putStamp(session, token);
      throw error;
    }
    const renewed = this.#request.session;
    if (renewed === undefined) throw new Error('express-session has no session to keep the stamp in');
    putStamp(renewed, token);
    this.#held = id;
  }

  /** The client gets an empty session. */
  take(): Promise<void> {
    return this.#renewSid(null, false);
  }

  /** The store has cleared it away. */
  forget(): void {}

  async #renewSid(data: HostSession | null, goesOn: boolean): Promise<void> {
    const request = this.#request;
    const { sessionID: before } = request;
    await this.#leave(goesOn);
    this.#bridge.left.add(before);
    this.#store.generate(request);
    if (data === null || request.session === undefined) return;
    const { cookie, ...rest } = withStamp(data, null);
    Object.assign(request.session, rest);
    const { originalMaxAge, path, domain, sameSite } = cookie;
    // How long the app lets this one last: "remember me". Where it goes on, its cookie also stays where it was; what keeps it from
    // others is the host's to say.
    Object.assign(request.session.cookie, { originalMaxAge }, goesOn && { path, domain, sameSite });
  }

  /**
   * Nobody is under the former sid any more. Where the client goes on, an empty record stays there: its other requests, which still
   * bear it, then get no new cookie, which would take the place of the new sid's.
   */
  #leave(goesOn: boolean): Promise<void> {
    const { sessionID, session } = this.#request;
    return new Promise((resolve, reject) => {
      const done: Callback = (error) => (error ? reject(error) : resolve());
      if (!goesOn || session === undefined) this.#inner.destroy(sessionID, done);
      else this.#inner.set(sessionID, { cookie: session.cookie } as HostSession, done);
    });
  }

  #save(sid: string, session: HostSession): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#store.set(sid, session, (error) => (error ? reject(error) : resolve()));
    });
  }
}
