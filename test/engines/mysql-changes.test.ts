import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import type { SessionStore } from 'session-revocation';
import type { Tag } from 'session-revocation/adapter';
import {
  fromMysql2,
  type Mysql2Connection,
  type MysqlClient,
  type MysqlConnection,
  mysqlStore,
} from 'session-revocation/mysql';
import { describe, expect, test } from 'vitest';
import { NOW } from '../../src/testing/harness/bench.ts';
import { anotherRecord, openRecords, person, recordOf } from '../../src/testing/harness/records.ts';
import { includes, size } from '../ci-only.ts';
import { openTables, url } from './support/mysql.ts';

const TURNS = size('MariaDB: transactions of each writer');
/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 120_000;

type Store = SessionStore<Mysql2Connection>;
type Tables = Awaited<ReturnType<typeof openTables>>;

async function revoke(store: SessionStore, tag: Tag): Promise<void> {
  const { version } = await recordOf(store, tag, null);
  const write = { record: anotherRecord('revoked'), ifVersion: version, now: NOW, keepUntil: null, audit: [] };
  expect(await store.advance(tag, write)).toBe('advanced');
}

async function openUser(store: SessionStore, name: string): Promise<Tag> {
  const one = person(name);
  await openRecords(store, one, null);
  return one.tags.user;
}

async function since(store: Store, position: string | null) {
  const answer = await store.powers?.changes?.since(position);
  if (answer === undefined) throw new Error('the store has the power');
  return answer;
}

/** Returns a position after all changes so far. */
async function present(store: Store): Promise<string> {
  let { position } = await since(store, null);
  for (let asked = 0; asked < 3; asked++) {
    const answer = await since(store, position);
    if (answer.tags?.length === 0) return answer.position;
    ({ position } = answer);
  }
  throw new Error('it tells changes although nothing changes');
}

/** Throws if the changes after the position do not include the tag. An answer of `null` (unknown) is allowed. */
async function mustTell(store: Store, position: string, tag: Tag): Promise<void> {
  const { tags } = await since(store, position);
  if (tags !== null && !tags.includes(tag)) throw new Error('a change is missed');
}

async function begin({ pool }: Tables, isolation = 'REPEATABLE READ'): Promise<PoolConnection> {
  const connection = await pool.getConnection();
  await connection.query(`SET TRANSACTION ISOLATION LEVEL ${isolation}`);
  await connection.beginTransaction();
  return connection;
}

async function end(connection: PoolConnection, how: 'commit' | 'rollback'): Promise<void> {
  await connection[how]();
  connection.release();
}

const within = (store: Store, connection: PoolConnection): SessionStore => {
  const power = store.powers?.transactions;
  if (!power) throw new Error('the store has the power');
  return power.within(connection);
};

/** A store whose SQL passes through `alter`. `before` runs before each statement that reads over a lent connection. */
function altered(
  { pool, prefix }: Tables,
  alter: (sql: string) => string,
  before: (sql: string) => Promise<unknown> = async () => {},
): Store {
  const client = fromMysql2(pool);
  const over = (connection: MysqlConnection): MysqlConnection => ({
    rows: async (sql, parameters) => {
      await before(sql);
      return connection.rows(alter(sql), parameters);
    },
    write: (sql, parameters) => connection.write(alter(sql), parameters),
    command: (sql) => connection.command(sql),
  });
  const altering: MysqlClient<Mysql2Connection> = {
    rows: (sql, parameters) => client.rows(alter(sql), parameters),
    async lend(limit) {
      const lent = await client.lend(limit);
      return { ...over(lent), release: () => lent.release(), discard: () => lent.discard() };
    },
    within: (transaction) => over(client.within(transaction)),
  };
  return mysqlStore(altering, { prefix });
}

const asIs = (sql: string): string => sql;

/**
 * Histories of a change log. Each rejects if the store misses a change after a position, or loses a position without
 * need.
 */
const SEQUENCES = {
  async 'a transaction that commits after a younger one'(tables: Tables, store: Store) {
    const [ann, bob] = [await openUser(store, 'ann'), await openUser(store, 'bob')];
    let position = await present(store);
    const transaction = await begin(tables);
    await revoke(within(store, transaction), ann);
    await revoke(store, bob);
    await mustTell(store, position, bob);
    position = await present(store);
    await end(transaction, 'commit');
    await mustTell(store, position, ann);
  },

  async 'a crash that undoes the numbers and keeps the changes'({ pool, prefix }: Tables, store: Store) {
    const names = ['ann', 'bob', 'cem'] as const;
    const [ann, bob, cem] = (await Promise.all(names.map((name) => openUser(store, name)))) as [Tag, Tag, Tag];
    // The store numbers new changes in the order of their `id`, so the test chooses the ids.
    const revokeWithKey = async (tag: Tag, key: string): Promise<void> => {
      await revoke(store, tag);
      await pool.query(`UPDATE ${prefix}changes SET id = ? WHERE tag = ?`, [key, Buffer.from(tag)]);
    };
    await present(store);
    await revokeWithKey(cem, 'cem');
    await present(store);
    await revokeWithKey(ann, 'ann');
    const position = await present(store);
    await pool.query(
      `UPDATE ${prefix}changes SET number = NULL, numbering = NULL, numbered_at = NULL WHERE number > 1`,
    );
    await revokeWithKey(bob, '!');
    await present(store);
    // Ann's change gets the same number as before, and Bob's change a lower one.
    const [rows] = await pool.query<RowDataPacket[]>(
      `SELECT id FROM ${prefix}changes WHERE number > 1 ORDER BY number`,
    );
    expect(rows.map(({ id }) => `${id}`)).toEqual(['!', 'ann', 'cem']);
    await mustTell(store, position, bob);
  },

  async 'a failover that loses the newest changes'({ pool, prefix }: Tables, store: Store) {
    const [ann, bob] = [await openUser(store, 'ann'), await openUser(store, 'bob')];
    await present(store);
    await revoke(store, ann);
    const position = await present(store);
    await pool.query(`DELETE FROM ${prefix}changes ORDER BY number DESC LIMIT 1`);
    await revoke(store, bob);
    await present(store);
    await mustTell(store, position, bob);
  },

  async 'pruning after a quiet time'({ pool, prefix }: Tables, store: Store) {
    const ann = await openUser(store, 'ann');
    for (let times = 0; times < 3; times++) {
      await revoke(store, ann);
      await present(store);
    }
    const position = await present(store);
    await pool.query(`UPDATE ${prefix}changes SET numbered_at = 0`);
    await prune(store);
    expect((await since(store, position)).tags).toEqual([]);
    const [rows] = await pool.query(`SELECT id FROM ${prefix}changes`);
    expect(rows).toHaveLength(1);
  },

  async 'pruning while the server’s clock goes back'({ pool, prefix }: Tables, store: Store) {
    const [ann, bob] = [await openUser(store, 'ann'), await openUser(store, 'bob')];
    const position = await present(store);
    await revoke(store, ann);
    await present(store);
    await pool.query(`UPDATE ${prefix}changes SET numbered_at = 0 WHERE tag = ?`, [Buffer.from(ann)]);
    await revoke(store, bob);
    await present(store);
    await prune(store);
    await mustTell(store, position, ann);
  },

  async 'pruning while a change is committed'(tables: Tables, store: Store, build: Build) {
    const ann = await openUser(store, 'ann');
    await present(store);
    await revoke(store, ann);
    const position = await present(store);
    await tables.pool.query(`UPDATE ${tables.prefix}changes SET numbered_at = 0`);
    const bob = await openUser(store, 'bob');
    let isDone = false;
    const pruning = build(tables, async (sql) => {
      if (isDone || !sql.includes('numbered_at <')) return;
      isDone = true;
      await revoke(tables.store, bob);
    });
    await prune(pruning);
    expect(isDone).toBe(true);
    await mustTell(store, position, bob);
  },
} as const;

type Build = (tables: Tables, before?: (sql: string) => Promise<unknown>) => Store;

const whole: Build = (tables, before) => altered(tables, asIs, before);

const prune = (store: Store) =>
  store.prune({ sessionsBefore: 0, epochsBefore: 0, limit: 100, after: null, revoked: () => false });

const broken =
  (alter: (sql: string) => string): Build =>
  (tables, before) =>
    altered(tables, alter, before);

/** Broken stores. Each breaks one rule, and names the sequence that detects it. */
const BROKEN: readonly (readonly [string, keyof typeof SEQUENCES, Build, change: string | null])[] = [
  [
    'numbers in the order of the inserts',
    'a transaction that commits after a younger one',
    whole,
    "MODIFY number BIGINT NOT NULL AUTO_INCREMENT, MODIFY numbering VARBINARY(255) DEFAULT 'x'",
  ],
  [
    'positions without the numbering',
    'a crash that undoes the numbers and keeps the changes',
    broken((sql) => sql.replaceAll('number, numbering,', "number, 'x',").replace('AS number, NULL', "AS number, 'x'")),
    null,
  ],
  [
    'positions with the id of the change',
    'a crash that undoes the numbers and keeps the changes',
    broken((sql) => sql.replaceAll('number, numbering,', 'number, id,')),
    null,
  ],
  [
    'positions without the numbering',
    'a failover that loses the newest changes',
    broken((sql) => sql.replaceAll('number, numbering,', "number, 'x',")),
    null,
  ],
  [
    'pruning of the newest',
    'pruning after a quiet time',
    broken((sql) => sql.replace('number > 0 AND number <= ?', 'number > 0 AND ? > 0')),
    null,
  ],
  [
    'pruning by time',
    'pruning while the server’s clock goes back',
    broken((sql) =>
      sql
        .replace('WHERE number > 0 ORDER BY number', 'WHERE number > 0 ORDER BY numbered_at')
        .replace('number > 0 AND number <= ?', 'number = ?'),
    ),
    null,
  ],
  [
    'pruning of changes without a number',
    'pruning while a change is committed',
    broken((sql) => sql.replace('number > 0 AND number <= ?', 'number IS NULL OR number <= ?')),
    null,
  ],
];

// Commits do not follow the order of the inserts. A crash or a failover may undo the latest commits.
describe.skipIf(url === null)('what MariaDB tells of changes', { timeout: TEST_TIMEOUT }, () => {
  test.each(Object.keys(SEQUENCES) as (keyof typeof SEQUENCES)[])('survives %s', async (name) => {
    const tables = await openTables();
    await SEQUENCES[name](tables, whole(tables), whole);
  });

  test.each(BROKEN)('would not with %s: %s', async (_, name, build, change) => {
    const tables = await openTables();
    if (change !== null) await tables.pool.query(`ALTER TABLE ${tables.prefix}changes ${change}`);
    await expect(SEQUENCES[name](tables, build(tables), build)).rejects.toThrow();
  });

  test.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
    'is nothing of an open transaction of %s, which no other write waits for, and nothing of one that is rolled back',
    async (isolation) => {
      const tables = await openTables();
      const { store, pool, prefix } = tables;
      const users = await Promise.all(Array.from({ length: 20 }, (_, at) => openUser(store, `user ${at}`)));
      const [ann, ...others] = users as [Tag, ...Tag[]];
      for (const how of ['rollback', 'commit'] as const) {
        let position = await present(store);
        const transaction = await begin(tables, isolation);
        await revoke(within(store, transaction), ann);
        // The open transaction ends only afterwards. If a revocation waited for it, the test would time out.
        await Promise.all(others.map((tag) => revoke(store, tag)));
        await mustTell(store, position, others[0] as Tag);
        position = await present(store);
        const [waiting] = await pool.query<RowDataPacket[]>(`SELECT id FROM ${prefix}changes WHERE number IS NULL`);
        expect(waiting).toEqual([]);
        await prune(store);
        await end(transaction, how);
        expect((await since(store, position)).tags).toEqual(how === 'commit' ? [ann] : []);
      }
    },
  );

  test('is complete while another process gives numbers, and waits for none', async () => {
    const tables = await openTables();
    const { store, prefix } = tables;
    const [ann, bob] = [await openUser(store, 'ann'), await openUser(store, 'bob')];
    const position = await present(store);
    const other = await begin(tables);
    await other.query(`SELECT id FROM ${prefix}meta WHERE id = 2 FOR UPDATE`);
    await revoke(store, ann);
    const first = await since(store, position);
    expect(first).toEqual({ tags: [ann], position });
    await revoke(store, bob);
    const { tags } = await since(store, first.position);
    expect(new Set(tags)).toEqual(new Set([ann, bob]));
    await prune(store);
    await end(other, 'rollback');
    const last = await since(store, position);
    expect(new Set(last.tags)).toEqual(new Set([ann, bob]));
    expect((await since(store, last.position)).tags).toEqual([]);
  });

  test.runIf(includes('MariaDB: more changes than an answer holds'))(
    'is all, if there are more changes than an answer holds',
    async () => {
      const { store, pool, prefix } = await openTables();
      const position = await present(store);
      const rows = Array.from({ length: 10_001 }, (_, at) => [`x${at}`, 'tag']);
      await pool.query(`INSERT INTO ${prefix}changes (id, tag) VALUES ?`, [rows]);
      const { tags } = await since(store, position);
      expect(tags).toBeNull();
      for (let times = 0; times < 3; times++) await since(store, position);
      expect(await since(store, position)).toMatchObject({ tags: null });
      await present(store);
    },
  );

  test('misses nothing while transactions overlap, wait and are rolled back', async () => {
    const tables = await openTables({ pool: { connectionLimit: 24 } });
    const { store } = tables;
    const told = [new Set<Tag>(), new Set<Tag>()];
    // In sequence: while one call makes the first number, a concurrent call gets no position.
    const positions = [await present(store), await present(store)];
    let isWriting = true;
    let asked = 0;
    const follow = async (at: number): Promise<void> => {
      const { tags, position } = await since(store, positions[at] ?? '');
      expect(tags).not.toBeNull();
      for (const tag of tags ?? []) told[at]?.add(tag);
      positions[at] = position;
      asked++;
    };
    const followers = told.map(async (_, at) => {
      while (isWriting) await follow(at);
    });

    const committed: Tag[] = [];
    const undone: Tag[] = [];
    const write = async (writer: number): Promise<void> => {
      const open: (readonly [PoolConnection, Tag])[] = [];
      const finish = async (): Promise<void> => {
        const [connection, tag] = open.splice(Math.floor(Math.random() * open.length), 1)[0] ?? [];
        if (connection === undefined || tag === undefined) return;
        const how = Math.random() < 0.3 ? 'rollback' : 'commit';
        await end(connection, how);
        (how === 'commit' ? committed : undone).push(tag);
      };
      for (let turn = 0; turn < TURNS; turn++) {
        const tag = await openUser(store, `user ${writer} ${turn}`);
        if (turn % 3 === 0) {
          await revoke(store, tag);
          committed.push(tag);
          continue;
        }
        const connection = await begin(tables);
        await revoke(within(store, connection), tag);
        open.push([connection, tag]);
        if (open.length > 2) await finish();
      }
      while (open.length > 0) await finish();
    };
    await Promise.all(Array.from({ length: 5 }, (_, writer) => write(writer)));
    isWriting = false;
    await Promise.all(followers);
    for (const at of told.keys()) {
      await follow(at);
      expect(committed.filter((tag) => !told[at]?.has(tag))).toEqual([]);
      expect(undone.filter((tag) => told[at]?.has(tag))).toEqual([]);
    }
    expect(asked).toBeGreaterThan(10);
    expect(undone.length).toBeGreaterThan(0);
  });
});
