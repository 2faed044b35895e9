import { describe, expect, test } from 'vitest';
import type { Auth } from '../../../adapters/frameworks/http/index.ts';
import { NAVIGATION } from './browser.ts';
import type { Framework } from './framework.ts';
import { postPage } from './pages.ts';
import { open } from './site.ts';

type Verify = Parameters<Auth['signIn']>[0]['verify'];

/** Answers that say neither yes nor no. Most of them are truthy. */
const UNCLEAR: Readonly<Record<string, unknown>> = {
  undefined,
  'an object with ok: false': { ok: false },
  'an object with ok: true': { ok: true },
  'an error': new Error('wrong password'),
  'a response with 401': new Response(null, { status: 401 }),
  'an empty array': [],
  'an array of methods': ['pwd'],
  'the text false': 'false',
  'an empty text': '',
  0: 0,
  1: 1,
  'a big number': 1n,
  NaN: Number.NaN,
  'a date': new Date(0),
  'a function': () => true,
  'a symbol': Symbol('yes'),
  'a boolean object': Object(false),
  'an empty object': {},
  'amr as a text': { amr: 'pwd' },
  'amr that is undefined': { amr: undefined },
  'amr with a number': { amr: [1] },
  'amr beside ok: false': { amr: ['pwd'], ok: false },
  'amr beside a user': { amr: ['pwd'], user: 'alice' },
  'an error with amr': Object.assign(new Error('wrong password'), { amr: ['pwd'] }),
  'a response with amr': Object.assign(new Response(null, { status: 401 }), { amr: ['pwd'] }),
};
const NO_BOOLEAN = { ...UNCLEAR, null: null, 'a list of methods': { amr: ['pwd'] } };

/** Returns the answer or the error that an app gets after its callback ran. */
async function errorOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return { answer: await run() };
  } catch (error) {
    return error instanceof TypeError ? error.message : error;
  }
}

const EXPECTED =
  /^authOf\(request\)\.\w+\(\{[^}]+\}\): verify returned .+\. Return true or \{ amr: \['pwd'\] \} for yes, and false or null for no/;

/** Tests the possible answers of app functions that decide who gets in. */
export function decidingCallbacks(framework: Framework): void {
  const asks: readonly [string, (auth: Auth<string>, verify: Verify) => Promise<unknown>][] = [
    ['signIn', (auth, verify) => auth.signIn({ user: 'bob', amr: ['pwd'], verify })],
    ['signIn of a stranger', (auth, verify) => auth.signIn({ user: null, verify })],
    ['reauthenticate', (auth, verify) => auth.reauthenticate({ amr: ['pwd'], verify })],
  ];
  for (const [name, ask] of asks) {
    for (const [way, given] of [
      ['at once', (answer: unknown) => answer],
      ['by a promise', async (answer: unknown) => answer],
    ] as const) {
      test(`verify of ${name} that answers ${way} neither yes nor no is a TypeError, and changes nothing`, async () => {
        const told: Record<string, unknown> = {};
        const page = postPage('/ask', async ({ auth, query }) => {
          const answer = query.get('answer') ?? '';
          told[answer] = await errorOf(() => ask(auth(), () => given(UNCLEAR[answer]) as boolean));
          return { user: auth().session?.user };
        });
        const { store, browser: open_ } = await open(framework, { pages: [page] });
        const browser = open_();
        await browser.signIn('alice');
        store.forget();
        for (const answer of Object.keys(UNCLEAR)) {
          const { json, setCookies } = await browser.post(`/ask?answer=${answer}`);
          expect([json, setCookies], answer).toEqual([{ user: 'alice' }, []]);
        }
        const expected = Object.keys(UNCLEAR).map((answer) => [answer, expect.stringMatching(EXPECTED)]);
        expect(told).toEqual(Object.fromEntries(expected));
        for (const write of ['add', 'renew', 'end'] as const) expect(store.calls).not.toContain(write);
      });
    }
  }

  test('the TypeError describes the result of verify, without its values', async () => {
    const told: unknown[] = [];
    const page = postPage('/ask', async ({ auth }) => {
      for (const answer of [{ ok: false, password: 'wonderland' }, new Error('wonderland'), 'wonderland', undefined]) {
        const verify = (): boolean => answer as unknown as boolean;
        told.push(await errorOf(() => auth().signIn({ user: 'alice', verify })));
      }
    });
    const { browser } = await open(framework, { pages: [page] });
    await browser().post('/ask');
    expect(told).toEqual([
      expect.stringMatching(/: verify returned an object with ok, password\./),
      expect.stringMatching(/: verify returned an instance of Error\./),
      expect.stringMatching(/: verify returned a string\./),
      expect.stringMatching(/: verify returned undefined\./),
    ]);
    expect(JSON.stringify(told)).not.toContain('wonderland');
  });

  test.each<[string, Awaited<ReturnType<Verify>>, boolean]>([
    ['true', true, true],
    ['a list of methods', { amr: ['pwd', 'otp'] }, true],
    ['an empty list of methods', { amr: [] }, true],
    ['a list of methods on an object without a prototype', Object.assign(Object.create(null), { amr: ['pwd'] }), true],
    ['false', false, false],
    ['null', null, false],
  ])('verify may answer %s', async (_, answer, isYes) => {
    const outcomes: unknown[] = [];
    const page = postPage('/ask', async ({ auth }) => {
      for (const verify of [() => answer, async () => answer]) {
        for (const user of ['alice', null]) outcomes.push((await auth().signIn({ user, verify })).ok);
      }
      if (auth().session !== null) outcomes.push((await auth().reauthenticate({ verify: () => answer })).ok);
    });
    const { browser } = await open(framework, { pages: [page] });
    expect((await browser().post('/ask')).status).toBe(200);
    // No answer of `verify` signs an unknown user in.
    expect(outcomes).toEqual(isYes ? [true, false, true, false, true] : [false, false, false, false]);
  });

  test('authorize that answers neither true nor false is an error, and nothing is done', async () => {
    let answer: unknown;
    const { browser: open_ } = await open(framework, { routes: { authorize: () => answer as boolean } });
    const browser = open_();
    await browser.signIn('alice');
    for (const [name, unclear] of Object.entries(NO_BOOLEAN)) {
      for (const given of [unclear, Promise.resolve(unclear)]) {
        answer = given;
        for (const method of ['get', 'post'] as const) {
          const path = method === 'get' ? '/sessions' : '/sessions/sign-out-everywhere';
          expect(await browser[method](path), `${method}: ${name}`).toMatchObject({ status: 500, setCookies: [] });
        }
      }
    }
    answer = true;
    expect((await browser.get('/sessions')).status).toBe(200);
    answer = Promise.resolve(false);
    expect((await browser.get('/sessions')).status).toBe(403);
  });

  describe('loginUrl', () => {
    const places = {
      ...NO_BOOLEAN,
      true: true,
      'a promise': Promise.resolve('/login'),
      'a relative path': 'login',
      'a host': '//evil.example/login',
      'a host behind a backslash': '/\\evil.example',
      'a script': 'javascript:alert(1)',
      'a fragment': '/login#top',
      'a line break': '/login\r\nset-cookie: a=b',
    };

    test('that gives no place to go to is an error, and sends the browser nowhere', async () => {
      let place: unknown;
      const { browser } = await open(framework, { authentication: { loginUrl: () => place as string } });
      for (const [name, given] of Object.entries(places)) {
        place = given;
        const { status, headers } = await browser().get('/private', NAVIGATION);
        expect([status, headers.location], name).toEqual([500, undefined]);
      }
    });

    test('may give a path on this host, and the URL of another one', async () => {
      let place = '';
      const { browser } = await open(framework, { authentication: { loginUrl: () => place } });
      for (place of ['/login', 'https://login.example.org/start', 'http://localhost:3000/login']) {
        const { headers } = await browser().get('/private', NAVIGATION);
        expect(headers.location).toBe(`${place}?returnTo=%2Fprivate`);
      }
    });
  });
}
