import { expect, test } from 'vitest';
import { type Answer, type Browser, fetchMetadata, NAVIGATION } from './browser.ts';
import type { Framework } from './framework.ts';
import { COOKIE, open, type Site } from './site.ts';

/** Headers that the server decides: the framing of the body, the time, and the server's own name. */
const OF_THE_SERVER = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'x-powered-by'];

const FORM = 'application/x-www-form-urlencoded';
const EVERY = { 'cache-control': 'no-store', vary: 'Sec-Fetch-Site, Origin' };
const JSON_TEXT = { ...EVERY, 'x-content-type-options': 'nosniff' };
const PROBLEM = { ...JSON_TEXT, 'content-type': 'application/problem+json' };
const DELETION = `${COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT`;

const problem = (name: string, title: string, status: number, more = ''): string =>
  `{"type":"urn:problem-type:session-revocation:${name}","title":"${title}","status":${status}${more}}`;

/** Returns status, headers and body, without the server's own headers. */
function told({ status, headers, text }: Answer): unknown {
  const kept = Object.entries(headers).filter(([name]) => !OF_THE_SERVER.includes(name));
  return [status, Object.fromEntries(kept), text];
}

type Told = readonly [status: number, headers: Readonly<Record<string, unknown>>, body: string];

/** Sends a request. A user is signed in with `mine`. */
type Ask = (mine: Browser, site: Site) => Promise<Answer>;

const CHALLENGED = { ...PROBLEM, 'www-authenticate': 'Session realm="default"' };
const REQUIRED = ['session-required', 'Sign-in required', 401] as const;
const READ = 'application/json, application/x-www-form-urlencoded';
const UNSUPPORTED: Told = [
  415,
  { ...PROBLEM, accept: READ },
  problem(
    'unsupported-media-type',
    'The type of the body is not supported',
    415,
    `,"detail":"the body must be one of ${READ}"`,
  ),
];
const TOO_OLD = 'Session realm="default", error="insufficient_user_authentication", max_age="300"';

/** One answer of every sort, byte for byte. */
const ANSWERS: Readonly<Record<string, readonly [Ask, Told]>> = {
  'a program without a session': [
    (_, { browser }) => browser().get('/private'),
    [401, CHALLENGED, problem(...REQUIRED)],
  ],
  'a page without a session': [
    (_, { browser }) => browser().get('/private?a=1', NAVIGATION),
    [303, { ...EVERY, location: '/login?returnTo=%2Fprivate%3Fa%3D1' }, ''],
  ],
  'a session that was revoked': [
    async (mine, { sessions }) => {
      await sessions.revoke({ user: 'alice' });
      return mine.get('/private');
    },
    [401, CHALLENGED, problem(...REQUIRED, ',"reason":"revoked"')],
  ],
  'a sign-out with a session that was revoked': [
    async (mine, { sessions }) => {
      await sessions.revoke({ user: 'alice' });
      return mine.post('/sessions/sign-out');
    },
    [401, { ...CHALLENGED, 'set-cookie': [DELETION] }, problem(...REQUIRED, ',"reason":"revoked"')],
  ],
  'an authentication that is too old': [
    (mine) => mine.get('/recent-otp'),
    [
      401,
      { ...PROBLEM, 'www-authenticate': TOO_OLD },
      problem('sign-in-not-recent', 'A recent sign-in is required', 401, ',"max_age":300,"amr":["otp"]'),
    ],
  ],
  'a page of another site': [
    (mine) => mine.post('/private', fetchMetadata('cross-site')),
    [403, PROBLEM, problem('cross-origin', 'The request does not come from this site', 403)],
  ],
  'a user without the permission': [
    (mine) => mine.get('/sessions?user=bob'),
    [403, PROBLEM, problem('forbidden', 'Not allowed', 403)],
  ],
  'an outage': [
    (mine, { store }) => {
      store.state = 'throws';
      return mine.get('/private');
    },
    [
      503,
      { ...PROBLEM, 'retry-after': '5' },
      problem('store-unavailable', 'The session store cannot answer at the moment', 503),
    ],
  ],
  'a method that is not allowed': [
    (mine) => mine.get('/sessions/sign-out'),
    [405, { ...PROBLEM, allow: 'POST' }, problem('method-not-allowed', 'Method not allowed', 405)],
  ],
  'no such session': [
    (mine) => mine.delete('/sessions/x'),
    [404, PROBLEM, problem('session-not-found', 'No such session', 404)],
  ],
  'a body of another type': [
    (mine) => mine.post('/sessions/sign-out-others', { 'content-type': 'text/plain' }, '{"kinds":["api"]}'),
    UNSUPPORTED,
  ],
  'a body whose type is none': [
    (mine) => mine.post('/sessions/sign-out-others', { 'content-type': 'nonsense' }, '{"kinds":["api"]}'),
    UNSUPPORTED,
  ],
  'the policy': [
    (mine) => mine.get('/sessions/policy'),
    [
      200,
      { ...JSON_TEXT, 'content-type': 'application/json' },
      '{"account":null,"signOut":"session","mayChange":false}',
    ],
  ],
  'a sign-out': [(mine) => mine.post('/sessions/sign-out'), [204, { ...EVERY, 'set-cookie': [DELETION] }, '']],
  'the sign-out of a form': [
    (mine) => mine.post('/sessions/sign-out', { ...NAVIGATION, 'content-type': FORM }, 'returnTo=%2Fbye'),
    [303, { ...EVERY, location: '/bye', 'set-cookie': [DELETION] }, ''],
  ],
};

export function sameBytes(framework: Framework): void {
  test.each(Object.entries(ANSWERS))('to %s', async (_, [ask, answer]) => {
    const site = await open(framework, { authentication: { loginUrl: '/login' } });
    const mine = site.browser();
    await mine.signIn('alice');
    expect(told(await ask(mine, site))).toEqual(answer);
  });
}
