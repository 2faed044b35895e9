import { join } from 'node:path';
import type { Store } from 'express-session';
import { describe, expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { bundle } from '../services/bundle.ts';
import { until } from '../services/until.ts';
import { expressLayer } from './support/express-layer.ts';
import { open } from './support/koa-fastify-site.ts';
import { pollingBehaviours } from './support/polling.ts';
import { reasonBehaviours } from './support/reasons.ts';

const script = includes('bridges: two processes behind the tabs of one browser')
  ? await bundle(join(import.meta.dirname, 'support/polling-process.ts'))
  : null;
const maxAge = { cookie: { maxAge: 3600e3 } };
const flags = [true, false];

reasonBehaviours(expressLayer);

pollingBehaviours(
  expressLayer,
  {
    'its defaults': { saveUninitialized: true, resave: true },
    ...Object.fromEntries(
      flags.flatMap((saveUninitialized) =>
        flags.flatMap((rolling) =>
          flags.map((resave) => {
            const settings = { saveUninitialized, rolling, resave };
            return [JSON.stringify(settings), { ...settings, ...maxAge }];
          }),
        ),
      ),
    ),
  },
  script,
);

describe('an id that express-session sends before the signed-in session is saved there', () => {
  const LOGIN = '/login?user=ann';

  /** Opens a site whose inner store holds back the saves of signed-in sessions until the test releases them. */
  async function openHeld() {
    const inner = await expressLayer.inners[0].open!();
    onTestFinished(inner.close);
    const store = inner.store as Store;
    const set = store.set.bind(store);
    const held: (() => void)[] = [];
    let isHeld = true;
    const read: string[] = [];
    const get = store.get.bind(store);
    store.get = (sid, callback) => {
      read.push(sid);
      get(sid, callback);
    };
    store.set = (sid, data, callback) => {
      const save = (): void => set(sid, data, callback);
      if (isHeld && 'userId' in data) held.push(save);
      else save();
    };
    const site = await open(expressLayer, { inner, settings: { saveUninitialized: true } });
    const hold = (): void => {
      isHeld = true;
    };
    const release = (): void => {
      isHeld = false;
      for (const save of held.splice(0)) save();
    };
    onTestFinished(release);
    const asked = (path: string, method: string, cookie = ''): Promise<Response> =>
      fetch(site.url + path, { method, headers: { cookie, 'sec-fetch-site': 'same-origin' } });
    /** Waits until a request has read the record under the id in this answer's cookie. */
    const isRead = (answer: Response): Promise<void> => until('the record is read', () => read.includes(sidOf(answer)));
    return { asked, hold, release, isRead, held, inner };
  }

  const sidOf = (answer: Response): string => expressLayer.sidOf(cookieOf(answer).split('=')[1] ?? '');
  const cookieOf = (answer: Response): string => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';

  test('is answered once it is saved: the next request is signed in, and adds to the session', async () => {
    const { asked, release, isRead } = await openHeld();
    const signedIn = await asked(LOGIN, 'POST', cookieOf(await asked('/cart?item=tea', 'POST')));
    const added = asked('/cart?item=milk', 'POST', cookieOf(signedIn));
    await isRead(signedIn);
    release();
    expect(await (await added).json()).toEqual(['tea', 'milk']);
    expect(await (await asked('/who', 'GET', cookieOf(signedIn))).json()).toMatchObject({ user: 'ann', inner: 'ann' });
  });

  test("is answered once it is saved where the app's own code has regenerated it", async () => {
    const { asked, hold, release, isRead } = await openHeld();
    release();
    const signedIn = await asked(LOGIN, 'POST');
    await signedIn.json();
    hold();
    const regenerated = await asked('/regenerate', 'POST', cookieOf(signedIn));
    const next = asked('/who', 'GET', cookieOf(regenerated));
    await isRead(regenerated);
    release();
    expect(await (await next).json()).toMatchObject({ user: 'ann', inner: 'ann' });
  });

  test('is a new session of a visitor after a second, if its process ended before it saved', async () => {
    const { asked, held, inner } = await openHeld();
    const signedIn = await asked(LOGIN, 'POST', cookieOf(await asked('/cart?item=tea', 'POST')));
    await expect.poll(() => held.length).toBe(1);
    held.length = 0;
    expect(await (await asked('/cart?item=milk', 'POST', cookieOf(signedIn))).json()).toEqual(['milk']);
    expect(await inner.read(sidOf(signedIn))).toMatchObject({ cart: ['milk'] });
    expect(JSON.stringify(await inner.read(sidOf(signedIn)))).not.toContain('Awaited');
  });
});

test('an id that express-session sends before it saves the session is taken by the next request as it is', async () => {
  const inner = await expressLayer.inners[0].open!();
  onTestFinished(inner.close);
  const store = inner.store as Store;
  const set = store.set.bind(store);
  const waiting: (() => void)[] = [];
  let isHeld = false;
  store.set = (sid, data, callback) => {
    const save = (): void => set(sid, data, callback);
    if (isHeld) waiting.push(save);
    else save();
  };
  const site = await open(expressLayer, { inner, settings: { saveUninitialized: true } });
  const asked = (path: string, method: string, cookie = ''): Promise<Response> =>
    fetch(site.url + path, { method, headers: { cookie, 'sec-fetch-site': 'same-origin' } });
  isHeld = true;
  const first = await asked('/who', 'GET');
  const [given] = first.headers.getSetCookie();
  const second = await asked('/who', 'GET', given?.split(';')[0]);
  expect([given, second.headers.getSetCookie()]).toEqual([expect.stringContaining('connect.sid='), []]);
  isHeld = false;
  for (const save of waiting) save();
  expect([await first.json(), await second.json()]).toMatchObject([{ user: null }, { user: null }]);
});
