import type { ChangesPower, SessionStore, Tag } from 'session-revocation/adapter';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { PostgresStatement } from '../../adapters/engines/postgres/clients/client.ts';
import { tablesOf } from '../../adapters/engines/postgres/names.ts';
import { createStore } from '../../adapters/engines/postgres/store.ts';
import { newEpoch } from '../../src/model/epoch.ts';
import { person } from '../../src/testing/harness/records.ts';
import { includes } from '../ci-only.ts';
import { startPostgres } from '../services/index.ts';
import { hasPostgres } from '../services/postgres.ts';
import { until } from '../services/until.ts';
import { newName, openClient, openPool, url } from './support/postgres-clients.ts';

const TEST_TIMEOUT = 300_000;
const [ann, bob, eve] = ['ann', 'bob', 'eve'].map((name) => person(name).tags.user) as [Tag, Tag, Tag];
const PRUNING = { sessionsBefore: 1, epochsBefore: 1, limit: 100, after: null, revoked: () => false };

/** Changes the text of a statement, so that a rule is missing. */
type Fault = (text: string) => string;

function without(rule: string, instead: string): Fault {
  return (text) => text.replace(rule, instead);
}

/** Faults by name. Each makes the store miss a change. */
const FAULTS = {
  'ignores transactions under way': without("string_agg(running.xid::text, ',')", "string_agg(NULL::text, ',')"),
  'does not look for the change of the position': without(
    'c.xid = $1::text::xid8 AND c.id = $2::text::uuid',
    '$2 <> $1',
  ),
  'reaches beyond the newest change': (text) =>
    without(
      '(SELECT newest.xid FROM newest) AS xid',
      'pg_snapshot_xmax(pg_current_snapshot()) AS xid',
    )(without('c.xid = $1::text::xid8 AND c.id', 'c.id')(text)),
  'does not compare with what was pruned': without('AND NOT h.pruned > ANY ($3::text[]::xid8[])', ''),
  'trusts tables from another server': without('AND newest.xid < pg_snapshot_xmax(pg_current_snapshot())', ''),
} as const satisfies Readonly<Record<string, Fault>>;

type Pool = ReturnType<typeof openPool>;

function storeOn(pool: Pool, schema: string, fault: Fault = (text) => text): SessionStore {
  const run = async ({ text, values }: PostgresStatement) =>
    (await pool.query({ text: fault(text), values: [...values], rowMode: 'array' })).rows;
  return createStore({ run, runWithin: run }, tablesOf({ schema }), false);
}

const changesOf = (store: SessionStore): ChangesPower => {
  const changes = store.powers?.changes;
  if (changes === undefined) throw new Error('the power is missing');
  return changes;
};

async function advance(store: SessionStore, tag: Tag): Promise<void> {
  const [found] = await store.ensureEpochs([{ tag, create: newEpoch(1), version: 1, keepUntil: null }], 1);
  const record = found?.record ?? newEpoch(1);
  const write = { record, ifVersion: found?.version ?? 1, now: 1, keepUntil: null, audit: [] };
  expect(await store.advance(tag, write)).toBe('advanced');
}

/**
 * Returns whether an answer reports the tag. An answer of `null` (unknown) counts, because memory then accepts nothing.
 */
const isTold = ({ tags }: { readonly tags: readonly Tag[] | null }, tag: Tag): boolean => tags?.includes(tag) ?? true;

describe.skipIf(url === null)('what Postgres tells of changes', { timeout: TEST_TIMEOUT }, () => {
  const pool = openPool({ connectionString: url ?? '', max: 4 });
  let schema: string;
  let store: SessionStore;
  let tells: ChangesPower;

  afterAll(() => pool.end());

  beforeEach(async () => {
    schema = newName();
    store = storeOn(pool, schema);
    await store.setup?.();
    tells = changesOf(store);
    return async () => {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    };
  });

  /** Prunes as if hours had passed. */
  async function pruneForHours(): Promise<void> {
    for (let times = 0; times < 3; times++) {
      await pool.query(`UPDATE ${schema}.horizon SET noted_at = 0`);
      await store.prune(PRUNING);
    }
  }

  /**
   * Prunes until every change that is committed now may be removed. Waits for transactions of other users of the
   * server.
   */
  async function pruneAll(): Promise<void> {
    const { rows } = await pool.query('SELECT pg_current_xact_id() AS xid');
    await until('every transaction so far has ended', async () => {
      await pruneForHours();
      const { rows: found } = await pool.query(`SELECT 1 FROM ${schema}.horizon WHERE pruned > $1::text::xid8`, [
        rows[0].xid,
      ]);
      return found.length > 0;
    });
    await store.prune(PRUNING);
  }

  /** Commits a change after a later change was reported. Returns whether the store still reports it. */
  async function tellsLateCommit(told: ChangesPower, between: () => Promise<void> = async () => {}): Promise<boolean> {
    await advance(store, ann);
    const client = await openClient(url ?? '');
    try {
      await client.query('BEGIN');
      await client.query(`INSERT INTO ${schema}.changes (tag) VALUES ($1)`, [ann]);
      await advance(store, bob);
      const { position } = await told.since(null);
      await client.query('COMMIT');
      await between();
      return isTold(await told.since(position), ann);
    } finally {
      await client.end();
    }
  }

  test('includes a change that is committed after a later one', async () => {
    expect(await tellsLateCommit(tells)).toBe(true);
    expect(await tellsLateCommit(changesOf(storeOn(pool, schema, FAULTS['ignores transactions under way'])))).toBe(
      false,
    );
  });

  test('admits that it does not know what was pruned', async () => {
    expect(await tellsLateCommit(tells, pruneAll)).toBe(true);
    const broken = storeOn(pool, schema, FAULTS['does not compare with what was pruned']);
    expect(await tellsLateCommit(changesOf(broken), pruneAll)).toBe(false);
  });

  const kept = async (): Promise<ReadonlySet<Tag | null>> => {
    const { rows } = await pool.query(`SELECT tag FROM ${schema}.changes`);
    return new Set(rows.map(({ tag }) => tag));
  };

  test('keeps a change until every transaction before it has ended for an hour, and the newest of those', async () => {
    const client = await openClient(url ?? '');
    await client.query('BEGIN');
    await client.query(`INSERT INTO ${schema}.changes (tag) VALUES ($1)`, [ann]);
    await advance(store, bob);
    const { position } = await tells.since(null);
    await pruneForHours();
    await client.query('COMMIT');
    await client.end();
    expect(isTold(await tells.since(position), ann)).toBe(true);
    expect(await kept()).toEqual(new Set([null, ann, bob]));
    await pruneAll();
    expect(await kept()).toEqual(new Set([bob]));
    expect((await tells.since((await tells.since(null)).position)).tags).toEqual([]);
  });

  test('prunes no change that is younger than an hour', async () => {
    await pruneAll();
    const { position } = await tells.since(null);
    for (const tag of [ann, bob]) await advance(store, tag);
    for (let times = 0; times < 3; times++) await store.prune(PRUNING);
    expect(new Set((await tells.since(position)).tags)).toEqual(new Set([ann, bob]));
  });

  test('admits that it does not know more than 10,000 changes', async () => {
    const { position } = await tells.since(null);
    await pool.query(`INSERT INTO ${schema}.changes (tag) SELECT 'tag ' || n FROM generate_series(1, 10000) AS n`);
    const answer = await tells.since(position);
    expect(answer.tags).toHaveLength(10_000);
    await pool.query(`INSERT INTO ${schema}.changes (tag) SELECT 'tag ' || n FROM generate_series(1, 10001) AS n`);
    expect((await tells.since(answer.position)).tags).toBe(null);
  });

  test.each(['', 'x', '5', '5:x:', `5:${'0'.repeat(36)}:`, '1'.repeat(99_999)])(
    'does not know the position %j',
    async (position) => {
      const answer = await tells.since(position);
      expect(answer.tags).toBe(null);
      expect((await tells.since(answer.position)).tags).toEqual([]);
    },
  );

  test('admits that it does not know the changes of tables that were emptied, or come from another server', async () => {
    const { position } = await tells.since(null);
    // A dump contains the transaction ids of its own server, which may be far ahead.
    await pool.query(`INSERT INTO ${schema}.changes (xid, tag) VALUES ('1000000000000', 'x')`);
    const ahead = await tells.since(position);
    await advance(store, ann);
    expect(isTold(await tells.since(ahead.position), ann)).toBe(true);
    const broken = changesOf(storeOn(pool, schema, FAULTS['trusts tables from another server']));
    expect(isTold(await broken.since(ahead.position), ann)).toBe(false);
    await pool.query(`TRUNCATE ${schema}.changes`);
    expect((await tells.since((await tells.since(position)).position)).tags).toBe(null);
    await advance(store, ann);
    expect((await tells.since((await tells.since(position)).position)).tags).toEqual([]);
  });
});

async function nextTransaction(pool: Pool): Promise<bigint> {
  const { rows } = await pool.query('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next');
  return BigInt(rows[0].next);
}

const isCrashed = hasPostgres() && includes('faults: a crash of a database');

describe.runIf(isCrashed)('after a crash that loses what was not on disk', { timeout: TEST_TIMEOUT }, () => {
  test.each([
    ['the change of the position', 'does not look for the change of the position'],
    ['transactions after the change of the position', 'reaches beyond the newest change'],
  ] as const)('Postgres hides nothing where the crash took %s', async (lost, broken) => {
    const server = await startPostgres({
      settings: { synchronous_commit: 'off', wal_writer_delay: '10s', fsync: 'off' },
    });
    onTestFinished(() => server.stop());
    /** Crashes the server. Returns whether the store reports a change that was made after the restart. */
    const afterCrash = async (fault: Fault | undefined): Promise<boolean> => {
      const schema = newName();
      const pool = openPool({ connectionString: server.url, max: 2 });
      const store = storeOn(pool, schema, fault);
      const tells = changesOf(store);
      await store.setup?.();
      await advance(store, ann);
      for (const tag of [bob, eve])
        await store.ensureEpochs([{ tag, create: newEpoch(1), version: 1, keepUntil: null }], 1);
      await pool.query('CHECKPOINT');
      if (lost === 'the change of the position') await advance(store, bob);
      else for (let times = 0; times < 20; times++) await pool.query('SELECT pg_current_xact_id()');
      const { position } = await tells.since((await tells.since(null)).position);
      const reached = await nextTransaction(pool);
      await server.kill('SIGKILL');
      await pool.end();
      await server.restart();

      const again = openPool({ connectionString: server.url, max: 2 });
      onTestFinished(() => again.end());
      // The server writes its log every ten seconds. If that happened just before the crash, nothing was lost: try
      // again.
      if ((await nextTransaction(again)) >= reached) return afterCrash(fault);
      const restarted = storeOn(again, schema, fault);
      await advance(restarted, eve);
      return isTold(await changesOf(restarted).since(position), eve);
    };
    expect(await afterCrash(undefined)).toBe(true);
    expect(await afterCrash(FAULTS[broken])).toBe(false);
  });
});
