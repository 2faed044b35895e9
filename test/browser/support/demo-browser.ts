// The demo in a real browser: one Chromium for a file of tests, one context for each device.
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

/** Names of hosts that lead to this machine: a subdomain, and a customer's own domain. */
export const HOSTS = ['acme.localhost', 'login.customer.example'] as const;

export interface NewPageOptions extends DeviceOptions {
  readonly host?: string;
  /** Whether the card's script arrives. */
  readonly script?: boolean;
}

export interface DemoBrowser {
  /** Serves a product. */
  open(product: string): Promise<Site>;
  /** A device of its own, with a blank page. It takes for now what the product does at this moment. */
  newPage(site: Site, options?: NewPageOptions): Promise<DemoPage>;
  /** The same, signed in already: for what is not about how that looks. */
  signedIn(site: Site, person: Person, options?: NewPageOptions & { readonly remember?: boolean }): Promise<DemoPage>;
}

/** What a file of tests needs. Every page is closed after its test, and nothing may have gone wrong in it. */
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
    // An error in a script, or something that the Content-Security-Policy has stopped.
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

/** What runs is Chromium, and says so in its hints, whatever its `User-Agent` says. */
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

/** The browser logs every failed answer, which are what is tested; and that http is no https. */
const isExpected = (text: string): boolean =>
  text.startsWith('Failed to load resource') ||
  text.startsWith('The Cross-Origin-Opener-Policy header has been ignored');
