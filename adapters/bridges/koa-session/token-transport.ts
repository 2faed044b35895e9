import type { Session } from '../../../src/index.ts';
import type { TokenTransport } from '../../frameworks/http/index.ts';
import { type Admission, type Bridge, verdictOf } from '../shared/bridge.ts';
import { type InnerData, restamp } from '../shared/stamp.ts';
import type { InnerContext } from './inner-layer.ts';
import type { RequestState } from './request-state.ts';

/** Keeps the client's token in the data of koa-session. */
export class SessionTransport<Data extends InnerData> implements TokenTransport {
  readonly #ctx: InnerContext<Data>;
  readonly #state: RequestState;
  readonly #bridge: Bridge<Data>;
  /** Id of the library's session that the client holds. */
  #heldId: string | null;

  constructor(ctx: InnerContext<Data>, state: RequestState, bridge: Bridge<Data>, admission: Admission) {
    this.#heldId = verdictOf(admission)?.session?.id ?? null;
    this.#ctx = ctx;
    this.#state = state;
    this.#bridge = bridge;
  }

  async ready(): Promise<void> {
    await this.#keepingMaxAge(() => this.#ctx.session?.save());
  }

  /** Puts the token into the session data, under a new key (session fixation, ASVS 7.2.4). Drops the data of another user. */
  async set({ id, user }: Session, token: string): Promise<void> {
    const { session } = this.#ctx;
    const { stamp } = this.#state;
    const owner = session === null ? null : this.#bridge.userOf(session);
    if (session === null || (owner !== null && owner !== user)) this.#ctx.session = {};
    this.#putStamp(token);
    try {
      await this.#rotate();
    } catch (error) {
      // A renewed session keeps its new token under either key. Any other session gets its old stamp back.
      if (this.#heldId !== id) {
        if (this.#ctx.session !== session) this.#ctx.session = session;
        this.#putStamp(stamp);
      }
      throw error;
    }
    this.#heldId = id;
  }

  async clear(): Promise<void> {
    this.#ctx.session = {};
    this.#state.stamp = undefined;
    await this.#rotate();
  }

  #putStamp(stamp: string | undefined): void {
    const { session } = this.#ctx;
    if (session !== null) restamp(session, stamp);
    this.#state.stamp = stamp;
  }

  async #rotate(): Promise<void> {
    const before = this.#ctx.session?.externalKey;
    this.#state.isRotating = true;
    try {
      await this.#keepingMaxAge(() => this.#ctx.session?.regenerate());
    } finally {
      this.#state.isRotating = false;
    }
    if (before !== undefined) this.#bridge.abandonedIds.add(before);
  }

  /**
   * Runs a save, then restores the option `maxAge`. koa-session replaces `maxAge: 'session'` on each save, so a second save would limit
   * the session to one day.
   */
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
