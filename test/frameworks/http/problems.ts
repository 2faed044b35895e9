import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Answer, type Browser, fetchMetadata, NAVIGATION } from './browser.ts';
import { expectProblem } from './expectations.ts';
import type { Framework } from './framework.ts';
import { open } from './site.ts';
import { bearing, openTokenSite, refresh, type TokenSite } from './token-site.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_BODY = { 'content-type': 'application/json' };

/** Requests that lead to each problem. Alice is signed in with `mine`. */
const WAYS: Readonly<Record<string, (mine: Browser, site: TokenSite) => Promise<Answer>[]>> = {
  'session-required': (_, { browser }) => [browser().get('/private'), browser().post('/sessions/sign-out')],
  'invalid-token': (_, { browser }) => [
    browser().get('/private', bearing('a.b.c')),
    browser().post('/sessions/sign-out', bearing('')),
  ],
  'sign-in-not-recent': (mine) => [mine.get('/recent-otp')],
  'cross-origin': (mine) => [mine.post('/sessions/sign-out', fetchMetadata('cross-site'))],
  forbidden: (mine) => [mine.get('/sessions?user=bob'), mine.get('/people-only')],
  'insufficient-scope': (_, site) => {
    return ['/orders', '/people-only', '/sessions'].map(async (path) => {
      const { accessToken } = await site.appTokens('alice', '&kind=api&scope=profile');
      return site.browser().get(path, bearing(accessToken));
    });
  },
  'session-not-found': (mine) => [mine.delete('/sessions/x'), mine.post(`/sessions/${'A'.repeat(22)}/sign-out`)],
  'method-not-allowed': (mine) => [mine.get('/sessions/sign-out'), mine.request('PATCH', '/sessions')],
  'bad-request': (mine) => [
    mine.get(`/sessions?cursor=${mine.session}`),
    mine.get(`/sessions?limit=${mine.session}`),
    mine.post('/sessions/sign-out', JSON_BODY, `{"token":"${mine.session}"`),
    mine.post('/sessions/sign-out-others', JSON_BODY, '{"kinds":[7]}'),
    mine.get('/private', bearing('a.b.c')),
  ],
  'refreshed-already': (_, site) => {
    const twice = async (): Promise<Answer> => {
      const { refreshToken } = await site.appTokens();
      await refresh(site, refreshToken);
      return refresh(site, refreshToken);
    };
    return [twice()];
  },
  'body-too-large': (mine) => [mine.post('/sessions/sign-out', FORM, mine.session.repeat(200))],
  'unsupported-media-type': (mine) => [
    mine.post('/sessions/sign-out', { 'content-type': 'text/plain' }, mine.session),
    mine.post('/sessions/sign-out', { 'content-type': mine.session }, mine.session),
  ],
  'store-unavailable': (mine, { store }) => {
    store.state = 'throws';
    return [mine.get('/private'), mine.get('/sessions'), mine.post('/sessions/sign-out')];
  },
};

/** The table of problems in the documentation: name, status, title and further members. */
const documented = readFileSync(join(import.meta.dirname, '../../../docs/http.md'), 'utf8')
  .split('\n')
  .map((line) => /^\| `([a-z-]+)` \| (\d+) \| ([^|]+) \|([^|]*)\|/.exec(line))
  .filter((row) => row !== null)
  .map(([, name = '', status, title = '', more = '']) => ({
    ...{ name, status: Number(status), title: title.trim() },
    more: [...more.matchAll(/`(\w+)`/g)].map(([, member]) => member),
  }));

const USUAL = ['type', 'title', 'status'];

export function problems(framework: Framework): void {
  test('ERR-9: every problem that is documented is met here, and no other', () => {
    expect(documented.map(({ name }) => name)).toEqual(Object.keys(WAYS));
  });

  describe.each(documented)('$name', ({ name, status, title, more }) => {
    const meet = async (): Promise<Answer[]> => {
      const site = await openTokenSite(framework, { accessTokens: { grace: '10s' } });
      const mine = site.browser();
      await mine.signIn('alice', '&kind=api');
      return Promise.all(WAYS[name]?.(mine, site) ?? []);
    };

    test('ERR-7, ERR-9: its type, title, status and further members are those of the documentation', async () => {
      const answers = await meet();
      expect(answers.length).toBeGreaterThan(0);
      for (const answer of answers) {
        expectProblem(answer, status, name);
        expect(answer.json).toMatchObject({ title, status });
        expect(new URL(String(answer.json?.type)).href).toBe(`urn:problem-type:session-revocation:${name}`);
        const members = Object.keys(answer.json ?? {}).filter((member) => !USUAL.includes(member));
        for (const member of members) {
          expect(more).toContain(member);
          expect(member).toMatch(/^[A-Za-z][A-Za-z0-9_]{2,}$/);
        }
      }
    });

    test('ERR-8: it tells no token, no person, no statement, no place in the code', async () => {
      for (const { text } of await meet()) {
        expect(text).not.toMatch(/sr1\.|rt1\.|alice|bob|SELECT|ECONN|10\.0\.0\.7|Error|\.[jt]s\b|node:/i);
      }
    });
  });

  test('ERR-8: of a session that is over, it tells neither who ended it nor in which words', async () => {
    const { sessions, browser: open_ } = await open(framework);
    const browser = open_();
    const id = await browser.signIn('alice');
    await sessions.end(id, { user: 'alice', by: 'admin-7', reason: 'stolen laptop' });
    const { text, json } = await browser.get('/private');
    expect(json).toMatchObject({ reason: 'ended' });
    expect(text).not.toMatch(/alice|admin-7|stolen/);
  });

  describe('ERR-11: a body has the type that it is of, and what has none has no type', () => {
    const sizes = ({ text, headers, status }: Answer): unknown => [
      status,
      headers['content-type']?.split(';', 1)[0],
      text === '',
    ];

    test('of the routes', async () => {
      const { browser: open_ } = await open(framework);
      const [one, other] = [open_(), open_()];
      await one.signIn('alice');
      const id = await other.signIn('alice');
      const PROBLEM = 'application/problem+json';
      expect(sizes(await one.get('/sessions'))).toEqual([200, 'application/json', false]);
      expect(sizes(await one.request('HEAD', '/sessions'))).toEqual([200, 'application/json', true]);
      expect(sizes(await one.get('/sessions/policy'))).toEqual([200, 'application/json', false]);
      expect(sizes(await one.get('/sessions?limit=x'))).toEqual([400, PROBLEM, false]);
      expect(sizes(await one.delete('/sessions/x'))).toEqual([404, PROBLEM, false]);
      expect(sizes(await one.get('/sessions/sign-out'))).toEqual([405, PROBLEM, false]);
      expect(sizes(await one.delete(`/sessions/${id}`))).toEqual([204, undefined, true]);
      expect(sizes(await one.post('/sessions/sign-out-others'))).toEqual([204, undefined, true]);
      expect(sizes(await one.post('/sessions/sign-out', NAVIGATION))).toEqual([303, undefined, true]);
      expect(sizes(await one.get('/sessions'))).toEqual([401, PROBLEM, false]);
    });

    test('of the guards', async () => {
      const browser = (await open(framework, { authentication: { loginUrl: '/login' } })).browser();
      expect(sizes(await browser.get('/private'))).toEqual([401, 'application/problem+json', false]);
      expect(sizes(await browser.get('/private', NAVIGATION))).toEqual([303, undefined, true]);
    });
  });
}
