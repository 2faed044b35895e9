import session, { type Store } from 'express-session';
import { createSessions } from 'session-revocation';
import { bridge } from 'session-revocation/express-session';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { called } from './support/callback-calls.ts';
import { EXPECTATIONS } from './support/expectations-of-a-store.ts';
import { type Inner, innerKinds, memory } from './support/inner-stores.ts';
import { open } from './support/site.ts';

function bridged(inner: Store): Store {
  const sessions = createSessions({ store: memoryStore() });
  onTestFinished(() => sessions.close());
  return bridge(sessions, { user: ({ userId }) => userId }).store(inner);
}

/** Returns the names of all own and inherited members of a store, except the members of `Object`. */
function membersOf(store: object): string[] {
  const names: string[] = [];
  for (let at = store; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at));
  }
  return names.filter((name) => !name.startsWith('_') && name !== 'constructor');
}

describe.each(innerKinds)('on $name', ({ name, open: openInner }) => {
  describe.skipIf(openInner === null)('a bridged store', () => {
    async function twoInner(): Promise<readonly [Inner, Inner]> {
      const both = await Promise.all([openInner!(), openInner!()]);
      onTestFinished(async () => {
        for (const { close } of both) await close();
      });
      return both;
    }

    test.each(EXPECTATIONS)('does the same as the inner one: $name', async ({ run }) => {
      const [alone, under] = await twoInner();
      const expected = await run(alone.store);
      expect(await run(bridged(under.store))).toEqual(expected);
    });

    test('has exactly the members of the inner store', async () => {
      const [{ store }] = await twoInner();
      const outer = bridged(store);
      const types = (of: Store): unknown => membersOf(store).map((member) => [member, typeof Reflect.get(of, member)]);
      expect(types(outer)).toEqual(types(store));
      for (const member of ['all', 'length', 'clear', 'touch', 'ids', 'list', 'pruneSessions', 'nothing']) {
        expect(typeof Reflect.get(outer, member), member).toBe(typeof Reflect.get(store, member));
        expect(member in outer, member).toBe(member in store);
      }
      expect(outer).toBeInstanceOf(session.Store);
      expect(outer.constructor).toBe(store.constructor);
    });

    test.skipIf(name !== 'connect-pg-simple')('calls a method of the inner one’s own on the inner one', async () => {
      const [{ store }] = await twoInner();
      const outer = bridged(store);
      await called((callback) => outer.set('a', { cookie: new session.Cookie() }, callback));
      const prune: unknown = Reflect.get(outer, 'pruneSessions');
      expect(prune).toBeTypeOf('function');
      const { error } = await called((callback) => Reflect.apply(prune as () => void, outer, [callback]));
      expect(error).toBeNull();
    });
  });
});

/** Returns the first uncaught error of the rest of a test. */
function catchUncaught(): { readonly first: Promise<unknown> } {
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  });
  return { first: new Promise((resolve) => process.on('uncaughtException', resolve)) };
}

describe('the errors of the inner store', () => {
  const failure = Object.assign(new Error('inner'), { code: 'EINNER' });

  /** Answers every call with an error. */
  class Failing extends session.Store {
    get = (_: string, callback: (error?: unknown) => void): void => callback(failure);
    set = (_: string, __: unknown, callback?: (error?: unknown) => void): void => callback?.(failure);
    destroy = (_: string, callback?: (error?: unknown) => void): void => callback?.(failure);
    override touch = (_: string, __: unknown, callback?: (error?: unknown) => void): void => callback?.(failure);
    override all = (callback: (error: unknown) => void): void => callback(failure);
    override length = (callback: (error: unknown) => void): void => callback(failure);
    override clear = (callback?: (error?: unknown) => void): void => callback?.(failure);
  }

  test('are passed on as they are, once', async () => {
    const store = bridged(new Failing());
    const data = { cookie: new session.Cookie() };
    const calls: readonly ((callback: (error?: unknown) => void) => unknown)[] = [
      (callback) => store.get('a', callback),
      (callback) => store.set('a', data, callback),
      (callback) => store.destroy('a', callback),
      (callback) => store.touch?.('a', data, callback),
      (callback) => store.all?.(callback),
      (callback) => store.length?.(callback),
      (callback) => store.clear?.(callback),
      (callback) => store.load('a', callback),
    ];
    const errors: unknown[] = [];
    for (const run of calls) await called((callback) => run((error) => callback(errors.push(error))));
    expect(errors).toEqual(calls.map(() => failure));
    expect(errors.every((error) => error === failure)).toBe(true);
  });

  test('ENOENT means no session', async () => {
    const absent = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    class Files extends Failing {
      override get = (_: string, callback: (error?: unknown) => void): void => callback(absent);
    }
    const { error } = await called((callback) => bridged(new Files()).get('a', callback));
    expect(error).toBe(absent);
  });

  test('thrown, not called back, reaches the callback or the caller', async () => {
    class Throwing extends Failing {
      override get = (_: string, callback: (error?: unknown) => void): void => callback();
      override set = (): never => {
        throw failure;
      };
      override destroy = (): never => {
        throw failure;
      };
    }
    const store = bridged(new Throwing());
    const runs: readonly ((callback: (error?: unknown) => void) => unknown)[] = [
      (callback) => store.set('a', { cookie: new session.Cookie() }, callback),
      (callback) => store.destroy('a', callback),
    ];
    const uncaught = catchUncaught();
    for (const run of runs) {
      const { error } = await Promise.race([
        called((callback) => {
          try {
            run(callback);
          } catch (caught) {
            callback(caught);
          }
        }),
        uncaught.first.then((caught) => ({ error: ['uncaught', caught] })),
      ]);
      expect(error).toBe(failure);
    }
  });

  test('an error of the callback’s own making does not call it again', async () => {
    const { store: inner } = await memory();
    const store = bridged(inner);
    const uncaught = catchUncaught();
    let calls = 0;
    await new Promise<void>((resolve) => {
      store.get('a', () => {
        calls++;
        resolve();
        throw failure;
      });
    });
    for (let time = 0; time < 3; time++) await called((callback) => inner.get('a', callback));
    expect(await uncaught.first).toBe(failure);
    expect(calls).toBe(1);
  });
});

test('a disconnected inner store is an outage for requests with a session, and for no others', async () => {
  const { browser: newBrowser, inner } = await open();
  const [browser, visitor] = [newBrowser(), newBrowser()];
  await browser.login('alice');
  const { session: before } = browser;
  inner.emit('disconnect');
  for (const page of ['/me', '/who', '/sessions', '/inner']) {
    const answer = await browser.get(page);
    expect(answer).toMatchObject({ status: 503, json: { code: 'SESSION_STORE_UNAVAILABLE' }, setCookies: [] });
  }
  expect((await visitor.get('/who')).json).toMatchObject({ user: null });
  inner.emit('connect');
  expect(browser.session).toBe(before);
  expect((await browser.get('/me')).json).toMatchObject({ user: 'alice' });
});

test('an app hears that its store is disconnected, too', async () => {
  const { store: inner } = await memory();
  const store = bridged(inner);
  const heard: string[] = [];
  const listen = (): unknown => store.on('disconnect', () => heard.push('disconnect'));
  listen();
  session({ store, secret: 'a test', resave: false, saveUninitialized: false });
  listen();
  inner.emit('disconnect');
  expect(heard).toEqual(['disconnect', 'disconnect']);
});

test('what gives the store itself gives the bridged one: app.use(session({ store: bridged.store(inner).on(…) }))', async () => {
  const { store: inner } = await memory();
  const store = bridged(inner);
  expect(store.on('error', () => {})).toBe(store);
  expect(store.setMaxListeners(20)).toBe(store);
});

test('two apps may have one inner store, and one may be bridged twice', async () => {
  const { store } = await memory();
  const [one, two] = [bridged(store), bridged(store)];
  await called((callback) => one.set('a', { cookie: new session.Cookie(), cart: ['tea'] }, callback));
  expect(await called((callback) => two.get('a', callback))).toMatchObject({ value: { cart: ['tea'] } });
});
