import type { BrowserContext, Page } from 'playwright-core';
import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../examples/spa/app.js';
import { listen } from '../frameworks/http/framework.ts';
import { MINUTE, TestClock } from '../frameworks/http/site.ts';
import { Gatekeeper } from '../frameworks/http/store.ts';
import { type Chromium, launch } from '../ui/support/chromium.ts';
import { describeInChromium } from '../ui/support/describe-in-chromium.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';

/** Longer than the lifetime of the example's access tokens. */
const LONG_ENOUGH = 6 * MINUTE;

describeInChromium('examples/spa in the browser', () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await launch();
  }, TEST_TIMEOUT);
  afterAll(() => chromium?.close(), TEST_TIMEOUT);

  /** Serves the example with the test's own clock and store. */
  async function serve() {
    const [clock, store] = [new TestClock(), new Gatekeeper(memoryStore())];
    const sessions = createSessions<string>({ store: store.store, clock, timeout: '2m' });
    let app: ReturnType<typeof createApp> | undefined;
    const { url, close } = await listen((request, response) => app?.(request, response));
    app = createApp(sessions, url);
    const complaints: string[] = [];
    onTestFinished(async () => {
      await close();
      await sessions.close();
      expect(complaints).toEqual([]);
    });

    async function newDevice(): Promise<BrowserContext> {
      const device = await chromium.newDevice();
      onTestFinished(() => device.close());
      return device;
    }
    return {
      ...{ clock, store, sessions, newDevice },
      living: async () => (await sessions.list({ user: 'alice' })).sessions.length,
      /** Opens another tab of a device, and records the status of each of its refreshes. */
      async newTab(device: BrowserContext): Promise<Tab> {
        const page = await device.newPage();
        const refreshes: number[] = [];
        page.on('response', (response) => {
          if (isRefresh(response.url())) refreshes.push(response.status());
        });
        page.on('pageerror', (error) => complaints.push(String(error)));
        await page.goto(url);
        return { page, refreshes };
      },
    };
  }

  interface Tab {
    readonly page: Page;
    readonly refreshes: number[];
  }

  async function signIn({ page }: Tab): Promise<void> {
    await page.getByLabel('User').fill('alice');
    await page.getByLabel('Password').fill('wonderland');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await home({ page }).waitFor();
  }

  const home = ({ page }: Pick<Tab, 'page'>) => page.getByRole('heading', { name: 'Devices of alice' });
  const form = ({ page }: Pick<Tab, 'page'>) => page.getByLabel('Password');

  /** Sends the page's requests again. Resolves after a successful answer. */
  async function look({ page }: Tab): Promise<void> {
    const answered = page.waitForResponse((response) => response.url().endsWith('/api/me') && response.ok());
    await page.getByRole('button', { name: 'Look again' }).click();
    await answered;
  }

  test('two tabs refresh at once: by a lock one waits for the other, both go on, and it is one session', async () => {
    const { clock, living, newDevice, newTab } = await serve();
    const device = await newDevice();
    const one = await newTab(device);
    await form(one).waitFor();
    await signIn(one);
    // The second tab has no access token. It has only the cookie.
    const other = await newTab(device);
    await home(other).waitFor();
    for (const { refreshes } of [one, other]) refreshes.length = 0;

    clock.advance(LONG_ENOUGH);
    const held = await hold(one.page);
    const looking = [look(one)];
    await held.arrived;
    looking.push(look(other));
    await expect.poll(() => queueOf(other.page)).toEqual({ held: 1, pending: 1 });
    expect([one.refreshes, other.refreshes]).toEqual([[], []]);
    held.release();
    await Promise.all(looking);
    expect([one.refreshes, other.refreshes]).toEqual([[200], [200]]);
    expect(await living()).toBe(1);
    for (const tab of [one, other]) expect(await home(tab).isVisible()).toBe(true);
  });

  test('RTR-4: where the browser has no locks, the one who loses is told to try again, and nobody is thrown out', async () => {
    const { clock, store, living, newDevice, newTab } = await serve();
    const device = await newDevice();
    await device.addInitScript("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })");
    const one = await newTab(device);
    await signIn(one);
    const other = await newTab(device);
    await home(other).waitFor();
    for (const { refreshes } of [one, other]) refreshes.length = 0;

    clock.advance(LONG_ENOUGH);
    // Both tabs hold expired access tokens and the same cookie. The first rotation waits until the other tab's token is
    // read.
    const [both, arrive] = gate();
    const [waiting, wait] = gate();
    store.before = async (verb) => {
      if (verb !== 'renew') return;
      store.before = (next) => {
        if (next === 'find') arrive();
      };
      wait();
      await both;
    };
    const held = await hold(other.page);
    const lookingToo = look(other);
    await held.arrived;
    const looking = look(one);
    await waiting;
    held.release();
    await Promise.all([looking, lookingToo]);
    expect([...one.refreshes, ...other.refreshes].sort()).toEqual([200, 200, 409]);
    expect(await living()).toBe(1);
    for (const tab of [one, other]) expect(await home(tab).isVisible()).toBe(true);
  });

  test('SES-12: what another device revokes is over in both tabs at their next call', async () => {
    const { living, newDevice, newTab } = await serve();
    const device = await newDevice();
    const one = await newTab(device);
    await signIn(one);
    const other = await newTab(device);
    await home(other).waitFor();
    const phone = await newTab(await newDevice());
    await signIn(phone);
    expect(await living()).toBe(2);

    await phone.page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await form(phone).waitFor();
    expect(await living()).toBe(0);
    for (const tab of [one, other]) {
      // The server pushes nothing, so the open page does not change.
      expect(await home(tab).isVisible()).toBe(true);
      await tab.page.getByRole('button', { name: 'Look again' }).click();
      await form(tab).waitFor();
    }
    // A refusal does not delete the cookie. The cookie is useless, and the next sign-in replaces it.
    const [dead] = await device.cookies();
    await one.page.reload();
    await form(one).waitFor();
    await signIn(one);
    const [renewed, ...others] = await device.cookies();
    expect([renewed?.name, others]).toEqual([dead?.name, []]);
    expect(renewed?.value).not.toBe(dead?.value);
    expect(await living()).toBe(1);
  });

  test('CKE-3: no script can read the refresh token, and none of it is kept where scripts keep things', async () => {
    const { newDevice, newTab } = await serve();
    const device = await newDevice();
    const tab = await newTab(device);
    await signIn(tab);
    const [cookie, ...others] = await device.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ name: 'default-refresh', httpOnly: true, sameSite: 'Strict', expires: -1 });
    const seen = 'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])';
    expect(await tab.page.evaluate(seen)).toBe('["",{},{}]');
    await tab.page.reload();
    await home(tab).waitFor();
  });

  test('CKE-3: a script that got in has the access token, and gets no refresh token for it, cookie or none', async () => {
    const { living, newDevice, newTab } = await serve();
    const tab = await newTab(await newDevice());
    await signIn(tab);
    const asked = tab.page.waitForRequest((request) => request.url().endsWith('/api/me'));
    await look(tab);
    const { authorization = '' } = (await asked).headers();
    const steal = (credentials: string): Promise<{ status: number; text: string }> => {
      const options = JSON.stringify({ method: 'POST', credentials, headers: { authorization } });
      const told = 'async (response) => ({ status: response.status, text: await response.text() })';
      return tab.page.evaluate(`fetch('/sessions/sign-out-others', ${options}).then(${told})`);
    };
    const without = await steal('omit');
    expect(without).toMatchObject({ status: 403, text: expect.stringContaining('insufficient-scope') });
    const beside = await steal('same-origin');
    expect(beside).toMatchObject({ status: 200, text: expect.stringContaining('access_token') });
    for (const { text } of [without, beside]) expect(text).not.toMatch(/rt1\.|refresh_token/);
    // The browser stored the new refresh token, so the page continues to work.
    await look(tab);
    expect(await living()).toBe(1);
  });

  test('OPS-1: an outage is no sign-out', async () => {
    const { store, newDevice, newTab } = await serve();
    const tab = await newTab(await newDevice());
    await signIn(tab);
    store.state = 'throws';
    await tab.page.reload();
    await tab.page.getByText('The server cannot answer at the moment.').waitFor();
    store.state = 'answers';
    await tab.page.reload();
    await home(tab).waitFor();
  });
});

const isRefresh = (url: string): boolean => url.endsWith('/sessions/refresh');

/** Delays a page's refreshes until `release` is called. */
async function hold(page: Page): Promise<{ readonly arrived: Promise<void>; release(): void }> {
  const [arrived, arrive] = gate();
  const [going, go] = gate();
  await page.route(
    ({ href }) => isRefresh(href),
    async (route) => {
      arrive();
      await going;
      await route.continue();
    },
  );
  return { arrived, release: go };
}

/** Returns the number of holders of the device's lock, and of waiting tabs. */
const queueOf = (page: Page): Promise<unknown> =>
  page.evaluate(
    'navigator.locks.query().then(({ held, pending }) => ({ held: held.length, pending: pending.length }))',
  );

function gate(): readonly [passing: Promise<void>, open: () => void] {
  let open = (): void => {};
  const passing = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [passing, open];
}
