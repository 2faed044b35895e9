import { describe, expect, test } from 'vitest';
import type { Answer, Browser, Headers } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework } from './framework.ts';
import { open } from './site.ts';
import { JSON_BODY, openTokenSite, signedInPage } from './token-site.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Bodies that are no object with the members of a route. */
const WRONG: readonly (readonly [Headers, string])[] = [
  [JSON_BODY, '{"kind":["api"]}'],
  [JSON_BODY, '["api"]'],
  [JSON_BODY, '[]'],
  [JSON_BODY, '[{"kinds":["api"]}]'],
  [JSON_BODY, '{"Kinds":["api"]}'],
  [JSON_BODY, '{"kinds":["api"],"user":"bob"}'],
  [JSON_BODY, '{"__proto__":{"kinds":["api"]}}'],
  [FORM, 'kind=api'],
  [FORM, 'kinds[]=api'],
  [FORM, '{"kinds":["api"]}'],
];
/** JSON values that are no objects. The parsers of some frameworks refuse them before the routes run. */
const PRIMITIVE = ['"api"', 'null', '7', 'true'];
/** Objects with the right member, but with a value that it may not have. */
const WRONG_KINDS = ['{"kinds":null}', '{"kinds":{}}', '{"kinds":[]}', '{"kinds":7}', '{"kinds":""}', '{"kinds":[7]}'];

export function members(framework: Framework): void {
  describe.each([
    ['read by the routes', false],
    ['parsed already by the framework', true],
  ])('of a body %s', (_, parsesBodies) => {
    const threeOfAlice = async () => {
      const routes = { authorize: () => true };
      const site = await open(framework, { parsesBodies, routes });
      const [mine, other, api] = [site.browser(), site.browser(), site.browser()];
      await mine.signIn('alice', '&account=acme');
      const id = await other.signIn('alice', '&account=acme');
      await api.signIn('alice', '&account=acme&kind=api');
      site.store.forget();
      return { ...site, mine, other, api, id };
    };
    type Three = Awaited<ReturnType<typeof threeOfAlice>>;

    /** Sends a body to every route that changes something. */
    async function sendTo({ mine, id }: Three, headers: Headers, body: string): Promise<readonly Answer[]> {
      const length = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
      return [
        await mine.post('/sessions/sign-out-others', headers, body),
        await mine.post('/sessions/sign-out-everywhere', headers, body),
        await mine.post('/sessions/sign-out', headers, body),
        await mine.post(`/sessions/${id}/sign-out`, headers, body),
        await mine.request('DELETE', `/sessions/${id}`, length, body),
        await mine.request('PUT', '/sessions/policy', headers, body),
      ];
    }
    const expectNothingDone = async ({ store, mine, other, api }: Three): Promise<void> => {
      expect(store.calls.filter((verb) => verb !== 'find' && verb !== 'touch')).toEqual([]);
      for (const one of [mine, other, api]) expect((await one.get('/private')).status).toBe(200);
    };

    test.each(WRONG)('another shape or name is a 400, and nothing is done: %j %s', async (headers, body) => {
      const three = await threeOfAlice();
      for (const answer of await sendTo(three, headers, body)) expectProblem(answer, 400, 'bad-request');
      await expectNothingDone(three);
    });

    test.each(PRIMITIVE)('a text, a number, null or a boolean is a 400, and nothing is done: %s', async (body) => {
      const three = await threeOfAlice();
      for (const { status } of await sendTo(three, JSON_BODY, body)) expect(status).toBe(400);
      await expectNothingDone(three);
    });

    test.each(WRONG_KINDS)('kinds that are none are a 400, and nothing is done: %s', async (body) => {
      const three = await threeOfAlice();
      for (const path of ['sign-out-others', 'sign-out-everywhere']) {
        expectProblem(await three.mine.post(`/sessions/${path}`, JSON_BODY, body), 400, 'bad-request');
      }
      await expectNothingDone(three);
    });

    test('an empty object is taken where no body is', async () => {
      const { mine, other, id } = await threeOfAlice();
      const headers = { ...JSON_BODY, 'content-length': '2' };
      expect((await mine.request('DELETE', `/sessions/${id}`, headers, '{}')).status).toBe(204);
      expect((await other.get('/private')).status).toBe(401);
    });
  });

  describe('of the URL', () => {
    test.each(['usr=bob', 'User=bob', 'user=bob&user=alice', 'user=alice&kinds=api', 'kinds=api', 'returnTo=/x'])(
      '?%s is a 400 where something would end, and nothing does',
      async (query) => {
        const site = await open(framework, { routes: { authorize: () => true } });
        const [mine, other] = [site.browser(), site.browser()];
        await mine.signIn('alice');
        const id = await other.signIn('alice');
        const answers = [
          await mine.post(`/sessions/sign-out-everywhere?${query}`),
          await mine.post(`/sessions/sign-out-others?${query}`),
          await mine.post(`/sessions/${id}/sign-out?${query}`),
          await mine.delete(`/sessions/${id}?${query}`),
        ];
        for (const answer of answers) expectProblem(answer, 400, 'bad-request');
        for (const one of [mine, other]) expect((await one.get('/private')).status).toBe(200);
      },
    );

    test('others’ parameters do not matter to a list', async () => {
      const browser: Browser = (await open(framework)).browser();
      await browser.signIn('alice');
      expect((await browser.get('/sessions?_=1')).status).toBe(200);
    });
  });

  describe('of a request for tokens', () => {
    test.each(['["a"]', '"a"', '7', 'null'])('what is no object is invalid_request: %s', async (body) => {
      const site = await openTokenSite(framework);
      const { browser } = await signedInPage(site);
      expect((await browser.post('/sessions/refresh', JSON_BODY, body)).json).toMatchObject({
        error: 'invalid_request',
      });
      expect((await browser.post('/sessions/refresh')).status).toBe(200);
    });

    test('an unknown parameter is ignored by a refresh (RFC 6749 3.2), and refused by POST /token', async () => {
      const site = await openTokenSite(framework);
      const { browser: page } = await signedInPage(site);
      expect((await page.post('/sessions/refresh', JSON_BODY, '{"audience":"x"}')).status).toBe(200);
      const browser = site.browser();
      await browser.signIn('alice');
      for (const [path, body] of [
        ['/sessions/token', '{"scopes":"orders:read"}'],
        ['/sessions/token', '["orders:read"]'],
        ['/sessions/token?scope=orders:read', '{}'],
      ] as const) {
        const { status, json } = await browser.post(path, JSON_BODY, body);
        expect({ status, error: json?.error }).toEqual({ status: 400, error: 'invalid_request' });
      }
      expect((await browser.post('/sessions/token', JSON_BODY, '{"scope":"orders:read"}')).status).toBe(200);
    });
  });
}
