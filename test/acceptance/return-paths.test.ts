// Every return path in a link or a form stays on the same host.
import { describe, expect, test } from 'vitest';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import type { Answer } from './support/answer.ts';
import type { Device } from './support/device.ts';
import { formsOf } from './support/forms.ts';
import { open, type Site } from './support/site.ts';

const EVIL = [
  '//evil.example',
  '///evil.example',
  '////evil.example/%2e%2e',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\\/evil.example',
  '/%5cevil.example',
  '/%5C%5Cevil.example',
  '%2f%2fevil.example',
  '/%2f%2fevil.example',
  '/%2fevil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/a/%2e%2e//evil.example',
  '/./\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\n/evil.example',
  '/\r\nLocation: http://evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/ /evil.example',
  '/\u0000/evil.example',
  '/\u007f/evil.example',
  '/\u00a0/evil.example',
  '/\u2028/evil.example',
  '／／evil.example',
  '/／evil.example',
  '/\ufeff/evil.example',
  'http://evil.example/',
  'http:evil.example',
  'http:/evil.example',
  'https:evil.example',
  'HTTP://evil.example',
  'javascript:alert(1)',
  'data:text/html,evil',
  '//evil.example@localhost',
  '//localhost:80@evil.example/',
  '/@evil.example',
  '@evil.example',
  '.evil.example',
  '?returnTo=//evil.example',
  '#//evil.example',
  '//[::1]/',
  '//evil%E3%80%82example',
  `/${'a'.repeat(10_000)}`,
  '',
];

/** Returns where a browser goes. As WHATWG says, it drops tabs and line breaks, and takes a backslash for a slash. */
function placeOf({ status, location, text }: Answer, device: Device): URL {
  expect([status, location === null]).toEqual([303, false]);
  expect(text).not.toContain('evil.example">');
  return new URL(location ?? '', device.origin);
}

/** Returns all paths that lead to another host, so that a failure shows all of them. */
async function leaving(
  device: Device,
  paths: readonly string[],
  go: (path: string) => Promise<Answer>,
): Promise<unknown[]> {
  const left = [];
  for (const path of paths) {
    const place = placeOf(await go(path), device);
    if (place.origin !== device.origin || place.username !== '') left.push([path, place.href]);
  }
  return left;
}

/** Makes a site accept every password: comparing passwords is slow and not tested here. */
function trusting(site: Site): Site {
  site.users.verify = async () => true;
  return site;
}

describe('a return path never leaves the host', { timeout: TEST_TIMEOUT }, () => {
  test('through a sign-in', async () => {
    const site = trusting(await open('e'));
    const device = site.newDevice();
    const signIn = (returnTo: string) => device.submit('/sign-in', { ...site.credentialsOf('owner'), returnTo });
    expect(await leaving(device, EVIL, signIn)).toEqual([]);
    // A valid path arrives unchanged.
    expect((await signIn('/account?done=email#email')).location).toBe('/account?done=email#email');
  });

  test('through the form of the login page', async () => {
    const site = await open('e');
    const device = site.newDevice();
    const left = [];
    for (const path of EVIL) {
      const { status, text } = await device.open(`/?${new URLSearchParams({ returnTo: path })}`);
      expect(status).toBe(200);
      const returnTo = formsOf(text)[0]?.fields.returnTo ?? '';
      if (new URL(returnTo, device.origin).origin !== device.origin || !returnTo.startsWith('/'))
        left.push([path, returnTo]);
    }
    expect(left).toEqual([]);
  });

  test('through a refused sign-in', async () => {
    const site = await open('e');
    site.users.verify = async () => false;
    const device = site.newDevice();
    for (const path of EVIL) {
      const { status, text } = await device.submit('/sign-in', {
        email: 'x@y.example',
        password: 'wrong',
        returnTo: path,
      });
      expect(status).toBe(401);
      const returnTo = formsOf(text)[0]?.fields.returnTo ?? '';
      expect([path, returnTo.startsWith('/'), new URL(returnTo, device.origin).origin]).toEqual([
        path,
        true,
        device.origin,
      ]);
    }
  });

  test.each(['sign-out', 'sign-out-others', 'sign-out-everywhere'])('through /sessions/%s', async (route) => {
    const site = trusting(await open('e'));
    const device = site.newDevice();
    const signOut = async (returnTo: string): Promise<Answer> => {
      await site.signIn(device, 'owner');
      return device.submit(`/sessions/${route}`, { returnTo });
    };
    expect(await leaving(device, EVIL, signOut)).toEqual([]);
    expect((await signOut('/about')).location).toBe('/about');
  });

  test('through the end of one session', async () => {
    const site = trusting(await open('d'));
    const device = await site.signedIn('owner');
    const end = async (returnTo: string): Promise<Answer> => {
      const id = await site.signIn(site.newDevice(), 'owner');
      return device.submit(`/sessions/${id}/sign-out`, { returnTo });
    };
    expect(await leaving(device, EVIL, end)).toEqual([]);
  });

  test('through a guard that sends to the login page', async () => {
    const site = trusting(await open('e'));
    const device = site.newDevice();
    // Request targets exactly as a client may send them.
    const targets = [
      '/account?next=//evil.example',
      '//evil.example/../account',
      '/profile?x=%2f%2fevil.example',
      '/profile?returnTo=//evil.example&reason=x',
      '/account/?#//evil.example',
    ];
    for (const target of targets) {
      const guarded = await device.open(target);
      if (guarded.status === 404) continue;
      const place = placeOf(guarded, device);
      expect(place.origin + place.pathname).toBe(`${device.origin}/`);
      const back = await device.submit('/sign-in', {
        ...site.credentialsOf('owner'),
        returnTo: place.searchParams.get('returnTo') ?? '',
      });
      expect(placeOf(back, device).origin).toBe(device.origin);
      await device.submit('/sign-out');
    }
  });

  test('through the shop', async () => {
    const site = trusting(await open('d'));
    const device = site.newDevice();
    const signIn = (returnTo: string) => device.submit('/shop/sign-in', { ...site.credentialsOf('buyer'), returnTo });
    expect(await leaving(device, EVIL, signIn)).toEqual([]);
  });

  test('whatever the Host header says', async () => {
    const site = trusting(await open('e'));
    const device = site.newDevice();
    for (const host of ['evil.example', 'evil.example:80', 'localhost@evil.example', 'localhost, evil.example']) {
      const { status, location } = await device.open('/account', { host, 'x-forwarded-host': 'evil.example' });
      expect([status, location]).toEqual([303, '/?returnTo=%2Faccount']);
    }
  });
});
