import type { Page } from 'playwright-core';
import { buildFile } from '../../test/ui/support/built-file.ts';
import { launch } from '../../test/ui/support/chromium.ts';
import { sample } from '../../test/ui/support/samples.ts';
import { StubServer } from '../../test/ui/support/stub-server.ts';
import { spreadOf } from '../harness/race.ts';
import type { Section } from '../harness/section.ts';
import { digits } from '../harness/text.ts';

const ROWS = 1000;
const ROUNDS = 7;
const MAX_LOOKS = 600;

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time of the thread, in microseconds. Time of other programs does not count. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * Starts to record the tasks of the page's main thread. The returned function stops, and returns their durations in ms.
 */
async function watchMainThread(page: Page): Promise<() => Promise<number[]>> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('there is no browser');
  await browser.startTracing(page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
  return async () => {
    const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
    const placeOf = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;
    const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
    const main = new Set(threads.map(placeOf));
    const tasks = traceEvents.filter((event) => event.name === 'RunTask' && main.has(placeOf(event)));
    return tasks.map(({ tdur = 0 }) => tdur / 1000);
  };
}

/** Waits for all rows. A locator would look up roles in so many rows, which takes longer than the measured task. */
async function untilComplete(page: Page): Promise<void> {
  const count = "document.querySelector('login-management').shadowRoot?.querySelectorAll('li').length";
  for (let look = 0; look < MAX_LOOKS; look++) {
    if ((await page.evaluate<number | undefined>(count)) === ROWS) return;
    await page.waitForTimeout(100);
  }
  throw new Error('the rows did not come');
}

async function longestTasks(): Promise<number[]> {
  const stub = new StubServer(await buildFile());
  stub.sessions = Array.from({ length: ROWS }, () => sample('Firefox on Windows'));
  stub.markup = `<login-management src="/sessions" page-size="${ROWS}"></login-management>`;
  await stub.listen();
  const chromium = await launch();
  const longest: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const device = await chromium.newDevice();
    const page = await device.newPage();
    const stop = await watchMainThread(page);
    await page.goto(`${stub.origin}/settings/devices`);
    await untilComplete(page);
    longest.push(Math.max(...(await stop())));
    await device.close();
  }
  await chromium.close();
  await stub.close();
  return longest;
}

const section: Section = {
  title: 'The card with 1,000 rows',
  about:
    "How long the card holds back typing and scrolling: the longest task of the page's main thread, in time of that thread. Above 50 ms, a browser calls a task long.",
  minutes: 1,
  async tables() {
    const { median, low, high } = spreadOf(await longestTasks());
    const row = ['the longest task', ...[median, low, high].map(digits)];
    return [
      {
        title: '1,000 sessions (Chromium; goal: at most 50 ms)',
        columns: ['', 'ms, median', 'lower quartile', 'upper quartile'],
        rows: [row],
      },
    ];
  },
};
export default section;
