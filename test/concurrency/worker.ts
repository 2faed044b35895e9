/**
 * A separate process that works on one store after another. It reports the tokens that it issues, receives the tokens
 * of the other processes, and writes its histories to files.
 */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { type Opened, openStore, type Place } from '../services/stores.ts';
import type { Held } from './actor.ts';
import type { Operation } from './operation.ts';
import type { Counts } from './recorder.ts';
import { Work, type WorkOptions } from './work.ts';

/** A message to a worker. The worker answers every order except `hear` and `leave` with `done`. */
export type Order =
  | { readonly type: 'open'; readonly place: Place; readonly options: WorkOptions }
  | { readonly type: 'run'; readonly ms: number; readonly least: Counts }
  | { readonly type: 'hear'; readonly held: Held }
  | { readonly type: 'write'; readonly file: string }
  | { readonly type: 'leave' };

/** A message from a worker. */
export type Told = { readonly issued: Held } | { readonly done: Order['type'] };

let opened: Opened | null = null;
let work: Work | null = null;

const tell = (told: Told): void => {
  process.send?.(told);
};

async function open(place: Place, options: WorkOptions): Promise<void> {
  opened = openStore(place, { silence: 120_000 });
  // Connects now: the connection is not part of the test.
  await opened.store.listUsers({ realm: 'nobody', account: null }, null, 1);
  work = new Work(opened.store, options, (issued) => tell({ issued }));
}

async function write(operations: readonly Operation[], file: string): Promise<void> {
  const output = createWriteStream(file);
  for (const operation of operations) output.write(`${JSON.stringify(operation)}\n`);
  output.end();
  await finished(output);
}

async function close(): Promise<void> {
  await work?.close();
  await opened?.end();
  [opened, work] = [null, null];
}

process.on('message', async (order: Order) => {
  switch (order.type) {
    case 'hear':
      work?.hear(order.held);
      return;
    case 'open':
      await open(order.place, order.options);
      break;
    case 'run':
      await work?.run(order.ms, order.least);
      break;
    case 'write':
      await write(work?.operations ?? [], order.file);
      await close();
      break;
    case 'leave':
      // The process must end by itself. The channel to the parent is the last handle that keeps it alive.
      process.disconnect();
      return;
  }
  tell({ done: order.type });
});
