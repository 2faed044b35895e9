import { createSessions, type Sessions } from 'session-revocation';
import {
  type Auth,
  authentication,
  requireRecentSignIn,
  requireSession,
  sessionOf,
  sessionRoutes,
} from 'session-revocation/fetch';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test, vi } from 'vitest';
import { COOKIE } from './http/site.ts';

const ORIGIN = 'https://app.example.org';
const OURS = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
const FORM = 'application/x-www-form-urlencoded';

const newSessions = (): Sessions => createSessions({ store: memoryStore() });

function request(path: string, { headers, ...init }: RequestInit = {}): Request {
  return new Request(ORIGIN + path, { ...init, headers: { ...OURS, ...(headers as Record<string, string>) } });
}

const alice = (auth: Auth) => auth.signIn({ user: 'alice', verify: () => true });

/** Signs Alice in and returns her `Cookie` header. */
async function cookieOf(sessions: Sessions): Promise<string> {
  const auth = await authentication(sessions)(request('/', { method: 'POST' }));
  await alice(auth);
  const [line = ''] = auth.commit(new Response()).headers.getSetCookie();
  return line.split(';', 1)[0]!;
}

async function opened(path: string, init: RequestInit = {}): Promise<{ sessions: Sessions; auth: Auth }> {
  const sessions = newSessions();
  const cookie = await cookieOf(sessions);
  const headers = { cookie, ...(init.headers as Record<string, string>) };
  return { sessions, auth: await authentication(sessions)(request(path, { ...init, headers })) };
}

describe('commit', () => {
  const SET = expect.stringMatching(new RegExp(`^${COOKIE}=sr1\\.`));

  test('puts the cookie on a copy, and leaves the response that is given', async () => {
    const auth = await authentication(newSessions())(request('/', { method: 'POST' }));
    await alice(auth);
    const given = new Response('hello', { status: 201, statusText: 'Made', headers: { 'x-own': '1' } });
    const response = auth.commit(given);
    expect(given.headers.getSetCookie()).toEqual([]);
    expect(response.headers.getSetCookie()).toEqual([SET]);
    expect(response).toMatchObject({ status: 201, statusText: 'Made' });
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-own': '1', 'cache-control': 'no-store' });
    expect(await response.text()).toBe('hello');
  });

  test.each([
    ['a redirect', () => Response.redirect(`${ORIGIN}/home`, 303), 303],
    ['no content', () => new Response(null, { status: 204 }), 204],
    ['what was fetched', () => fetch('data:text/plain,hello'), 200],
  ])('works on %s', async (_, make, status) => {
    const auth = await authentication(newSessions())(request('/', { method: 'POST' }));
    await alice(auth);
    const given = await make();
    if (status !== 204) expect(() => given.headers.set('x', '1')).toThrow(TypeError);
    const response = auth.commit(given);
    expect(response.status).toBe(status);
    expect(response.headers.getSetCookie()).toEqual([SET]);
    expect(response.headers.get('location')).toBe(given.headers.get('location'));
  });

  test('a body that streams is not waited for', async () => {
    const { auth } = await opened('/', { method: 'POST' });
    await auth.renew();
    const pull = vi.fn();
    const body = new ReadableStream({ pull }, { highWaterMark: 0 });
    expect(auth.commit(new Response(body)).bodyUsed).toBe(false);
    expect(pull).not.toHaveBeenCalled();
  });

  test('keeps the cookies that are there, several lines several', async () => {
    const { auth } = await opened('/', { method: 'POST' });
    await auth.signOut();
    const lines = ['theme=dark; Path=/; Expires=Thu, 01 Jan 2032 00:00:00 GMT', `${COOKIE}-hint=1`, 'theme=light'];
    const headers = new Headers(lines.map((line): [string, string] => ['set-cookie', line]));
    const response = auth.commit(new Response(null, { headers }));
    expect(response.headers.getSetCookie()).toEqual([...lines, expect.stringMatching(`^${COOKIE}=; .*Max-Age=0`)]);
  });

  test('has the last word on its own cookie', async () => {
    const { auth } = await opened('/', { method: 'POST' });
    await auth.renew();
    await auth.signOut();
    const response = auth.commit(new Response(null, { headers: { 'set-cookie': `${COOKIE}=old` } }));
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(`^${COOKIE}=; `)]);
  });

  test('gives the same response where there is nothing to add', async () => {
    const { auth } = await opened('/');
    const response = new Response('public', { headers: { 'cache-control': 'max-age=60' } });
    expect(auth.commit(response)).toBe(response);
    expect(response.headers.get('cache-control')).toBe('max-age=60');
  });

  test('twice comes out the same', async () => {
    const { auth } = await opened('/', { method: 'POST' });
    await auth.renew();
    const once = auth.commit(new Response(null, { headers: { 'set-cookie': 'theme=dark' } }));
    expect(auth.commit(once).headers.getSetCookie()).toEqual(once.headers.getSetCookie());
    expect(once.headers.getSetCookie()).toHaveLength(2);
  });

  test.each<[string, (auth: Auth) => Promise<unknown>]>([
    ['signIn', alice],
    ['signOut', (auth) => auth.signOut()],
    ['renew', (auth) => auth.renew()],
    ['trigger', (auth) => auth.trigger('passwordChanged')],
  ])('afterwards %s is a TypeError, and does nothing', async (_, act) => {
    const { auth, sessions } = await opened('/', { method: 'POST' });
    auth.commit(new Response());
    await expect(act(auth)).rejects.toThrow(TypeError);
    expect((await sessions.list({ user: 'alice' })).sessions).toMatchObject([{ id: auth.session?.id }]);
  });

  test('a sign-in that is under way meanwhile cannot lose its cookie in silence', async () => {
    const sessions = newSessions();
    const auth = await authentication(sessions)(request('/', { method: 'POST' }));
    const verify = (): boolean => {
      auth.commit(new Response());
      return true;
    };
    await expect(auth.signIn({ user: 'alice', verify })).rejects.toThrow('the response was committed');
    expect(auth.commit(new Response()).headers.getSetCookie()).toEqual([]);
    expect((await sessions.list({ user: 'alice' })).sessions).toEqual([]);
  });

  test('a response whose body is gone is refused by the platform', async () => {
    const { auth } = await opened('/', { method: 'POST' });
    await auth.renew();
    const used = new Response('x');
    await used.text();
    expect(() => auth.commit(used)).toThrow(TypeError);
  });

  test('of two realms, one after the other', async () => {
    const [one, other] = [newSessions(), createSessions({ store: memoryStore(), realm: 'staff' })];
    const post = request('/', { method: 'POST' });
    const auths = [await authentication(one)(post), await authentication(other)(post)];
    for (const auth of auths) await alice(auth);
    const response = auths.reduce((committed, auth) => auth.commit(committed), new Response());
    const names = response.headers.getSetCookie().map((line) => line.split('=', 1)[0]);
    expect(names).toEqual([COOKIE, '__Host-staff-session']);
  });
});

describe('guards', () => {
  test('give null to go on', async () => {
    const { auth } = await opened('/');
    expect(await requireSession()(auth)).toBeNull();
    expect(await requireRecentSignIn({ maxAge: '5m' })(auth)).toBeNull();
  });

  test('give a committed response: it leaves the cookie alone, and nothing can be set by it any more', async () => {
    const sessions = newSessions();
    const cookie = await cookieOf(sessions);
    await sessions.revoke({ user: 'alice' });
    const auth = await authentication(sessions)(request('/', { headers: { cookie } }));
    const response = await requireSession()(auth);
    expect(response?.status).toBe(401);
    expect(response?.headers.getSetCookie()).toEqual([]);
    expect(await response?.json()).toMatchObject({ reason: 'revoked' });
    await expect(alice(auth)).rejects.toThrow(TypeError);
  });

  test('that go on commit nothing', async () => {
    const { auth } = await opened('/', { method: 'POST' });
    await requireSession()(auth);
    expect(await auth.renew()).toMatchObject({ ok: true });
  });

  test('refuse a value that is not the Auth from open(request)', async () => {
    for (const wrong of [undefined, null, {}, newSessions()]) {
      await expect(requireSession()(wrong as Auth)).rejects.toThrow(
        /^auth must be the result of await open\(request\)/,
      );
    }
  });

  test('of another realm are misuse', async () => {
    const { auth, sessions } = await opened('/');
    expect(await requireSession({ sessions })(auth)).toBeNull();
    const other = newSessions();
    await expect(requireSession({ sessions: other })(auth)).rejects.toThrow(/other sessions/);
    await expect(requireRecentSignIn({ sessions: other, maxAge: '5m' })(auth)).rejects.toThrow(/other sessions/);
  });

  test('sessionOf throws where there is none', async () => {
    const auth = await authentication(newSessions())(request('/'));
    expect(() => sessionOf(auth)).toThrow(expect.objectContaining({ code: 'SESSION_REQUIRED', status: 401 }));
  });
});

describe('sessionRoutes', () => {
  const answerTo = async (path: string, init: RequestInit = {}, mount = '/sessions'): Promise<Response | null> => {
    const { auth, sessions } = await opened(path, init);
    return sessionRoutes(sessions, { path: mount })(auth);
  };

  test('answer their path and what is below, segment by segment', async () => {
    for (const path of ['/sessions', '/sessions/', '/sessions?limit=1', '/x/../sessions']) {
      expect((await answerTo(path))?.status).toBe(200);
    }
    for (const path of ['/sessionsx', '/', '/a/sessions', '/Sessions', '//sessions', '/sessions/a/b']) {
      expect(await answerTo(path)).toBeNull();
    }
    expect((await answerTo('/', {}, '/'))?.status).toBe(200);
    expect((await answerTo('/a/b?x=/sessions', {}, '/a/b/'))?.status).toBe(200);
  });

  test.each(['', 'sessions', '//sessions', '/sessions?x', '/a#b', 7, undefined])(
    'a path of %j is refused at start-up',
    (path) => {
      expect(() => sessionRoutes(newSessions(), { path: path as string })).toThrow(
        /^sessionRoutes\(sessions, \{ path \}\): path is .*; use the mount path/,
      );
    },
  );

  test('another realm is misuse', async () => {
    const { auth } = await opened('/sessions');
    await expect(sessionRoutes(newSessions(), { path: '/sessions' })(auth)).rejects.toThrow(/other sessions/);
  });

  describe('the body', () => {
    const body = (text: string): RequestInit => ({ method: 'POST', body: text, headers: { 'content-type': FORM } });

    test('is read where a route needs it', async () => {
      const init = body('returnTo=%2Fbye');
      const headers = { ...(init.headers as object), 'sec-fetch-dest': 'document' };
      const response = await answerTo('/sessions/sign-out', { ...init, headers });
      expect([response?.status, response?.headers.get('location')]).toEqual([303, '/bye']);
    });

    test('is left alone by open, by guards, and on other paths', async () => {
      const sessions = newSessions();
      const mine = request('/elsewhere', { ...body('returnTo=/x') });
      const auth = await authentication(sessions)(mine);
      await requireSession()(auth);
      expect(await sessionRoutes(sessions, { path: '/sessions' })(auth)).toBeNull();
      expect(mine.bodyUsed).toBe(false);
      expect(await mine.text()).toBe('returnTo=/x');
    });

    test('that was used already is a clear error, and nothing is done', async () => {
      const sessions = newSessions();
      const cookie = await cookieOf(sessions);
      const post = request('/sessions/sign-out-everywhere', { ...body('kinds=api'), headers: { cookie } });
      const auth = await authentication(sessions)(post);
      await post.text();
      await expect(sessionRoutes(sessions, { path: '/sessions' })(auth)).rejects.toThrow(/clone\(\)/);
      expect((await sessions.list({ user: 'alice' })).sessions).toHaveLength(1);
    });

    test('of a clone may be read beside', async () => {
      const sessions = newSessions();
      const cookie = await cookieOf(sessions);
      const headers = { cookie, 'content-type': FORM };
      const post = request('/sessions/sign-out', { ...body('returnTo=/x'), headers });
      const auth = await authentication(sessions)(post.clone());
      expect(await post.text()).toBe('returnTo=/x');
      expect((await sessionRoutes(sessions, { path: '/sessions' })(auth))?.status).toBe(204);
    });
  });
});

test('the address is what the host says, and no header', async () => {
  const sessions = newSessions();
  const open = authentication(sessions);
  const forged = request('/', { method: 'POST', headers: { 'x-forwarded-for': '203.0.113.9' } });
  for (const ip of ['192.0.2.5', undefined]) {
    const auth = await open(forged, { ip });
    await alice(auth);
    expect(auth.session?.device.ip).toBe(ip ?? null);
  }
  await alice(await open(forged));
});

test.each(['cache', [], ['cookies'], ['*'], ['"cache"'], null])('clearSiteData refuses %j', (clearSiteData) => {
  expect(() => authentication(newSessions(), { clearSiteData } as object)).toThrow(/'cache', 'storage' and 'exec/);
});

test.each([{ property: 'auth' }, { cookies: {} }, null, 7])('authentication refuses to be made with %j', (options) => {
  expect(() => authentication(newSessions(), options as object)).toThrow(TypeError);
});

test('the triggers of the sessions are known by type', async () => {
  const sessions = createSessions({ store: memoryStore(), triggers: { planDowngraded: 'everywhere' } });
  const open = authentication(sessions);
  const post = request('/', { method: 'POST' });
  const auth = await open(post);
  await alice(auth);
  // @ts-expect-error
  await expect(auth.trigger('planUpgraded')).rejects.toThrow(TypeError);
  expect(await auth.trigger('planDowngraded')).toMatchObject({ revoked: true });
});
