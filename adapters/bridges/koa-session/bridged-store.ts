import type { ExtendableContext } from 'koa';
import { type HttpExchange, koaExchange } from '../../frameworks/http/index.ts';
import { type Bridge, type HostData, stampOf, withStamp } from '../host/index.ts';
import { type Details, type ExternalStore, isData, isHosted, type MaxAge } from './host.ts';
import type { Visit, Visits } from './visit.ts';

/** What is different about a store of koa-session that is bridged. */
export class BridgedStore<Data extends HostData> {
  readonly #inner: ExternalStore;
  readonly #bridge: Bridge<Data>;
  readonly #visits: Visits;

  constructor(inner: ExternalStore, bridge: Bridge<Data>, visits: Visits) {
    this.#inner = inner;
    this.#bridge = bridge;
    this.#visits = visits;
  }

  readonly get = async (
    key: string,
    maxAge: MaxAge,
    details: Details & { readonly rolling: boolean },
  ): Promise<unknown> => {
    const data = await this.#inner.get(key, maxAge, details);
    if (!isData<Data>(data)) return data;
    const admission = await this.#bridge.admit(key, data, exchangeOf(details));
    const visit = this.#visitOf(details);
    if (visit !== null) visit.finding ??= { key, admission };
    if (admission.is !== 'refused') return data;
    if (admission.isOver) await this.#clearAway(key, details);
    return null;
  };

  readonly set = async (
    key: string,
    data: Data,
    maxAge: MaxAge,
    details: Details & { readonly rolling: boolean; readonly changed: boolean },
  ): Promise<unknown> => {
    if (this.#bridge.left.has(key)) {
      setNoLateCookie(details, key);
      return undefined;
    }
    const visit = this.#visitOf(details);
    const saved =
      visit === null || visit.rotation === null ? await this.#bridge.saved(key, stamped(data, visit)) : data;
    return this.#inner.set(key, saved, maxAge, details);
  };

  readonly destroy = async (key: string, details: Details): Promise<unknown> => {
    const rotation = this.#visitOf(details)?.rotation ?? null;
    if (rotation === 'apart') return undefined;
    // The host's `regenerate` saves the data that it still has under another key at once; a sign-out leaves it none.
    const ctx = details?.ctx;
    const goesOn = ctx !== undefined && isHosted<Data>(ctx) && ctx.session !== null;
    if (!goesOn) {
      const data = await this.#read(key, details);
      if (data !== null) await this.#bridge.end(key, data);
    }
    return this.#inner.destroy(key, details);
  };

  /** What the inner store has. */
  async #read(key: string, details: Details): Promise<Data | null> {
    const ctx = details?.ctx;
    const { maxAge = 'session', rolling = false } = ctx !== undefined && isHosted<Data>(ctx) ? ctx.sessionOptions : {};
    const data = await this.#inner.get(key, maxAge, { ...details, rolling });
    return isData<Data>(data) ? data : null;
  }

  #visitOf(details: Details | undefined): Visit | null {
    return details?.ctx === undefined ? null : this.#visits.of(details.ctx);
  }

  /** What cannot be cleared away now is refused the next time, too. */
  async #clearAway(key: string, details: Details): Promise<void> {
    try {
      await this.#inner.destroy(key, details);
    } catch {}
  }
}

/** koa-session sets its cookie as soon as the data are saved: none of a key that the client has left by then. */
function setNoLateCookie(details: Details | undefined, key: string): void {
  const cookies = (details?.ctx as Partial<ExtendableContext> | undefined)?.cookies;
  if (cookies === undefined) return;
  const { set } = cookies;
  cookies.set = (name, value, options) =>
    value === key ? cookies : Reflect.apply(set, cookies, [name, value, options]);
}

/** With the stamp that the session had, where the app has put other data in the place of all. */
const stamped = <Data extends HostData>(data: Data, visit: Visit | null): Data =>
  visit?.stamp === undefined || stampOf(data) !== undefined ? data : withStamp(data, visit.stamp);

/** The request; koa-session tells the context itself. */
const exchangeOf = (details: Details | undefined): HttpExchange | undefined =>
  details?.ctx === undefined ? undefined : koaExchange(details.ctx as ExtendableContext);
