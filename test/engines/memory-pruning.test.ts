import type { SessionStore } from 'session-revocation';
import type { FoundSession, PruneBatch, SessionRecord } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { expect, test } from 'vitest';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import { addNew, endedAt, look, openRecords, person, pruneAll, stored } from '../../src/testing/harness/records.ts';
import { includes } from '../ci-only.ts';

const ann = person('ann');
const bob = person('bob');

/** Prunes a store step by step. After the last step, it begins again. */
class Pruner {
  readonly #store: SessionStore;
  readonly #batch: Omit<PruneBatch, 'after'>;
  #after: string | null = null;
  sessions = 0;
  epochs = 0;

  constructor(store: SessionStore, batch: Partial<PruneBatch>) {
    this.#store = store;
    this.#batch = { sessionsBefore: 0, epochsBefore: 0, limit: 1, revoked: () => false, ...batch };
  }

  /** @returns whether there is more to prune. */
  async step(): Promise<boolean> {
    const { sessions, epochs, more, after } = await this.#store.prune({ ...this.#batch, after: this.#after });
    this.#after = after;
    this.sessions += sessions;
    this.epochs += epochs;
    return more;
  }
}

test('removes every session that is due, whoever prunes and adds meanwhile', async () => {
  const store = memoryStore();
  const due: SessionRecord[] = [];
  const staying: SessionRecord[] = [];
  for (let nth = 0; nth < 500; nth++) {
    due.push(await addNew(store, nth % 2 ? ann : bob, { expiresAt: NOW }));
    staying.push(await addNew(store, nth % 3 ? ann : bob));
  }
  const slow = new Pruner(store, { sessionsBefore: NOW, limit: 2 });
  const quick = new Pruner(store, { sessionsBefore: NOW, limit: 3 });
  do {
    await quick.step();
    await quick.step();
    staying.push(await addNew(store, ann));
  } while (await slow.step());
  expect(slow.sessions + quick.sessions).toBe(500);
  expect(slow.sessions).toBeGreaterThan(0);
  for (const session of due) expect(await look(store, session)).toBeNull();
  for (const session of staying) expect(await stored(store, session)).toEqual(session);
});

test('removes every record that is due, whoever prunes and opens meanwhile', async () => {
  const store = memoryStore();
  for (let nth = 0; nth < 500; nth++) await openRecords(store, person(`user ${nth}`), nth % 5 ? NOW : null);
  const slow = new Pruner(store, { epochsBefore: NOW + 1, limit: 2 });
  const quick = new Pruner(store, { epochsBefore: NOW + 1, limit: 3 });
  let late = 0;
  do {
    await quick.step();
    await quick.step();
    await openRecords(store, person(`late ${late++}`), null);
  } while (await slow.step());
  expect(slow.epochs + quick.epochs).toBe(400);
  expect(slow.epochs).toBeGreaterThan(0);
  expect(await pruneAll(store, { epochsBefore: Number.POSITIVE_INFINITY })).toMatchObject({ epochs: 0 });
});

test.runIf(includes('memory: bounds of ten thousand'))(
  'passes by only so much in one batch, and says that there is more',
  async () => {
    const store = memoryStore();
    for (let nth = 0; nth < 11_000; nth++) await addNew(store, ann);
    const pruner = new Pruner(store, { sessionsBefore: NOW, epochsBefore: NOW });
    expect([await pruner.step(), await pruner.step()]).toEqual([true, false]);
  },
);

test('asks of what never expires, with the record of its own realm, and of nothing else', async () => {
  const store = memoryStore();
  const office = person('ann', null, 'office');
  const eternal = { expiresAt: null, idle: null };
  for (const whose of [ann, office]) {
    await addNew(store, whose, eternal);
    await addNew(store, whose);
    await addNew(store, whose, { ...eternal, ended: endedAt(NOW + DAY) });
  }
  const asked: FoundSession[] = [];
  const pruner = new Pruner(store, { limit: 1, revoked: (found) => asked.push(found) === 2 });
  for (let most = 1; await pruner.step(); most++) expect(asked.length).toBeLessThanOrEqual(most);
  expect(pruner.sessions).toBe(1);
  expect(asked.map(({ session }) => session.realm).sort()).toEqual(['office', 'shop']);
  for (const { session, epochs } of asked) {
    const { realm, user } = await openRecords(store, session.realm === 'office' ? office : ann);
    expect(epochs).toEqual({ realm: realm.record, account: null, user: user.record, member: null });
  }
  const gone = await Promise.all(asked.map(async ({ session }) => (await look(store, session)) === null));
  expect(gone).toEqual([false, true]);
});

test('goes on only where a batch left off', () => {
  const store = memoryStore();
  for (const after of ['', 'x', 'sessions:-1', 'records:1e3']) {
    expect(() => store.prune({ sessionsBefore: 0, epochsBefore: 0, limit: 1, after, revoked: () => true })).toThrow();
  }
});
