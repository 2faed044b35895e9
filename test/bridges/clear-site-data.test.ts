import { authOf } from 'session-revocation/express';
import { describe, expect, test } from 'vitest';
import { emptyData, referenceStore } from '../contract/reference-store.ts';
import { beginOn } from '../contract/reference-transaction.ts';
import type { Browser } from '../frameworks/http/browser.ts';
import { fastifyLayer } from './support/fastify-layer.ts';
import { open as openOther } from './support/koa-fastify-site.ts';
import { koaLayer } from './support/koa-layer.ts';
import { open as openExpress } from './support/site.ts';

interface SiteBrowser extends Browser {
  login(user: string): Promise<string>;
}

type AuthOfHost = Pick<ReturnType<typeof authOf>, 'within'>;

/** Returns the handler of `POST /leave`, which signs out in a transaction and commits it. */
const leaveOn = (data: ReturnType<typeof emptyData>) => async (auth: AuthOfHost) => {
  const transaction = beginOn(data);
  const within = auth.within(transaction.transaction);
  await within.signOut();
  await transaction.commit();
  return { committed: await within.committed() };
};

type ClearSiteData = readonly ('cache' | 'storage' | 'executionContexts')[];

/** Opens a site whose bridge has these options. */
type Open = (bridge: { readonly clearSiteData?: ClearSiteData }) => Promise<{ browser(): SiteBrowser }>;

const LAYERS: Readonly<Record<string, Open>> = {
  'express-session': (bridge) => {
    const data = emptyData();
    const leave = leaveOn(data);
    return openExpress({
      ...{ bridge, store: referenceStore(data) },
      pages: (app) => {
        app.post('/leave', async (request, response) => void response.json(await leave(authOf(request))));
      },
    });
  },
  ...Object.fromEntries(
    [fastifyLayer, koaLayer].map((layer): [string, Open] => [
      layer.name,
      (bridge) => {
        const data = emptyData();
        const leave = leaveOn(data);
        const page = { method: 'post', path: '/leave', run: ({ auth }: { auth: AuthOfHost }) => leave(auth) } as const;
        return openOther(layer, { bridge, store: referenceStore(data), pages: [page] });
      },
    ]),
  ),
};

const LEAVING = ['/sign-out', '/sign-out-everywhere', '/leave'];

describe.each(Object.entries(LAYERS))('%s: Clear-Site-Data', (_, open) => {
  test.each(LEAVING)('is sent with %s where the bridge asks for it', async (path) => {
    const site = await open({ clearSiteData: ['cache', 'storage', 'executionContexts'] });
    const browser = site.browser();
    await browser.login('alice');
    const { status, headers } = await browser.post(path);
    expect([status, headers['clear-site-data']]).toEqual([200, '"cache", "storage", "executionContexts"']);
    expect((await browser.get('/who')).json).toMatchObject({ user: null });
  });

  test.each(LEAVING)('is not sent with %s unasked', async (path) => {
    const browser = (await open({})).browser();
    await browser.login('alice');
    const { status, headers } = await browser.post(path);
    expect([status, headers['clear-site-data']]).toEqual([200, undefined]);
  });

  test('is not sent with what keeps this browser signed in, or to a stranger', async () => {
    const site = await open({ clearSiteData: ['cache'] });
    const browser = site.browser();
    const answers = [await browser.post('/sign-out'), await browser.post('/login?user=alice')];
    for (const path of ['/renew', '/sign-out-others']) answers.push(await browser.post(path));
    for (const { headers } of answers) expect(headers).not.toHaveProperty('clear-site-data');
    expect((await browser.get('/who')).json).toMatchObject({ user: 'alice' });
  });
});
