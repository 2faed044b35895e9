import type { FastifySessionObject } from '@fastify/session';
import type { Session } from '../../../src/index.ts';
import type { Carrier } from '../../frameworks/http/index.ts';
import { type Bridge, putStamp, STAMP } from '../host/index.ts';
import type { BridgedStore } from './bridged-store.ts';
import type { HostRequest, HostSession } from './host.ts';
import { carryStamps } from './rotation.ts';

/** The token is a stamp in the session of @fastify/session, and its client has a cookie of that. */
export class SessionCarrier implements Carrier {
  readonly #request: HostRequest;
  readonly #store: BridgedStore;
  readonly #bridge: Bridge<HostSession>;
  readonly #last: () => FastifySessionObject | null;

  constructor(request: HostRequest, store: BridgedStore, bridge: Bridge<HostSession>) {
    this.#request = request;
    this.#store = store;
    this.#bridge = bridge;
    this.#last = carryStamps(request, store);
  }

  /** Judged already, when @fastify/session asked the store. */
  tokens(): readonly string[] {
    return [];
  }

  /**
   * The client gets another sid with it, since somebody else may know the present one (session fixation, ASVS 7.2.4). The data
   * stay, unless they are another user's.
   */
  async give({ user }: Session, token: string): Promise<void> {
    const { session } = this.#request;
    const owner = session === null ? null : this.#bridge.userOf(session);
    const kept = owner === null || owner === user ? session : null;
    // Should the inner store fail, then this one goes on under the new token.
    if (kept !== null) putStamp(kept, token);
    try {
      putStamp(await this.#rotate(kept), token);
    } catch (error) {
      this.#request.session = session;
      throw error;
    }
  }

  /** The client gets an empty session. */
  async take(): Promise<void> {
    const { session } = this.#request;
    if (session !== null) Reflect.deleteProperty(session, STAMP);
    await this.#rotate(null);
  }

  /** The client gets an empty session, as one gets whose session is not there. What is in the inner store stays there. */
  async refuse(): Promise<void> {
    await this.#store.rotate(() => this.take(), 'apart');
  }

  /** The store has cleared it away. */
  forget(): void {}

  async #rotate(kept: FastifySessionObject | null): Promise<FastifySessionObject> {
    const last = this.#last();
    if (last === null) throw new TypeError('@fastify/session has no session at this path: see cookie.path');
    await last.regenerate(kept === null ? [] : Object.keys(kept).filter((key) => key !== 'cookie'));
    const session = this.#last() ?? last;
    if (kept !== null) {
      // How long the app lets this one last: "remember me".
      session.cookie.expires = kept.cookie.expires ?? null;
      session.cookie.originalMaxAge = kept.cookie.originalMaxAge;
    }
    return session;
  }
}
