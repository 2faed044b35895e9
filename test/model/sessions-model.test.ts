import fc from 'fast-check';
import type { SessionStore } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { sqliteStore } from 'session-revocation/sqlite';
import { expect, test } from 'vitest';
import { size } from '../ci-only.ts';
import { ReferenceStore } from './reference-store.ts';
import { operation, rules } from './sessions-model/operations.ts';
import { Run, settled } from './sessions-model/run.ts';
import { take } from './sessions-model/steps.ts';

/** The number of runs on each store. A longer search: `MODEL_RUNS=20000 npx vitest run test/model/sessions-model`. */
const RUNS = Number(process.env.MODEL_RUNS ?? size('model: lives of sessions, on each store'));
/** The seed. A failure prints it, so that it can be repeated. With `MODEL_RUNS`, each search is random by default. */
const { MODEL_SEED = process.env.MODEL_RUNS === undefined ? '1' : undefined } = process.env;
const SEED = MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) };

const stores: readonly [name: string, open: () => SessionStore][] = [
  ['the reference store', () => new ReferenceStore()],
  ['the memory store', () => memoryStore()],
  ['the SQLite store', () => sqliteStore(':memory:')],
];

test.each(stores)(
  'a model that hunts sessions says the same of every token, list and operation: on %s',
  async (_, open) => {
    const told = new Map<string, number>();
    const operations = fc.array(operation, { maxLength: 80, size: 'max' });
    const property = fc.asyncProperty(rules, operations, async (given, todo) => {
      const store = open();
      const run = new Run(store, given, told);
      for (const one of todo) await take(run, one);
      await run.compare();
      await settled();
      await store.close?.();
    });
    await fc.assert(property, { numRuns: RUNS, ...SEED });
    expect(USUAL.filter((usual) => ![...told.keys()].some((answer) => answer.startsWith(usual)))).toEqual([]);
  },
  600_000 + RUNS * 100,
);

/** Answers that must occur at least once. Without them the runs would prove little. */
const USUAL = [
  ...['ok', 'superseded', 'suspended', 'limit'].map((word) => `start: ${word}`),
  ...['ok', 'superseded', 'ended', 'expired', 'revoked', 'unknown'].map((word) => `check: ${word}`),
  ...['ok', 'not-live'].map((word) => `renew: ${word}`),
  ...['ok', 'not-live', 'superseded'].map((word) => `reauthenticate: ${word}`),
  ...['ok', 'not-live', 'superseded'].map((word) => `switch: ${word}`),
  ...['kept', 'not-live'].map((word) => `keep: ${word}`),
  ...['revoked', 'not-live'].map((word) => `sign out everywhere: ${word}`),
  ...['true', 'false'].map((word) => `end: ${word}`),
  ...['kept', 'revoked'].map((word) => `trigger others: ${word}`),
  ...['trigger none: none', 'trigger everywhere: revoked'],
  ...['sign out', 'sign out there'].flatMap((name) => ['true', 'false'].map((word) => `${name}: ${word}`)),
  ...['end idle: ', 'forget: ', 'prune: '],
];
