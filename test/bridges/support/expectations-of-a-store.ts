import session, { Cookie, type SessionData, type Store } from 'express-session';
import { until } from '../../services/until.ts';
import { called, recordOf } from './callback-calls.ts';

/** An expectation of express-session or an app on a store. The test compares the result of `run` on two stores. */
export interface Expectation {
  readonly name: string;
  run(store: Store): Promise<unknown>;
}

/** A visitor who is not signed in. */
function visitor(cart: readonly string[] = []): SessionData {
  const cookie = new Cookie();
  cookie.maxAge = 3600e3;
  return { cookie, cart: [...cart] };
}

const save = (store: Store, sid: string, data: SessionData) => called((callback) => store.set(sid, data, callback));
const destroy = (store: Store, sid: string) => called((callback) => store.destroy(sid, callback));

/** Returns the data without values that depend on the time. */
const told = (data: SessionData | null): unknown =>
  data === null ? null : { cart: data.cart, path: data.cookie.path };

/** Returns the comparable part of an error. Its message may contain a path or an id that differs between two stores. */
const kindOf = (error: unknown): unknown =>
  error instanceof Error ? { code: (error as NodeJS.ErrnoException).code, name: error.name } : error;

/** Counts how often a method calls back. The reads afterwards give a second call time to arrive. */
async function callsOf(store: Store, run: (callback: () => void) => unknown): Promise<number> {
  let calls = 0;
  await new Promise<void>((resolve) => {
    run(() => {
      calls++;
      resolve();
    });
  });
  for (let time = 0; time < 3; time++) await recordOf(store, 'unknown');
  return calls;
}

/** Calls an optional method of a store, and returns its result. */
async function optional(store: Store, name: 'all' | 'length', of: (value: unknown) => unknown): Promise<unknown> {
  if (typeof store[name] !== 'function') return `no ${name}`;
  const { error, value } = await called((callback) => store[name]?.(callback));
  return { error: kindOf(error), value: of(value) };
}

const cartsOf = (value: unknown): unknown =>
  Object.values(value as Record<string, SessionData>)
    .map(({ cart }) => String(cart))
    .sort();

const clear = (store: Store): Promise<unknown> | string =>
  typeof store.clear === 'function' ? called((callback) => store.clear?.(callback)) : 'no clear';

/** All expectations. Each runs on an empty store. */
export const EXPECTATIONS: readonly Expectation[] = [
  {
    name: 'what was set is got',
    async run(store) {
      const { error } = await save(store, 'a', visitor(['tea']));
      return [kindOf(error), told(await recordOf(store, 'a'))];
    },
  },
  {
    name: 'a later set replaces',
    async run(store) {
      await save(store, 'a', visitor(['tea']));
      await save(store, 'a', visitor(['milk']));
      return told(await recordOf(store, 'a'));
    },
  },
  {
    name: 'get of what is not there',
    async run(store) {
      const { error, value } = await called((callback) => store.get('unknown', callback));
      return [kindOf(error), value ?? null];
    },
  },
  {
    name: 'destroy of what is there, twice, and of what never was',
    async run(store) {
      await save(store, 'a', visitor());
      const errors = [await destroy(store, 'a'), await destroy(store, 'a'), await destroy(store, 'unknown')];
      return [errors.map(({ error }) => kindOf(error)), await recordOf(store, 'a')];
    },
  },
  {
    name: 'touch of what is there changes its cookie alone, of what is not nothing',
    async run(store) {
      if (typeof store.touch !== 'function') return 'no touch';
      await save(store, 'a', visitor(['tea']));
      const errors = [
        await called((callback) => store.touch?.('a', visitor(['milk']), callback)),
        await called((callback) => store.touch?.('unknown', visitor(), callback)),
      ];
      return [
        errors.map(({ error }) => kindOf(error)),
        told(await recordOf(store, 'a')),
        await recordOf(store, 'unknown'),
      ];
    },
  },
  {
    name: 'every callback is called once',
    async run(store) {
      return [
        await callsOf(store, (callback) => store.set('a', visitor(), callback)),
        await callsOf(store, (callback) => store.get('a', callback)),
        await callsOf(store, (callback) => store.get('unknown', callback)),
        await callsOf(store, (callback) => (store.touch ? store.touch('a', visitor(), callback) : callback())),
        await callsOf(store, (callback) => store.destroy('a', callback)),
        await callsOf(store, (callback) => store.load('unknown', callback)),
      ];
    },
  },
  {
    name: 'set and destroy without a callback',
    async run(store) {
      store.set('a', visitor(['tea']));
      // Gives the pending call time: this later write is awaited.
      await save(store, 'b', visitor());
      await until('it is set', async () => (await recordOf(store, 'a')) !== null);
      const found = told(await recordOf(store, 'a'));
      store.destroy('a');
      await until('it is destroyed', async () => (await recordOf(store, 'a')) === null);
      return [found, await recordOf(store, 'a')];
    },
  },
  {
    name: 'all and length',
    async run(store) {
      for (const cart of ['tea', 'milk', 'bread']) await save(store, cart, visitor([cart]));
      await destroy(store, 'milk');
      return [await optional(store, 'all', cartsOf), await optional(store, 'length', (value) => value)];
    },
  },
  {
    name: 'clear',
    async run(store) {
      await save(store, 'a', visitor());
      await save(store, 'b', visitor());
      const cleared = await clear(store);
      if (typeof cleared === 'string') return cleared;
      return [
        await recordOf(store, 'a'),
        await recordOf(store, 'b'),
        await optional(store, 'length', (value) => value),
      ];
    },
  },
  {
    name: 'load makes a session',
    async run(store) {
      await save(store, 'a', visitor(['tea']));
      const { error, value } = await called<SessionData>((callback) => store.load('a', callback));
      return [
        kindOf(error),
        value instanceof session.Session,
        value?.cart,
        value?.cookie instanceof Cookie,
        value?.cookie.expires instanceof Date,
        // express-session computes it from the expiry time, so it may be a millisecond less.
        Math.round((value?.cookie.originalMaxAge ?? 0) / 1000),
      ];
    },
  },
  {
    name: 'load of what is not there',
    async run(store) {
      const { error, value } = await called((callback) => store.load('unknown', callback));
      return [kindOf(error), value ?? null];
    },
  },
  {
    name: 'what expired is not got',
    async run(store) {
      const data = visitor();
      data.cookie.expires = new Date(Date.now() - 1000);
      data.cookie.originalMaxAge = -1000;
      await save(store, 'a', data);
      const { error, value } = await called((callback) => store.get('a', callback));
      return [kindOf(error), value ?? null];
    },
  },
  {
    name: 'does not change the given data, and returns data that no other caller has',
    async run(store) {
      const data = visitor(['tea']);
      await save(store, 'a', data);
      const one = await recordOf(store, 'a');
      one?.cart?.push('milk');
      return [data.cart, told(await recordOf(store, 'a')), 'sessionRevocation' in data];
    },
  },
  {
    name: 'listeners get disconnect and connect once',
    async run(store) {
      const heard: string[] = [];
      const [disconnect, connect] = [() => heard.push('disconnect'), () => heard.push('connect')];
      store.on('disconnect', disconnect);
      store.once('connect', connect);
      store.emit('disconnect');
      store.emit('connect');
      store.emit('connect');
      store.removeListener('disconnect', disconnect);
      store.emit('disconnect');
      return heard;
    },
  },
];
