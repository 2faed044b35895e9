import type { Auth } from 'session-revocation/express';
import { authOf } from 'session-revocation/express';
import { describe, expect, test } from 'vitest';
import { emptyData, referenceStore } from '../contract/reference-store.ts';
import { beginOn } from '../contract/reference-transaction.ts';
import type { Answer, Browser } from '../frameworks/http/browser.ts';
import { fastifyLayer } from './support/fastify-layer.ts';
import { open as openOther } from './support/koa-fastify-site.ts';
import { koaLayer } from './support/koa-layer.ts';
import { open as openExpress } from './support/site.ts';

interface SiteBrowser extends Browser {
  readonly sid: string;
  login(user: string): Promise<string>;
}

interface Site {
  readonly store: { state: string };
  browser(): SiteBrowser;
}

/** The handler of `POST /within`. */
type Run = (auth: Auth<string>, query: URLSearchParams) => Promise<unknown>;

type Opened = (run: Run, data: ReturnType<typeof emptyData>) => Promise<Site>;

const LAYERS: Readonly<Record<string, { readonly open: Opened }>> = {
  'express-session': {
    open: (run, data) =>
      openExpress({
        store: referenceStore(data),
        pages: (app) => {
          app.post('/within', async (request, response) => {
            response.json(await run(authOf<string>(request), new URL(request.url, 'http://x').searchParams));
          });
        },
      }),
  },
  ...Object.fromEntries(
    [fastifyLayer, koaLayer].map((layer) => [
      layer.name,
      {
        open: ((run, data) =>
          openOther(layer, {
            store: referenceStore(data),
            pages: [{ method: 'post', path: '/within', run: ({ auth, query }) => run(auth, query) }],
          })) satisfies Opened,
      },
    ]),
  ),
};

describe.each(Object.entries(LAYERS))('%s: in a transaction of the app', (_, { open }) => {
  /**
   * Signs one user in on two browsers. The page does an act and ends the transaction. Then it calls `between`, before
   * `committed()`.
   */
  async function signedIn(between: (here: SiteBrowser) => unknown = () => {}) {
    const data = emptyData();
    const browsers: SiteBrowser[] = [];
    const site = await open(async (auth, query) => {
      const transaction = beginOn(data);
      const within = auth.within(transaction.transaction);
      await (query.get('act') === 'sign-out' ? within.signOut() : within.trigger('passwordChanged'));
      await transaction[query.get('end') as 'commit' | 'rollback']();
      await between(browsers[0]!);
      return { committed: await within.committed(), user: auth.session?.user ?? null };
    }, data);
    const [here, there] = [site.browser(), site.browser()];
    browsers.push(here, there);
    for (const browser of browsers) await browser.login('alice');
    await here.post('/cart?item=tea');
    return { site, here, there };
  }
  const userOf = async (browser: Browser): Promise<unknown> => (await browser.get('/who')).json?.user;

  test('after the commit the browser that asked has a new id with its data, and the other one is signed out', async () => {
    const { here, there } = await signedIn();
    const { sid, session } = here;
    const answer = await here.post('/within?end=commit');
    expect(answer.json).toEqual({ committed: true, user: 'alice' });
    expect(here.sid).not.toBe(sid);
    expect((await here.get('/who')).json).toMatchObject({ user: 'alice', inner: 'alice', cart: ['tea'] });
    expect(await userOf(there)).toBeNull();
    expect((await there.get('/who', { cookie: session })).json).toMatchObject({ user: null });
  });

  test.each(['trigger', 'sign-out'])('%s: after a rollback every browser keeps its id and its session', async (act) => {
    const { here, there } = await signedIn();
    const { sid } = here;
    const answer = await here.post(`/within?end=rollback&act=${act}`);
    expect(answer.json).toEqual({ committed: false, user: 'alice' });
    expect(here.sid).toBe(sid);
    expect((await here.get('/who')).json).toMatchObject({ user: 'alice', cart: ['tea'] });
    expect(await userOf(there)).toBe('alice');
  });

  test('a sign-out empties the session after the commit', async () => {
    const { here, there } = await signedIn();
    expect((await here.post('/within?end=commit&act=sign-out')).json).toEqual({ committed: true, user: null });
    expect((await here.get('/who')).json).toMatchObject({ user: null, inner: null });
    expect(await userOf(there)).toBe('alice');
  });

  test('another request of this browser between COMMIT and committed() is refused, and the browser goes on afterwards', async () => {
    let meanwhile: Answer | undefined;
    const { here } = await signedIn(async (browser) => {
      meanwhile = await browser.get('/who');
    });
    expect((await here.post('/within?end=commit')).json).toMatchObject({ committed: true });
    expect(meanwhile?.json).toMatchObject({ user: null });
    expect((await here.get('/who')).json).toMatchObject({ user: 'alice', cart: ['tea'] });
  });

  test('where it cannot be found out, the cookie stays, and the next sign-in works', async () => {
    const sites: Site[] = [];
    const { site, here, there } = await signedIn(() => {
      for (const one of sites) one.store.state = 'throws';
    });
    sites.push(site);
    const { sid } = here;
    const answer = await here.post('/within?end=commit');
    site.store.state = 'answers';
    expect([answer.status, here.sid]).toEqual([503, sid]);
    sites.pop();
    expect([await userOf(here), await userOf(there)]).toEqual([null, null]);
    await here.login('alice');
    expect(await userOf(here)).toBe('alice');
  });
});
