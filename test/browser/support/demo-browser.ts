// The demo in a real browser. A test file shares one Chromium. Each device is a browser context.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Person } from '../../acceptance/support/people.ts';
import { open, type Site } from '../../acceptance/support/site.ts';
import { buildFile } from '../../ui/support/built-file.ts';
import { type Chromium, type DeviceOptions, launch } from '../../ui/support/chromium.ts';
import { TEST_TIMEOUT } from '../../ui/support/timeouts.ts';
import { DemoPage } from './demo-page.ts';

/** Host names that resolve to this machine: a sub-domain, and a customer's own domain. */
export const HOSTS = ['acme.localhost', 'login.customer.example'] as const;

export interface NewPageOptions extends DeviceOptions {
  readonly host?: string;
  /** `false` replaces the page's scripts with empty files. Default `true`. */
  readonly script?: boolean;
}

export interface DemoBrowser {
  /** Starts a server for a product. */
  open(product: string): Promise<Site>;
  /** Opens a blank page on a new device. The page's time is fixed at the product's present time. */
  newPage(site: Site, options?: NewPageOptions): Promise<DemoPage>;
  /** Like `newPage`, but already signed in, for tests that do not test the login page. */
  signedIn(site: Site, person: Person, options?: NewPageOptions & { readonly remember?: boolean }): Promise<DemoPage>;
}

/**
 * Sets up a browser for a test file. Closes every page after its test, and fails the test if the browser logged an
 * error.
 */
export function useDemo(): DemoBrowser {
  let chromium: Chromium;
  let folder: string;
  const contexts: BrowserContext[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-revocation-card-'));
    const [browser, script] = await Promise.all([launch({ hosts: HOSTS }), buildFile()]);
    chromium = browser;
    await writeFile(join(folder, 'ui.js'), script);
  }, TEST_TIMEOUT);
  afterAll(async () => {
    await chromium?.close();
    await rm(folder, { recursive: true, force: true });
  }, TEST_TIMEOUT);
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    const found = complaints;
    complaints = [];
    // Complaints are errors in a script, and actions that the Content-Security-Policy blocked.
    expect(found).toEqual([]);
  }, TEST_TIMEOUT);

  const demo: DemoBrowser = {
    open: (product) => open(product, { card: join(folder, 'ui.js'), hosts: HOSTS }),
    async newPage(site, { host = 'localhost', script = true, ...options } = {}) {
      const context = await chromium.newDevice({ reducedMotion: true, ...options });
      contexts.push(context);
      if (!script)
        await context.route('**/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
      const page = await context.newPage();
      await page.addInitScript(`Date.now = () => ${site.clock.now()}`);
      if (options.userAgent?.includes(' Chrome/')) await passForChrome(page, options.userAgent);
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('dialog', (dialog) => {
        complaints.push(`a script of somebody else says ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()) && !isExpected(message.text()))
          complaints.push(message.text());
      });
      return new DemoPage(page, `http://${host}:${site.port}`, site);
    },
    async signedIn(site, person, { remember = false, ...options } = {}) {
      const device = await site.signedIn(person, options.userAgent, { remember, ...options });
      const demoPage = await demo.newPage(site, options);
      const cookies = device.cookies.map((name) => ({ name, value: device.cookie(name) ?? '', url: device.origin }));
      await demoPage.page.context().addCookies(cookies);
      await demoPage.goto('/profile');
      return demoPage;
    },
  };
  return demo;
}

/** Sets the client hints of Google Chrome. Chromium's own hints would contradict the `User-Agent`. */
async function passForChrome(page: Page, userAgent: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const brands = [
    { brand: 'Chromium', version: '138' },
    { brand: 'Google Chrome', version: '138' },
  ];
  const unknown = { platformVersion: '', architecture: '', model: '', mobile: false };
  const userAgentMetadata = { brands, platform: 'macOS', ...unknown };
  await session.send('Emulation.setUserAgentOverride', { userAgent, userAgentMetadata });
}

/**
 * The browser logs every failed response, but failed responses are part of the tests. It also logs that http is not
 * https.
 */
const isExpected = (text: string): boolean =>
  text.startsWith('Failed to load resource') ||
  text.startsWith('The Cross-Origin-Opener-Policy header has been ignored');
