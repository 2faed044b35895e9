import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../docs/server.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, NAVIGATION } from '../frameworks/http/browser.ts';
import { compiledPackage } from '../services/compiled.ts';
import { SiteBrowser } from './support/site.ts';

const compiled = await compiledPackage();

const FORM = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded' };

test('examples/passport: two devices, and one signs out the other', async () => {
  const server = await startServer('examples/passport/server.js', {
    cwd: compiled,
    env: { PORT: '0', REDIS_URL: '' },
    isCompiled: true,
  });
  onTestFinished(async () => {
    expect(await server.stop()).toBe(0);
  });
  const url = `http://127.0.0.1:${server.port}`;
  const [mac, windows] = [new SiteBrowser(url, CHROME_ON_MAC), new SiteBrowser(url, FIREFOX_ON_WINDOWS)];
  const signIn = (browser: SiteBrowser, password: string) =>
    browser.post('/login', FORM, `username=alice&password=${password}&returnTo=/`);

  expect((await mac.get('/', NAVIGATION)).headers.location).toBe('/login?returnTo=%2F');
  expect((await signIn(mac, 'wrong')).status).toBe(401);
  for (const browser of [mac, windows]) expect((await signIn(browser, 'wonderland')).headers.location).toBe('/');
  const { text } = await mac.get('/', NAVIGATION);
  expect(text).toContain('Devices of alice');
  expect(text).toMatch(/Firefox on Windows[^<]*<form/);
  expect(text).toMatch(/Chrome on Mac OS[^<]*: this one/);

  expect((await mac.post('/sessions/sign-out-others', FORM, 'returnTo=/')).headers.location).toBe('/');
  const { location } = (await windows.get('/', NAVIGATION)).headers;
  expect(location).toBe('/login?returnTo=%2F&reason=signed-out-others');
  expect((await windows.get(String(location), NAVIGATION)).text).toContain('You were signed out on another device.');

  expect((await mac.get('/', NAVIGATION)).status).toBe(200);
  expect((await mac.post('/logout', FORM)).headers.location).toBe('/login');
  expect((await mac.get('/', NAVIGATION)).status).toBe(303);
});
