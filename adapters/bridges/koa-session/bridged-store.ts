import type { ExtendableContext } from 'koa';
import type { HttpExchange } from '../../frameworks/http/index.ts';
import { KoaExchange } from '../../frameworks/koa/exchange.ts';
import { type Bridge, isDead, type Read } from '../shared/bridge.ts';
import { type InnerData, isBlank, stampOf, tombstone, withStamp } from '../shared/stamp.ts';
import { type Details, type ExternalStore, isData, isInnerContext, type MaxAge } from './inner-layer.ts';
import type { RequestState, RequestStates } from './request-state.ts';

/** Default lifetime in koa-session, in ms. */
const ONE_DAY = 86_400_000;

/** Judges the sessions that the inner store returns, and ends a session when koa-session destroys its record at a sign-out. */
export class BridgedStore<Data extends InnerData> {
  readonly #inner: ExternalStore;
  readonly #bridge: Bridge<Data>;
  readonly #states: RequestStates;

  constructor(inner: ExternalStore, bridge: Bridge<Data>, states: RequestStates) {
    this.#inner = inner;
    this.#bridge = bridge;
    this.#states = states;
  }

  readonly get = async (
    key: string,
    maxAge: MaxAge,
    details: Details & { readonly rolling: boolean },
  ): Promise<unknown> => {
    const data = await this.#inner.get(key, maxAge, details);
    if (!isData<Data>(data)) return data;
    const admission = await this.#bridge.admit(key, data, exchangeOf(details));
    const state = this.#stateOf(details);
    if (state !== null) state.read ??= { key, admission };
    if (!isDead(admission)) return data;
    const seen = admission.is === 'refused' ? tombstone(stampOf(data)) : data;
    if (admission.is === 'refused' && admission.hasEnded) {
      // If this write fails, the next read refuses the data again.
      try {
        await this.#inner.set(key, seen, maxAge, { ...details, changed: true });
      } catch {}
    }
    // koa-session keeps the key only if it gets data, so it gets the tombstone. A read by the app itself passes no `ctx`, and gets `null`.
    return state === null && isBlank(seen) ? null : seen;
  };

  readonly set = async (
    key: string,
    data: Data,
    maxAge: MaxAge,
    details: Details & { readonly rolling: boolean; readonly changed: boolean },
  ): Promise<unknown> => {
    const state = this.#stateOf(details);
    if (state !== null) state.savedKey = key;
    if (state?.isRotating) return this.#inner.set(key, data, maxAge, details);
    const saved = await this.#bridge.saved(key, restamped(data, state), this.#reader(key, details));
    if (saved === null) return undefined;
    const result = await this.#inner.set(key, saved, maxAge, details);
    // koa-session sets its cookie next. The session may have ended during the save.
    if (state?.read?.key === key && (await this.#bridge.isStale(saved))) this.#bridge.abandonedIds.add(key);
    return result;
  };

  readonly destroy = async (key: string, details: Details): Promise<unknown> => {
    const state = this.#stateOf(details);
    // In `regenerate`, the session still has its data. A sign-out has set it to `null`.
    const ctx = details?.ctx;
    const continues = ctx !== undefined && isInnerContext<Data>(ctx) && ctx.session !== null;
    if (continues) {
      return state?.read?.key === key ? this.#bury(key, tombstone(), details) : this.#inner.destroy(key, details);
    }
    const data = await this.#reader(key, details)();
    if (data === null) return this.#inner.destroy(key, details);
    await this.#bridge.end(key, data);
    // Slower requests with the key of a user's session must not get another cookie, so a tombstone stays.
    const wasOfUser = stampOf(data) !== undefined || this.#bridge.userOf(data) !== null;
    return wasOfUser ? this.#bury(key, tombstone(stampOf(data)), details) : this.#inner.destroy(key, details);
  };

  #reader(key: string, details: Details): Read<Data> {
    return async () => {
      const { maxAge = 'session', rolling = false } = optionsOf(details);
      const data = await this.#inner.get(key, maxAge, { ...details, rolling });
      return isData<Data>(data) ? data : null;
    };
  }

  #stateOf(details: Details | undefined): RequestState | null {
    return details?.ctx === undefined ? null : this.#states.of(details.ctx);
  }

  async #bury(key: string, record: InnerData, details: Details): Promise<unknown> {
    const { maxAge = ONE_DAY, rolling = false } = optionsOf(details);
    return this.#inner.set(key, record, maxAge, { ...details, rolling, changed: true });
  }
}

const optionsOf = (details: Details | undefined): { readonly maxAge?: MaxAge; readonly rolling?: boolean } =>
  details?.ctx !== undefined && isInnerContext(details.ctx) ? details.ctx.sessionOptions : {};

const restamped = <Data extends InnerData>(data: Data, state: RequestState | null): Data =>
  state?.stamp === undefined || stampOf(data) !== undefined ? data : withStamp(data, state.stamp);

const exchangeOf = (details: Details | undefined): HttpExchange | undefined =>
  details?.ctx === undefined ? undefined : new KoaExchange(details.ctx as ExtendableContext);
