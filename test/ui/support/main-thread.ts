import type { Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** In microseconds, of the thread itself: what other programs take of the machine does not count. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** How long the tasks of the page's main thread take, in milliseconds, from now until the result is called. */
export async function watchMainThread(page: Page): Promise<() => Promise<number[]>> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('There is no browser.');
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
