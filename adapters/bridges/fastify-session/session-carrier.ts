import type { FastifySessionObject } from '@fastify/session';
import type { Session } from '../../../src/index.ts';
import type { Carrier } from '../../frameworks/http/index.ts';
import { type Admission, type Bridge, putStamp, STAMP, verdictOf } from '../host/index.ts';
import type { BridgedStore } from './bridged-store.ts';
import type { HostRequest, HostSession } from './host.ts';
import { carryStamps } from './rotation.ts';

/** The token is a stamp in the session of @fastify/session, and its client has a cookie of that. */
export class SessionCarrier implements Carrier {
  readonly #request: HostRequest;
  readonly #store: BridgedStore;
  readonly #bridge: Bridge<HostSession>;
  readonly #last: () => FastifySessionObject | null;
  /** The id of the session that the client holds. */
  #held: string | null;

  constructor(request: HostRequest, store: BridgedStore, bridge: Bridge<HostSession>, admission: Admission) {
    this.#held = verdictOf(admission)?.session?.id ?? null;
    this.#request = request;
    this.#store = store;
    this.#bridge = bridge;
    this.#last = carryStamps(request, store);
  }

  /** Judged already, when @fastify/session asked the store. */
  tokens(): readonly string[] {
    return [];
  }

  /** Saves the session as it is: where the store cannot, the new token would be lost. */
  async ready(): Promise<void> {
    await this.#request.session?.save();
  }

  /**
   * The client gets another sid with it, since somebody else may know the present one (session fixation, ASVS 7.2.4). The data
   * stay, unless they are another user's.
   */
  async give({ id, user }: Session, token: string): Promise<void> {
    const { session } = this.#request;
    const owner = session === null ? null : this.#bridge.userOf(session);
    const kept = owner === null || owner === user ? session : null;
    const before = this.#last();
    // Should the inner store fail, then one that is renewed goes on under its new token, and another one as it was.
    if (kept !== null && this.#held === id) putStamp(kept, token);
    try {
      putStamp(await this.#rotate(kept, this.#held === id), token);
    } catch (error) {
      this.#request.session = session;
      throw error;
    }
    if (before !== null) this.#bridge.left.add(before.sessionId);
    this.#held = id;
  }

  /** The client gets an empty session. */
  async take(): Promise<void> {
    const before = this.#last();
    await this.#empty();
    if (before !== null) this.#bridge.left.add(before.sessionId);
  }

  /** The client gets an empty session, as one gets whose session is not there. What is in the inner store stays there. */
  async refuse(): Promise<void> {
    await this.#store.rotate(() => this.#empty(), 'apart');
  }

  /** The store has cleared it away. */
  forget(): void {}

  async #empty(): Promise<void> {
    const { session } = this.#request;
    if (session !== null) Reflect.deleteProperty(session, STAMP);
    await this.#rotate(null, false);
  }

  async #rotate(kept: FastifySessionObject | null, goesOn: boolean): Promise<FastifySessionObject> {
    const last = this.#last();
    if (last === null) throw new TypeError('@fastify/session has no session at this path: see cookie.path');
    await last.regenerate(kept === null ? [] : Object.keys(kept).filter((key) => key !== 'cookie'));
    const session = this.#last() ?? last;
    if (kept === null) return session;
    // How long the app lets this one last: "remember me". Where it goes on, its cookie also stays where it was.
    const { expires = null, originalMaxAge, path, domain, sameSite } = kept.cookie;
    Object.assign(session.cookie, { expires, originalMaxAge }, goesOn && { path, domain, sameSite });
    return session;
  }
}
