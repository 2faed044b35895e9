import type { Session } from '../../../src/index.ts';
import type { Carrier } from '../../frameworks/http/index.ts';
import { type Bridge, type HostData, putStamp } from '../host/index.ts';
import type { HostContext } from './host.ts';
import type { Visit } from './visit.ts';

/** The token is a stamp in the session of koa-session, and its client has a cookie with the key of that. */
export class SessionCarrier<Data extends HostData> implements Carrier {
  readonly #ctx: HostContext<Data>;
  readonly #visit: Visit;
  readonly #bridge: Bridge<Data>;

  constructor(ctx: HostContext<Data>, visit: Visit, bridge: Bridge<Data>) {
    this.#ctx = ctx;
    this.#visit = visit;
    this.#bridge = bridge;
  }

  /** Judged already, when koa-session asked the store. */
  tokens(): readonly string[] {
    return [];
  }

  /**
   * The client gets another key with it, since somebody else may know the present one (session fixation, ASVS 7.2.4). The data
   * stay, unless they are another user's.
   */
  async give({ user }: Session, token: string): Promise<void> {
    const { session } = this.#ctx;
    const stamp = this.#visit.stamp;
    const owner = session === null ? null : this.#bridge.userOf(session);
    const keeps = session !== null && (owner === null || owner === user);
    if (!keeps) this.#ctx.session = {};
    this.#put(token);
    try {
      await this.#rotate('instead');
    } catch (error) {
      // Data that stay go on under the new token, whatever becomes of the key.
      if (!keeps) {
        this.#ctx.session = session;
        this.#visit.stamp = stamp;
      }
      throw error;
    }
  }

  /** The client gets an empty session. */
  async take(): Promise<void> {
    this.#empty();
    await this.#rotate('instead');
  }

  /** The client gets an empty session, as one gets whose session is not there. What is in the inner store stays there. */
  async refuse(): Promise<void> {
    this.#empty();
    await this.#rotate('apart');
  }

  /** The store has cleared it away. */
  forget(): void {}

  #put(stamp: string): void {
    const { session } = this.#ctx;
    if (session !== null) putStamp(session, stamp);
    this.#visit.stamp = stamp;
  }

  #empty(): void {
    this.#ctx.session = {};
    this.#visit.stamp = undefined;
  }

  async #rotate(rotation: NonNullable<Visit['rotation']>): Promise<void> {
    this.#visit.rotation = rotation;
    try {
      await this.#keepingMaxAge(() => this.#ctx.session?.regenerate());
    } finally {
      this.#visit.rotation = null;
    }
  }

  /** koa-session forgets while it saves that a session lasts as long as the browser: saved once more, it would last a day. */
  async #keepingMaxAge(run: () => Promise<void> | undefined): Promise<void> {
    const { sessionOptions } = this.#ctx;
    const { maxAge } = sessionOptions;
    try {
      await run();
    } finally {
      if (maxAge !== undefined) sessionOptions.maxAge = maxAge;
    }
  }
}
