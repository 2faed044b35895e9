import type { SessionStore } from 'session-revocation';
import type { SessionRecord } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { expect, onTestFinished, test } from 'vitest';
import { Rows } from '../../adapters/engines/memory/rows/rows.ts';
import { NOW } from '../../src/testing/harness/bench.ts';
import { add, openRecords, person, pruneAll, sessionOf } from '../../src/testing/harness/records.ts';
import { size } from '../ci-only.ts';

const SESSIONS = size('memory: sessions of one user');

const ann = person('ann');
const youngestFirst = (a: SessionRecord, b: SessionRecord): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);

/** Returns all of the user's sessions. Reads them page by page. */
async function listAll(store: SessionStore, limit: number): Promise<SessionRecord[]> {
  const all: SessionRecord[] = [];
  for (let more = true; more; ) {
    const page = { ended: true, now: NOW, after: all.at(-1), limit };
    const answer = await store.list(ann.tags.realm, ann.tags.user, page);
    all.push(...answer.found.map(({ session }) => session));
    ({ more } = answer);
  }
  return all;
}

/** Adds many sessions of one user. Every second session has expired. */
async function crowd(store: SessionStore, size: number, clock: (nth: number) => number): Promise<SessionRecord[]> {
  await openRecords(store, ann);
  const sessions: SessionRecord[] = [];
  for (let nth = 0; nth < size; nth++) {
    const times = { createdAt: clock(nth), expiresAt: nth % 2 === 0 ? NOW : null, idle: null };
    sessions.push(await add(store, sessionOf(ann, times)));
  }
  return sessions.sort(youngestFirst);
}

test.each([
  ['stands still', () => NOW],
  ['goes on', (nth: number) => NOW + nth],
  ['goes back', (nth: number) => NOW - nth],
  ['jumps to and fro', (nth: number) => NOW + ((nth * 7919) % 1000)],
])('a user of many sessions is listed in order where the clock %s', async (_, clock) => {
  const store = memoryStore();
  const sessions = await crowd(store, SESSIONS, clock);
  expect(await listAll(store, 170)).toEqual(sessions);

  expect(await pruneAll(store, { sessionsBefore: NOW })).toMatchObject({ sessions: SESSIONS / 2 });
  const staying = sessions.filter(({ expiresAt }) => expiresAt === null);
  expect(await listAll(store, 199)).toEqual(staying);
  const late = await add(store, sessionOf(ann, { createdAt: clock(0) }));
  expect(await listAll(store, 199)).toEqual([...staying, late].sort(youngestFirst));
});

test('a list goes on behind a row that was removed', async () => {
  const store = memoryStore();
  const sessions = await crowd(store, 50, () => NOW);
  await pruneAll(store, { sessionsBefore: NOW });
  for (const [at, after] of sessions.entries()) {
    const { found } = await store.list(ann.tags.realm, ann.tags.user, { ended: true, now: NOW, after, limit: 99 });
    const rest = sessions.slice(at + 1).filter(({ expiresAt }) => expiresAt === null);
    expect(found.map(({ session }) => session)).toEqual(rest);
  }
});

test('many sessions are added, listed and removed without each costing more than the one before', async () => {
  let looks = 0;
  const { createdAt } = Rows.prototype;
  Rows.prototype.createdAt = function (slot) {
    looks++;
    return createdAt.call(this, slot);
  };
  onTestFinished(() => {
    Rows.prototype.createdAt = createdAt;
  });
  /** Returns how often the store reads a row's `createdAt`, per session. */
  const cost = async (size: number): Promise<number> => {
    const store = memoryStore();
    looks = 0;
    await crowd(store, size, (nth) => NOW + ((nth * 7919) % size));
    await listAll(store, 100);
    await pruneAll(store, { sessionsBefore: NOW, limit: 500, revoked: () => true });
    return looks / size;
  };
  const [few, many] = [await cost(SESSIONS / 6), await cost((16 * SESSIONS) / 6)];
  expect(few).toBeGreaterThan(1);
  // A tree of 16 times as many sessions is four levels deeper. A search through all sessions would cost 16 times as
  // much per session.
  expect(many).toBeLessThan(2 * few);
});
