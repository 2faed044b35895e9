import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import type { SessionStore } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { NOW } from '../../src/testing/harness/bench.ts';
import { anotherRecord, endedAt, person, plainWrite, renewalOf, sessionOf } from '../../src/testing/harness/records.ts';
import { clearPlace, findPlace, openStore } from '../services/stores.ts';

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

const engines = ['sqlite', 'postgres', 'mysql', 'redis'] as const;
const places = (await Promise.all(engines.map(findPlace))).filter((place) => place !== null);

afterAll(() => Promise.all(places.map(clearPlace)));

const ann = person('ann');
const session = sessionOf(ann);
const { user, realm } = ann.tags;

type Calls = Readonly<Record<string, (() => unknown) | undefined>>;

/** Verbs that also run in a transaction of the caller. */
const readsAndEnds = (store: SessionStore): Calls => ({
  readEpochs: () => store.readEpochs([user]),
  ensureEpochs: () => store.ensureEpochs([{ tag: user, create: anotherRecord('x'), version: 1, keepUntil: 0 }], NOW),
  find: () => store.find(realm, [{ id: session.id, user }]),
  list: () => store.list(realm, user, { ended: true, now: NOW, limit: 1 }),
  end: () => store.end({ id: session.id, user }, endedAt(NOW), []),
  advance: () => store.advance(user, { record: anotherRecord('x'), ifVersion: 1, now: NOW, keepUntil: 0, audit: [] }),
});

const otherVerbs = (store: SessionStore): Calls => ({
  add: () => store.add(session, plainWrite()),
  touch: () => store.touch([{ id: session.id, user, at: NOW }], () => NOW),
  renew: () => store.renew(renewalOf(session)),
  listUsers: () => store.listUsers({ realm: 'shop', account: null }, null, 1),
  memberships: () => store.memberships(user, null, 1),
  deleteSessions: () => store.deleteSessions(user, 1),
  prune: () => store.prune({ sessionsBefore: 0, epochsBefore: 0, limit: 1, after: null, revoked: () => false }),
  setup: store.setup && (() => store.setup?.()),
});

function powersOf({ powers: { audit, policies, diagnosis, changes } = {} }: SessionStore): Calls {
  const page = { realm: 'shop', user: undefined, account: undefined, by: undefined, types: undefined } as const;
  return {
    'audit.append': audit && (() => audit.append([])),
    'audit.read':
      audit && (() => audit.read({ ...page, since: undefined, until: undefined, after: undefined, limit: 1 })),
    'audit.forget': audit && (() => audit.forget(user, 1)),
    'audit.prune': audit && (() => audit.prune(0, 1)),
    'policies.get': policies && (() => policies.get(user)),
    'policies.set': policies && (() => policies.set({ account: user, value: 'x', ifValue: null, audit: [] })),
    'diagnosis.diagnose': diagnosis && (() => diagnosis.diagnose(NOW)),
    'diagnosis.clock': diagnosis?.clock && (() => diagnosis.clock?.()),
    'diagnosis.realms': diagnosis?.realms && (() => diagnosis.realms?.(1)),
    'changes.since': changes && (() => changes.since(null)),
  };
}

/** Expects every call to fail with this error. An embedded store throws it, the other stores reject. */
async function refusesAll(calls: Calls, error: unknown): Promise<void> {
  for (const [name, call] of Object.entries(calls)) {
    if (call !== undefined)
      await expect(new Promise((resolve) => resolve(call())), name).rejects.toThrow(error as Error);
  }
}

describe('a closed store', { timeout: TEST_TIMEOUT }, () => {
  const CLOSED = /^the store is closed$/;

  test.each(places)('of $engine refuses every verb, its setup and its powers', async (place) => {
    const { store, end } = openStore(place);
    onTestFinished(() => end());
    await store.find(realm, [{ id: session.id, user }]);
    await store.close?.();
    await store.close?.();
    await refusesAll({ ...readsAndEnds(store), ...otherVerbs(store), ...powersOf(store) }, CLOSED);
  });

  test('in memory does too', async () => {
    const store = memoryStore();
    await store.close?.();
    await refusesAll({ ...readsAndEnds(store), ...otherVerbs(store), ...powersOf(store) }, CLOSED);
  });
});

/** Opens a store over one connection. `within` holds the verbs for a transaction on that connection. */
const withinOf = {
  async postgres(url: string, schema: string) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const store = postgresStore(client, { schema });
    const run = (sql: string): Promise<unknown> => client.query(sql);
    return { store, run, end: () => client.end(), within: store.powers?.transactions?.within(client) };
  },
  async mysql(url: string) {
    const client = await createConnection(url);
    const store = mysqlStore(client);
    const run = (sql: string): Promise<unknown> => client.query(sql);
    return { store, run, end: () => client.end(), within: store.powers?.transactions?.within(client) };
  },
};

describe('within a transaction of the caller', { timeout: TEST_TIMEOUT }, () => {
  const databases = places.filter(({ engine }) => engine === 'postgres' || engine === 'mysql');

  test.skipIf(databases.length === 0).each(databases)('$engine refuses verbs that do not run there', async (place) => {
    const { store, run, end, within } = await withinOf[place.engine as keyof typeof withinOf](place.url, place.space);
    onTestFinished(() => end());
    if (within === undefined) return expect.fail('it has transactions');
    await run('BEGIN');
    const { 'audit.prune': pruneAudit } = powersOf(within);
    for (const [name, call] of Object.entries({ ...otherVerbs(within), 'audit.prune': pruneAudit })) {
      await expect(call?.(), name).rejects.toThrow(
        new TypeError(`${name} does not run within a transaction: call it on the store itself`),
      );
    }
    // The refusals reached no server, so the transaction goes on.
    expect(await within.readEpochs([user])).toEqual([null]);
    await store.close?.();
    await refusesAll(readsAndEnds(within), /^the store is closed$/);
    await run('ROLLBACK');
  });
});

describe("the server's clock", { timeout: TEST_TIMEOUT }, () => {
  const servers = places.filter(({ engine }) => engine !== 'sqlite');

  test.skipIf(servers.length === 0).each(servers)('of $engine may be 5 s apart', async (place) => {
    const { store, end } = openStore(place);
    onTestFinished(async () => {
      await store.close?.();
      await end();
    });
    const { diagnosis } = store.powers ?? {};
    const told = async (apart: number) => {
      const findings = (await diagnosis?.diagnose(Date.now() + apart)) ?? [];
      return findings.find(({ subject }) => subject === 'clock');
    };
    const advice = 'set the clocks by NTP: lifetimes count from the clock of the process';
    expect(await told(0)).toMatchObject({ level: 'ok', advice: null });
    expect(await told(-20_000)).toMatchObject({ level: 'warning', found: expect.stringMatching(/ms ahead$/), advice });
    expect(await told(20_000)).toMatchObject({ level: 'warning', found: expect.stringMatching(/ms behind$/), advice });
  });
});
