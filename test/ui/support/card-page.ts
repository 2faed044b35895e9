// A page with the card `<login-management>` in a real browser, served by a stub server.
import type { BrowserContext, Locator, Page } from 'playwright-core';
import type { CardEvents } from 'session-revocation/ui';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { buildFile } from './built-file.ts';
import { type Chromium, commonChromium, type DeviceOptions } from './chromium.ts';
import { DAY, NOW } from './samples.ts';
import { StubServer } from './stub-server.ts';
import { TEST_TIMEOUT } from './timeouts.ts';

export interface CardEvent {
  readonly name: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface OpenOptions extends DeviceOptions {
  /** `true` if the test controls the page's clock. The page's timers then wait for the test. */
  readonly clock?: boolean;
  /** Runs before the page loads. */
  readonly before?: (page: Page) => Promise<unknown>;
}

export class CardPage {
  readonly page: Page;
  readonly card: Locator;

  constructor(page: Page) {
    this.page = page;
    this.card = page.locator('login-management');
  }

  row(label: string): Locator {
    return this.card.getByRole('listitem').filter({ hasText: label });
  }

  button(name: string | RegExp): Locator {
    return this.card.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
  }

  get dialog(): Locator {
    return this.card.getByRole('dialog');
  }

  get status(): Locator {
    return this.card.getByRole('status');
  }

  get alert(): Locator {
    return this.card.getByRole('alert');
  }

  /** Clicks a button of the dialog. */
  async answer(name: string): Promise<void> {
    await this.dialog.getByRole('button', { name, exact: true }).click();
    await this.dialog.waitFor({ state: 'detached' });
  }

  /** Returns the card's events so far, as a listener on the document receives them. */
  cardEvents(): Promise<CardEvent[]> {
    return this.page.evaluate(() => (globalThis as unknown as { cardEvents: CardEvent[] }).cardEvents);
  }

  /** Makes the page believe that its tab is visible or hidden. */
  async show(visible: boolean): Promise<void> {
    await this.page.evaluate(
      (state) => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
        document.dispatchEvent(new Event('visibilitychange'));
      },
      visible ? 'visible' : 'hidden',
    );
  }
}

/** Sets up a browser for a test file, and a stub server and pages for each test. Closes them after the test. */
export function useCardPages(): {
  readonly stub: StubServer;
  open(options?: OpenOptions): Promise<CardPage>;
  /** Allows the browser to log messages that match the pattern. */
  expectComplaint(pattern: RegExp): void;
  /** Returns the errors and warnings that the browser logged so far. */
  complaints(): readonly string[];
} {
  let chromium: Chromium;
  let script: string;
  let stub: StubServer;
  const devices: BrowserContext[] = [];
  // Tests without options share one page, because opening a page takes longer than most tests.
  let common: Page | null = null;
  let complaints: string[] = [];
  let expected: RegExp[] = [];

  beforeAll(async () => {
    [chromium, script] = await Promise.all([commonChromium(), buildFile()]);
  }, TEST_TIMEOUT);
  afterAll(() => common?.context().close(), TEST_TIMEOUT);
  // Each test has its own stub server, so that late requests of a previous test's page are not counted.
  beforeEach(async () => {
    stub = new StubServer(script);
    await stub.listen();
  }, TEST_TIMEOUT);
  afterEach(async () => {
    for (const device of devices.splice(0)) await device.close();
    // `goto` fails on a page that is still navigating.
    await common?.goto('about:blank').catch(async () => {
      await common?.context().close();
      common = null;
    });
    await stub.close();
    const unexpected = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)));
    complaints = [];
    expected = [];
    // Unexpected messages are errors in a script, and actions that the Content-Security-Policy blocked.
    expect(unexpected).toEqual([]);
  }, TEST_TIMEOUT);

  return {
    get stub() {
      return stub;
    },
    expectComplaint: (pattern) => void expected.push(pattern),
    complaints: () => complaints,
    async open(options = {}) {
      const plain = Object.keys(options).length === 0;
      const page = plain && common !== null ? common : await newPage(options);
      if (plain) common = page;
      await page.goto(`${stub.origin}/settings/devices?tab=1`);
      return new CardPage(page);
    },
  };

  async function newPage({ clock = false, before, ...options }: OpenOptions): Promise<Page> {
    const device = await chromium.newDevice(options);
    if (clock || before !== undefined || Object.keys(options).length > 0) devices.push(device);
    const page = await device.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      // The browser logs every failed response, but failed responses are part of the tests.
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (['error', 'warning'].includes(message.type()) && !isAnswer) complaints.push(message.text());
    });
    // Every run shows the same time of day, regardless of the duration of the test.
    if (clock) {
      await page.clock.install({ time: NOW - DAY });
      await page.clock.pauseAt(NOW);
    } else {
      await page.addInitScript((now) => {
        Date.now = () => now;
      }, NOW);
    }
    await page.addInitScript(listen);
    await before?.(page);
    return page;
  }
}

/** Runs in the page, before the page's scripts. Records the card's events. */
function listen(): void {
  const cardEvents: CardEvent[] = [];
  Object.assign(globalThis, { cardEvents });
  const names = ['session-ended', 'others-signed-out', 'signed-out', 'policy-changed', 'session-error'] as const;
  for (const name of names satisfies readonly (keyof CardEvents)[]) {
    document.addEventListener(name, ({ detail }) => cardEvents.push({ name, detail: { ...detail } }));
  }
}
