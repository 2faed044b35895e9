// A page with the card in it, in a real browser, before a stub server.
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
  /** Whether the test moves the page's clock: its timers stand still, too. */
  readonly clock?: boolean;
  /** Runs before the page does. */
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

  /** Says yes or no in the dialog. */
  async answer(name: string): Promise<void> {
    await this.dialog.getByRole('button', { name, exact: true }).click();
    await this.dialog.waitFor({ state: 'detached' });
  }

  /** What was dispatched, as a listener of the document heard it. */
  cardEvents(): Promise<CardEvent[]> {
    return this.page.evaluate(() => (globalThis as unknown as { cardEvents: CardEvent[] }).cardEvents);
  }

  /** Pretends that the tab is behind another one, or before it again. */
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

/** What a test file needs: a browser, and for each test a stub server and pages, which are closed after it. */
export function useCardPages(): {
  readonly stub: StubServer;
  open(options?: OpenOptions): Promise<CardPage>;
  /** The browser may complain in these words. */
  expectComplaint(pattern: RegExp): void;
  /** What it complained about so far. */
  complaints(): readonly string[];
} {
  let chromium: Chromium;
  let script: string;
  let stub: StubServer;
  const devices: BrowserContext[] = [];
  // One page serves all tests that ask for nothing special: a new one takes longer than most of them.
  let common: Page | null = null;
  let complaints: string[] = [];
  let expected: RegExp[] = [];

  beforeAll(async () => {
    [chromium, script] = await Promise.all([commonChromium(), buildFile()]);
  }, TEST_TIMEOUT);
  afterAll(() => common?.context().close(), TEST_TIMEOUT);
  // One for each test: what a page still asks when its test is over is not counted in the next one.
  beforeEach(async () => {
    stub = new StubServer(script);
    await stub.listen();
  }, TEST_TIMEOUT);
  afterEach(async () => {
    for (const device of devices.splice(0)) await device.close();
    // A page that is still on its way elsewhere does not go where it is told.
    await common?.goto('about:blank').catch(async () => {
      await common?.context().close();
      common = null;
    });
    await stub.close();
    const unexpected = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)));
    complaints = [];
    expected = [];
    // An error in the script, or something that the Content-Security-Policy has stopped.
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
      // The browser logs every failed answer: those are what is tested.
      const isAnswer = message.text().startsWith('Failed to load resource');
      if (['error', 'warning'].includes(message.type()) && !isAnswer) complaints.push(message.text());
    });
    // The time of day is the same in each run, and how long a test takes does not matter to it.
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

/** Runs in the page, before its scripts. */
function listen(): void {
  const cardEvents: CardEvent[] = [];
  Object.assign(globalThis, { cardEvents });
  const names = ['session-ended', 'others-signed-out', 'signed-out', 'policy-changed', 'session-error'] as const;
  for (const name of names satisfies readonly (keyof CardEvents)[]) {
    document.addEventListener(name, ({ detail }) => cardEvents.push({ name, detail: { ...detail } }));
  }
}
