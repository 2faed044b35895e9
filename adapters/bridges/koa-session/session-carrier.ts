import type { Session } from '../../../src/index.ts';
import type { Carrier } from '../../frameworks/http/index.ts';
import { type Admission, type Bridge, type HostData, putStamp, STAMP, verdictOf } from '../host/index.ts';
import type { HostContext } from './host.ts';
import type { Visit } from './visit.ts';

/** The token is a stamp in the session of koa-session, and its client has a cookie with the key of that. */
export class SessionCarrier<Data extends HostData> implements Carrier {
  readonly #ctx: HostContext<Data>;
  readonly #visit: Visit;
  readonly #bridge: Bridge<Data>;
  /** The id of the session that the client holds. */
  #held: string | null;

  constructor(ctx: HostContext<Data>, visit: Visit, bridge: Bridge<Data>, admission: Admission) {
    this.#held = verdictOf(admission)?.session?.id ?? null;
    this.#ctx = ctx;
    this.#visit = visit;
    this.#bridge = bridge;
  }

  /** Judged already, when koa-session asked the store. */
  tokens(): readonly string[] {
    return [];
  }

  /** Saves the session as it is: where the store cannot, the new token would be lost. */
  async ready(): Promise<void> {
    await this.#keepingMaxAge(() => this.#ctx.session?.save());
  }

  /**
   * The client gets another key with it, since somebody else may know the present one (session fixation, ASVS 7.2.4). The data
   * stay, unless they are another user's.
   */
  async give({ id, user }: Session, token: string): Promise<void> {
    const { session } = this.#ctx;
    const { stamp } = this.#visit;
    const owner = session === null ? null : this.#bridge.userOf(session);
    if (session === null || (owner !== null && owner !== user)) this.#ctx.session = {};
    this.#put(token);
    try {
      await this.#rotate('instead');
    } catch (error) {
      // One that is renewed goes on under its new token, whatever becomes of the key, and another one as it was.
      if (this.#held !== id) {
        if (this.#ctx.session !== session) this.#ctx.session = session;
        this.#put(stamp);
      }
      throw error;
    }
    this.#held = id;
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

  #put(stamp: string | undefined): void {
    const { session } = this.#ctx;
    if (session !== null) {
      if (stamp === undefined) Reflect.deleteProperty(session, STAMP);
      else putStamp(session, stamp);
    }
    this.#visit.stamp = stamp;
  }

  #empty(): void {
    this.#ctx.session = {};
    this.#visit.stamp = undefined;
  }

  async #rotate(rotation: NonNullable<Visit['rotation']>): Promise<void> {
    const before = this.#ctx.session?.externalKey;
    this.#visit.rotation = rotation;
    try {
      await this.#keepingMaxAge(() => this.#ctx.session?.regenerate());
    } finally {
      this.#visit.rotation = null;
    }
    if (before !== undefined && rotation === 'instead') this.#bridge.left.add(before);
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
