import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { sql as drizzleSql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect, sql } from 'kysely';
import type pg from 'pg';
import postgres from 'postgres';
import { createSessions, isSessionError, type SessionErrorCode, type Sessions } from 'session-revocation';
import {
  fromDrizzle,
  fromKysely,
  fromPglite,
  fromPostgresJs,
  fromPrisma,
  fromTypeOrm,
  type PostgresOptions,
  postgresSchema,
  postgresStore,
} from 'session-revocation/postgres';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { PostgresClient, PostgresStatement } from '../../adapters/engines/postgres/clients/client.ts';
import { Connection } from '../../adapters/engines/postgres/connection.ts';
import { tablesOf } from '../../adapters/engines/postgres/names.ts';
import { STEPS } from '../../adapters/engines/postgres/schema.ts';
import { setUp } from '../../adapters/engines/postgres/setup.ts';
import { recordAbout } from '../../src/testing/harness/audit-entries.ts';
import {
  addNew,
  endedAt,
  newHash,
  person,
  plainWrite,
  recordOf,
  renewalOf,
  same,
  sessionOf,
  stored,
} from '../../src/testing/harness/records.ts';
import { includes } from '../ci-only.ts';
import { until } from '../services/until.ts';
import { clients, newName, openClient, openPool, pglite, url } from './support/postgres-clients.ts';

const ann = person('ann', 'acme');

/** Time limit of a call. Much longer than any answer takes. */
const TIMEOUT = '2m';
/** Timeout of a test that starts a process or waits for another writer, in ms. */
const TEST_TIMEOUT = 300_000;

/** Clients by name. The store must not accept the second object as a transaction. */
const MAKERS: Readonly<Record<string, (pool: pg.Pool) => readonly [client: unknown, itself: object]>> = {
  'a pool': (pool) => [pool, pool],
  Drizzle: (pool) => {
    const db = drizzle(pool);
    return [fromDrizzle(db, drizzleSql), db];
  },
  Kysely: (pool) => {
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    return [fromKysely(db), db];
  },
  'postgres.js': () => {
    const client = postgres('postgres://nobody@127.0.0.1:1');
    return [fromPostgresJs(client), client];
  },
  TypeORM: () => {
    const source = { query: async () => [] };
    return [fromTypeOrm(source), source];
  },
  PGlite: () => {
    const db = { query: async () => ({ rows: [] }) };
    return [fromPglite(db), db];
  },
  Prisma: () => {
    const prisma = { $queryRawUnsafe: async () => [] as never, $executeRawUnsafe: async () => 0 };
    return [fromPrisma(prisma), prisma];
  },
};

describe('postgresStore', () => {
  const nobody = { query: () => {}, connect: () => {} } as never;
  test.each([
    [{ schema: '' }, /schema has 0 bytes/],
    [{ schema: 'x'.repeat(64) }, /schema has 64 bytes/],
    [{ schema: '\u00fc'.repeat(32) }, /schema has 64 bytes/],
    [{ schema: 'a\0b' }, /NUL/],
    [{ prefix: 'x'.repeat(40) }, /prefix has 40 bytes/],
    [{ prefix: 7 }, /prefix must be a string, not number/],
    [{ batch: 'yes' }, /batch/],
    [{ prepare: 1 }, /prepare/],
    [{ table: 'x' }, /"table".*schema, prefix, batch, prepare/],
    [null, /object/],
  ])('refuses the options %j', (options, message) => {
    expect(() => postgresStore(nobody, options as PostgresOptions)).toThrow(TypeError);
    expect(() => postgresStore(nobody, options as PostgresOptions)).toThrow(message);
  });

  test.each([undefined, null, 'postgres://', {}, { query() {} }])('refuses %j as a client', (client) => {
    expect(() => postgresStore(client as never)).toThrow(TypeError);
  });

  test('names the maker for a client that is not taken as it is', () => {
    const client = postgres('postgres://nobody@127.0.0.1:1');
    expect(() => postgresStore(client as never)).toThrow(/fromPostgresJs\(sql\)/);
    expect(() => postgresStore({ query() {}, createQueryRunner() {} } as never)).toThrow(/fromTypeOrm/);
    expect(() => postgresStore({ withoutPlugins() {} } as never)).toThrow(/fromKysely/);
  });
});

describe.skipIf(url === null)('a store', { timeout: TEST_TIMEOUT }, () => {
  const pool = openPool({ connectionString: url ?? '', max: 12 });
  const made: string[] = [];
  const schemaName = (name = newName()): string => {
    made.push(name);
    return name;
  };
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const storeIn = (schema: string, options: PostgresOptions = {}) => postgresStore(pool, { schema, ...options });
  const shared = schemaName();

  beforeAll(async () => {
    await storeIn(shared).setup?.();
  });
  afterEach(async () => {
    for (const name of made.splice(1)) await pool.query(`DROP SCHEMA IF EXISTS ${quoted(name)} CASCADE`);
  });
  afterAll(async () => {
    await pool.query(`DROP SCHEMA IF EXISTS ${quoted(shared)} CASCADE`);
    await pool.end();
  });

  /** Stops `setTimeout`, so that pg does not give up a statement that waits for a lock. */
  function withoutTimeouts(): void {
    if (vi.isFakeTimers()) return;
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
  }

  async function codeOf(failing: unknown): Promise<SessionErrorCode | unknown> {
    const error = await Promise.resolve(failing).then(
      () => expect.fail('it did not fail'),
      (reason: unknown) => reason,
    );
    return isSessionError(error) ? error.code : error;
  }
  const ask = (schema: string, options: PostgresOptions = {}): Promise<unknown> =>
    Promise.resolve(storeIn(schema, options).find(ann.tags.realm, [{ id: 'x', user: ann.tags.user }]));

  async function signIn(sessions: Sessions, user = 'ann') {
    const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
    if (!started.ok) return expect.fail(started.reason);
    return started;
  }

  describe.runIf(includes('Postgres: tables of other names, rights and versions'))('tables', () => {
    test('that are missing are told, and never made unasked', async () => {
      const schema = schemaName();
      expect(await codeOf(ask(schema))).toBe('SESSION_STORE_NOT_SET_UP');
      await pool.query(`CREATE SCHEMA ${schema}`);
      expect(await codeOf(ask(schema))).toBe('SESSION_STORE_NOT_SET_UP');
      const { rows } = await pool.query(`SELECT count(*) FROM pg_class WHERE relnamespace = '${schema}'::regnamespace`);
      expect(rows).toEqual([{ count: '0' }]);
    });

    test('that come later are found by the same store', async () => {
      const store = storeIn(schemaName());
      const sessions = createSessions({ store, timeout: TIMEOUT });
      expect(await codeOf(sessions.fence({ user: 'ann' }))).toBe('SESSION_STORE_NOT_SET_UP');
      await store.setup?.();
      const { token } = await signIn(sessions);
      expect(await sessions.check(token)).toMatchObject({ ok: true });
    });

    test('are made once by ten that come at once', async () => {
      const schema = schemaName();
      await Promise.all(Array.from({ length: 10 }, () => storeIn(schema).setup?.()));
      expect((await pool.query(`SELECT * FROM ${schema}.meta`)).rows).toEqual([
        { application: 'session-revocation', version: 1, oldest: 1 },
      ]);
      await addNew(storeIn(schema), ann);
    });

    test('are made where transactions are SERIALIZABLE by default, by several at once', async () => {
      const schema = schemaName();
      const options = '-c default_transaction_isolation=serializable';
      const strict = openPool({ connectionString: url ?? '', options, max: 6 });
      await Promise.all(Array.from({ length: 6 }, () => postgresStore(strict, { schema }).setup?.()));
      const store = postgresStore(strict, { schema });
      const session = await addNew(store, ann);
      same(await stored(store, session), session);
      await strict.end();
    });

    test.each(['sessions', 'epochs', 'meta', 'policies'])('of something else are left alone: %s', async (table) => {
      const schema = schemaName();
      await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.${table} (x int)`);
      expect(await codeOf(storeIn(schema).setup?.())).toBe('SESSION_STORE_NAME_CONFLICT');
      if (table === 'meta') expect(await codeOf(ask(schema))).toBe('SESSION_STORE_NAME_CONFLICT');
      const { rows } = await pool.query(`SELECT relname FROM pg_class WHERE relnamespace = '${schema}'::regnamespace`);
      expect(rows).toEqual([{ relname: table }]);
    });

    test('of another application are left alone', async () => {
      const schema = schemaName();
      await storeIn(schema).setup?.();
      await pool.query(`UPDATE ${schema}.meta SET application = 'other'`);
      expect(await codeOf(ask(schema))).toBe('SESSION_STORE_NAME_CONFLICT');
      expect(await codeOf(storeIn(schema).setup?.())).toBe('SESSION_STORE_NAME_CONFLICT');
    });

    test.each(['sessions', 'epochs', 'audit', 'outbox', 'policies'])(
      'are named where %s was dropped, and not made anew',
      async (table) => {
        const schema = schemaName();
        const store = storeIn(schema);
        await store.setup?.();
        await pool.query(`DROP TABLE ${schema}.${table}`);
        const named = expect.stringContaining(`"${table}"`);
        await expect(store.setup?.()).rejects.toMatchObject({ code: 'SESSION_STORE_NOT_SET_UP', message: named });
        const { rows } = await pool.query(`SELECT to_regclass('${schema}.${table}') AS there`);
        expect(rows).toEqual([{ there: null }]);
        const findings = await store.powers?.diagnosis?.diagnose(Date.now());
        expect(findings).toContainEqual(expect.objectContaining({ subject: 'schema', level: 'problem', found: named }));
      },
    );

    test('are left alone within seconds by a running process that does not work on them any more', async () => {
      const schema = schemaName();
      const store = storeIn(schema);
      await store.setup?.();
      const session = await addNew(store, ann);
      await pool.query(`UPDATE ${schema}.meta SET version = 3, oldest = 2`);
      const later = performance.now() + 5_001;
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => later);
      onTestFinished(() => clock.mockRestore());
      const tooNew = { code: 'SESSION_STORE_TOO_NEW' };
      await expect(stored(store, session)).rejects.toMatchObject(tooNew);
      await expect(store.deleteSessions(ann.tags.user, 1)).rejects.toMatchObject(tooNew);
    });

    test('of another version are told', async () => {
      const schema = schemaName();
      const store = storeIn(schema);
      await store.setup?.();
      await addNew(store, ann);
      await pool.query(`UPDATE ${schema}.meta SET version = 3, oldest = 2`);
      expect(await codeOf(ask(schema))).toBe('SESSION_STORE_TOO_NEW');
      expect(await codeOf(storeIn(schema).setup?.())).toBe('SESSION_STORE_TOO_NEW');
      await pool.query(`UPDATE ${schema}.meta SET version = 0, oldest = 0`);
      expect(await codeOf(ask(schema))).toBe('SESSION_STORE_NOT_SET_UP');
    });

    test('in a database that is not there are not set up', async () => {
      const at = new URL(url ?? '');
      at.pathname = newName();
      const wrong = openPool({ connectionString: at.href });
      const sessions = createSessions({ store: postgresStore(wrong), timeout: TIMEOUT });
      const failed = await sessions.fence({ user: 'ann' }).catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: 'SESSION_STORE_NOT_SET_UP', cause: { code: '3D000' } });
      await wrong.end();
    });

    test.each([
      ['an index', 'CREATE TABLE x.t (a int); CREATE INDEX sessions_due ON x.t (a)'],
      ['a type', 'CREATE TYPE x.sessions AS ENUM ()'],
    ])('that would take the name of %s are not made', async (_, made) => {
      const schema = schemaName();
      await pool.query(`CREATE SCHEMA ${schema}; ${made.replaceAll('x.', `${schema}.`)}`);
      expect(await codeOf(storeIn(schema).setup?.())).toBe('SESSION_STORE_NAME_CONFLICT');
      expect((await pool.query(`SELECT to_regclass('${schema}.meta') AS meta`)).rows).toEqual([{ meta: null }]);
    });

    test('can have any names', async () => {
      const names = [
        { schema: schemaName(`o'Hara "quoted" $1 \u{1f511} $setup$ ${newName()}`), prefix: '' },
        { schema: schemaName(`back\\slash; -- ${newName()}`), prefix: `"it's" %s \\ ` },
        { schema: schemaName(newName().padEnd(63, 'x')), prefix: '\u{1f511}'.repeat(9) },
      ];
      for (const { schema, prefix } of names) {
        const store = storeIn(schema, { prefix });
        await store.setup?.();
        await store.setup?.();
        const session = await addNew(store, ann);
        same(await stored(store, session), session);
        const findings = await store.powers?.diagnosis?.diagnose(Date.now());
        expect(findings?.filter(({ subject }) => ['schema', 'rights'].includes(subject))).toMatchObject([
          { level: 'ok' },
          { level: 'ok' },
        ]);
      }
    });

    test('can be made by a migration tool', async () => {
      const schema = schemaName();
      const db = new Kysely<unknown>({
        dialect: new PostgresDialect({ pool: openPool({ connectionString: url ?? '' }) }),
      });
      await db
        .transaction()
        .execute((transaction) => sql.raw(postgresSchema({ schema, prefix: 'auth_' })).execute(transaction));
      await db.destroy();
      const store = storeIn(schema, { prefix: 'auth_' });
      await addNew(store, ann);
      await store.setup?.();
      expect(postgresSchema({ schema, from: STEPS.length })).toBe('');
      expect(() => postgresSchema({ from: 99 })).toThrow(TypeError);
    });

    test('are upgraded while the code of the version before goes on, and starts anew', async () => {
      const schema = schemaName();
      const old = storeIn(schema);
      await old.setup?.();
      const session = await addNew(old, ann);
      const next = [
        ...STEPS,
        {
          sql: ({ sessions }: { readonly sessions: string }) =>
            `ALTER TABLE ${sessions} ADD COLUMN more text; CREATE INDEX ON ${sessions} (more);`,
          oldest: 1,
        },
      ];
      const tables = tablesOf({ schema });
      const client: PostgresClient = {
        run: async ({ text, values }) => (await pool.query({ text, values: [...values], rowMode: 'array' })).rows,
        runWithin: () => expect.fail('not asked'),
      };
      await Promise.all([1, 2, 3].map(() => setUp(new Connection(client, false), tables, next)));
      expect((await pool.query(`SELECT version, oldest FROM ${schema}.meta`)).rows).toEqual([
        { version: 2, oldest: 1 },
      ]);
      for (const store of [old, storeIn(schema)]) {
        same(await stored(store, session), session);
        await addNew(store, ann);
        await store.touch([{ id: session.id, user: session.userTag, at: session.lastUsedAt }], () => 0);
        await store.setup?.();
      }
    });
  });

  describe('rights', () => {
    const role = newName();
    const schema = newName();
    const as = (): pg.Pool => {
      const at = new URL(url ?? '');
      at.username = role;
      return openPool({ connectionString: at.href, max: 1 });
    };
    beforeAll(async () => {
      await pool.query(`CREATE ROLE ${role} LOGIN`);
      await storeIn(schema).setup?.();
    });
    afterAll(async () => {
      await pool.query(`DROP SCHEMA ${schema} CASCADE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    });

    test('that are lacking are told; those that the page names are enough', async () => {
      const other = as();
      const store = postgresStore(other, { schema });
      const find = () => store.find(ann.tags.realm, [{ id: 'x', user: ann.tags.user }]);
      try {
        expect(await codeOf(find())).toBe('SESSION_STORE_DENIED');
        expect(await codeOf(postgresStore(other, { schema: newName() }).setup?.())).toBe('SESSION_STORE_DENIED');
        await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT ON ${schema}.meta TO ${role}`);
        expect(await codeOf(find())).toBe('SESSION_STORE_DENIED');
        expect(await store.powers?.diagnosis?.diagnose(0)).toContainEqual(
          expect.objectContaining({ subject: 'rights', level: 'problem', found: expect.stringContaining('DELETE on') }),
        );
        await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
        expect(await find()).toEqual([null]);
        const session = await addNew(store, ann, {}, null);
        await store.powers?.audit?.append([recordAbout(ann)]);
        await store.end({ id: session.id, user: session.userTag }, endedAt(1), []);
        await store.setup?.();
      } finally {
        await other.end();
      }
    });
  });

  describe('an error', () => {
    /** Returns all text that a log might print of an error and its causes. */
    const printed = (error: unknown): string => {
      const causes: unknown[] = [];
      for (let at = error; at !== undefined && causes.length < 9; at = (at as Error).cause) causes.push(at);
      return causes
        .map(
          (at) => `${at} ${(at as Error).stack} ${JSON.stringify(at)} ${inspect(at, { depth: 9, showHidden: false })}`,
        )
        .join('\n');
    };
    const credential = newHash();
    const attributes = { colour: 'vermilion' };
    const secrets = ['zebulon', '203.0.113.77', 'vermilion', credential];
    const signInOf = (store: ReturnType<typeof postgresStore>): Promise<unknown> => {
      const session = { ...sessionOf(person('zebulon')), ip: '203.0.113.77', attributes, credential };
      return Promise.resolve(store.add(session as never, plainWrite())).then(
        () => expect.fail('it did not fail'),
        (error: unknown) => error,
      );
    };
    const expectDiscreet = (error: unknown): void => {
      const text = printed(error);
      for (const secret of secrets) expect(text).not.toContain(secret);
      expect(text).not.toContain('INSERT INTO');
    };

    test('does not hold who signed in, where rights are missing: over Drizzle, TypeORM and Kysely', async () => {
      const [role, schema] = [newName(), schemaName()];
      await storeIn(schema).setup?.();
      await pool.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${role};
        GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
      const at = new URL(url ?? '');
      at.username = role;
      const own = openPool({ connectionString: at.href, max: 1 });
      const source = await new DataSource({ type: 'postgres', url: at.href, poolSize: 1 }).initialize();
      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: own }) });
      try {
        for (const client of [fromDrizzle(drizzle(own), drizzleSql), fromTypeOrm(source), fromKysely(db)]) {
          const error = await signInOf(postgresStore(client as PostgresClient, { schema }));
          expect(error).toMatchObject({ code: 'SESSION_STORE_DENIED', cause: { code: '42501' } });
          expect((error as Error).message).toMatch(/permission denied/);
          expectDiscreet(error);
        }
      } finally {
        await Promise.all([own.end(), source.destroy()]);
        await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    });

    test('does not hold it where a rule is broken, or the connection fails', async () => {
      const schema = schemaName();
      await storeIn(schema).setup?.();
      await pool.query(`ALTER TABLE ${schema}.sessions ADD CHECK (ip IS NULL);
        INSERT INTO ${schema}.epochs (tag, record, version) SELECT '${person('zebulon').tags.user}', '{}', 1`);
      const db = drizzle(pool);
      for (const store of [storeIn(schema), postgresStore(fromDrizzle(db, drizzleSql), { schema })]) {
        const error = await signInOf(store);
        expect(error).toMatchObject({ code: '23514' });
        expectDiscreet(error);
      }
      const failing = openPool({ connectionString: 'postgres://ann@127.0.0.1:1/none' });
      const store = postgresStore(fromDrizzle(drizzle(failing), drizzleSql), { schema });
      expect(await signInOf(store)).toMatchObject({ code: 'ECONNREFUSED' });
      await failing.end();
    });

    test('of PGlite, which tells the parameters in properties, does not hold them', async () => {
      const failing = {
        async query(query: string, params: unknown[]) {
          if (!query.includes('INSERT INTO')) return { rows: [['session-revocation', 1, 1, 150_000]] };
          throw Object.assign(new Error('a rule is broken'), { code: '23514', params, detail: `zebulon: ${params}` });
        },
      };
      const error = await signInOf(postgresStore(fromPglite(failing as never), { schema: shared }));
      expect(error).toMatchObject({ code: '23514', detail: expect.stringContaining('zebulon') });
      expectDiscreet(error);
    });
  });

  describe('an outage', () => {
    test('is told with its cause', async () => {
      const wrong = openPool({ connectionString: 'postgres://ann@127.0.0.1:1/none' });
      const sessions = createSessions({ store: postgresStore(wrong), timeout: TIMEOUT });
      const failed = await sessions.fence({ user: 'ann' }).catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE', cause: { code: 'ECONNREFUSED' } });
      await wrong.end();
    });
  });

  describe('reading', () => {
    /** A client that changes a statement before it sends it, or fails in its place. */
    const changed = (change: (statement: PostgresStatement) => PostgresStatement): PostgresClient => ({
      run: async (statement) => {
        const { text, values } = change(statement);
        return (await pool.query({ text, values: [...values], rowMode: 'array' })).rows;
      },
      runWithin: () => expect.fail('not asked'),
    });

    test('from a replica is refused, whether there is a session or not', async () => {
      const replica = changed((of) => ({ ...of, text: of.text.replace('pg_is_in_recovery()', 'true') }));
      const store = postgresStore(replica, { schema: shared });
      const refs = ['x', 'y'].map((id) => ({ id, user: ann.tags.user }));
      expect(await codeOf(store.find(ann.tags.realm, refs.slice(1)))).toBe('SESSION_STORE_UNSAFE');
      expect(await codeOf(store.find(ann.tags.realm, refs))).toBe('SESSION_STORE_UNSAFE');
      const page = { ended: true, now: 0, limit: 5 };
      expect(await codeOf(store.list(ann.tags.realm, person('nobody').tags.user, page))).toBe('SESSION_STORE_UNSAFE');
      expect(await codeOf(store.readEpochs([ann.tags.user]))).toBe('SESSION_STORE_UNSAFE');
    });

    test('is refused where nothing tells that it is of now, or a session is left out', async () => {
      const untold = changed((of) => ({
        ...of,
        text: of.text.replace(/CASE WHEN pg_is_in_recovery.*?END AS/s, 'NULL AS'),
      }));
      const store = postgresStore(untold, { schema: shared });
      const refs = ['x', 'y'].map((id) => ({ id, user: ann.tags.user }));
      expect(await codeOf(store.find(ann.tags.realm, refs.slice(1)))).toBe('SESSION_STORE_UNSAFE');
      const { run } = changed((of) => of);
      const first: PostgresClient = {
        run: async (statement) => (await run(statement)).slice(0, 1),
        runWithin: () => expect.fail('not asked'),
      };
      await expect(async () => postgresStore(first, { schema: shared }).find(ann.tags.realm, refs)).rejects.toThrow(
        /makes no sense/,
      );
    });

    test.each(['find', 'list'] as const)(
      '%s asks once more where the server was held up for a moment',
      async (verb) => {
        let late = 1;
        const held = changed(({ text, ...of }) => {
          const isLate = text.includes('AS reading') && late-- > 0;
          return { ...of, text: isLate ? text.replace(/CASE WHEN pg_is_in_recovery.*?END AS/s, '2 AS') : text };
        });
        const store = postgresStore(held, { schema: shared });
        const { realm, user } = person('nobody').tags;
        const asked = {
          find: () => store.find(realm, [{ id: 'x', user }]),
          list: () => store.list(realm, user, { ended: true, now: 0, limit: 5 }),
        }[verb];
        expect(await asked()).toEqual({ find: [null], list: { found: [], more: false } }[verb]);
        expect(late).toBe(-1);
        late = 2;
        expect(await codeOf(asked())).toBe('SESSION_STORE_UNSAFE');
      },
    );

    test.each(['REPEATABLE READ', 'SERIALIZABLE'])('in a transaction that is %s is refused', async (level) => {
      const client = await openClient(url ?? '');
      // Like most clients, this one cannot tell whether it is in a transaction.
      const silent = { query: client.query.bind(client), connect() {} } as pg.Client;
      const store = postgresStore(silent, { schema: shared });
      const refs = [{ id: 'x', user: ann.tags.user }];
      const page = { ended: true, now: 0, limit: 5 };
      const nobody = person('nobody').tags.user;
      expect(await store.find(ann.tags.realm, refs)).toEqual([null]);
      await client.query(`BEGIN ISOLATION LEVEL ${level}`);
      await client.query('SELECT pg_sleep(0.12)');
      expect(await codeOf(store.find(ann.tags.realm, refs))).toBe('SESSION_STORE_UNSAFE');
      expect(await codeOf(store.list(ann.tags.realm, nobody, page))).toBe('SESSION_STORE_UNSAFE');
      expect(await codeOf(store.readEpochs([nobody]))).toBe('SESSION_STORE_UNSAFE');
      await client.query('ROLLBACK');
      await client.query(`SET default_transaction_isolation = '${level.toLowerCase()}'`);
      expect(await store.find(ann.tags.realm, refs)).toEqual([null]);
      await client.end();
    });

    test('goes on without prepared statements where a proxy does not know them', async () => {
      const names: (string | undefined)[] = [];
      const proxied: PostgresClient = {
        async run({ text, values, name }) {
          names.push(name);
          if (name !== undefined) throw Object.assign(new Error('no such statement'), { code: '26000' });
          return (await pool.query({ text, values: [...values], rowMode: 'array' })).rows;
        },
        runWithin: () => expect.fail('not asked'),
      };
      const store = postgresStore(proxied, { schema: shared });
      for (let times = 0; times < 2; times++) await store.find(ann.tags.realm, [{ id: 'x', user: ann.tags.user }]);
      expect(names.filter((name) => name !== undefined)).toHaveLength(1);
      expect(await store.powers?.diagnosis?.diagnose(Date.now())).toContainEqual(
        expect.objectContaining({ subject: 'prepared statements', level: 'warning' }),
      );
      names.length = 0;
      const told = postgresStore(proxied, { schema: shared, prepare: false });
      await told.find(ann.tags.realm, [{ id: 'x', user: ann.tags.user }]);
      expect(names).toEqual([undefined, undefined]);
    });
  });

  test.each(['40P01', '40001'])('a verb is asked again after %s, and not without end', async (code) => {
    let failures = 2;
    const client: PostgresClient = {
      async run({ text, values }) {
        if (text.includes('INSERT INTO') && failures-- > 0) throw Object.assign(new Error('in the way'), { code });
        return (await pool.query({ text, values: [...values], rowMode: 'array' })).rows;
      },
      runWithin: () => expect.fail('not asked'),
    };
    const store = postgresStore(client, { schema: shared });
    await addNew(store, person('bob'));
    failures = Number.POSITIVE_INFINITY;
    await expect(async () => store.add(sessionOf(person('bob')), plainWrite())).rejects.toMatchObject({ code });
  });

  test('prisma: statements go to $queryRawUnsafe, and blocks to $executeRawUnsafe', async () => {
    const asked: string[] = [];
    const prisma = {
      async $queryRawUnsafe(text: string, ...values: unknown[]) {
        asked.push('query');
        return (await pool.query(text, values)).rows;
      },
      async $executeRawUnsafe(text: string) {
        asked.push('execute');
        await pool.query(text);
        return 0;
      },
    };
    const store = postgresStore(fromPrisma(prisma as never), { schema: shared });
    await store.setup?.();
    const session = await addNew(store, ann);
    same(await stored(store, session), session);
    expect(asked.slice(0, 2)).toEqual(['execute', 'query']);
  });

  describe("somebody else's transaction", () => {
    const seen = async (id: string): Promise<number> =>
      (await pool.query(`SELECT 1 FROM ${shared}.sessions WHERE id = $1`, [id])).rows.length;

    test('that was left open on a connection of the pool is passed by, and undone', async () => {
      const own = openPool({ connectionString: url ?? '', max: 2 });
      const store = postgresStore(own, { schema: shared });
      for (const failed of [false, true]) {
        const lent = await Promise.all([own.connect(), own.connect()]);
        for (const client of lent) {
          await client.query('BEGIN');
          if (failed) await client.query('SELECT 1 / 0').catch(() => {});
          client.release();
        }
        const session = await addNew(store, ann);
        expect(await seen(session.id)).toBe(1);
      }
      expect(own.idleCount).toBe(own.totalCount);
      await own.end();
    });

    test('on the only connection is refused, and nothing is written', async () => {
      const client = await openClient(url ?? '');
      const store = postgresStore(client, { schema: shared });
      const session = await addNew(store, ann);
      const ref = { id: session.id, user: session.userTag };
      await client.query('BEGIN');
      expect(await codeOf(store.end(ref, endedAt(1), []))).toBe('SESSION_STORE_UNSAFE');
      expect(await codeOf(store.find(ann.tags.realm, [ref]))).toBe('SESSION_STORE_UNSAFE');
      await client.query('COMMIT');
      expect((await stored(store, session)).ended).toBeNull();
      // BEGIN is sent, but its answer comes after the store has asked for the transaction status.
      const begun = client.query('BEGIN');
      expect(await codeOf(store.end(ref, endedAt(1), []))).toBe('SESSION_STORE_UNSAFE');
      await begun;
      await client.query('ROLLBACK');
      expect((await stored(store, session)).ended).toBeNull();
      expect(await store.end(ref, endedAt(1), [])).toBe(true);
      await client.end();
    });

    test('is looked for in vain where every connection has one', async () => {
      const own = openPool({ connectionString: url ?? '', max: 1 });
      let lent = 0;
      const begun = {
        ...{ query: () => {}, on() {}, removeListener() {}, getTransactionStatus: () => 'T' },
        release: (error: unknown) => expect(error).toBe(true),
      };
      own.connect = ((callback: (error: undefined, client: object) => void) => {
        lent++;
        callback(undefined, begun);
      }) as never;
      const find = postgresStore(own, { schema: shared }).find(ann.tags.realm, [{ id: 'x', user: ann.tags.user }]);
      expect(await codeOf(find)).toBe('SESSION_STORE_UNSAFE');
      expect(lent).toBe(100);
    });

    test('a connection that the server ends in the middle is an error, and the pool goes on', async () => {
      const own = openPool({ connectionString: url ?? '', max: 1, application_name: newName() });
      withoutTimeouts();
      const store = postgresStore(own, { schema: shared });
      const session = await addNew(store, ann);
      const ref = { id: session.id, user: session.userTag };
      const client = await pool.connect();
      await client.query(`BEGIN; SELECT 1 FROM ${shared}.sessions WHERE id = '${session.id}' FOR UPDATE`);
      const ending = codeOf(store.end(ref, endedAt(1), []));
      await until('it waits, and is ended', async () => {
        const { rows } = await pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
          [own.options.application_name],
        );
        return rows.length > 0;
      });
      expect(await ending).toMatchObject({ code: '57P01' });
      await client.query('ROLLBACK');
      client.release();
      expect(await store.end(ref, endedAt(1), [])).toBe(true);
      await own.end();
    });
  });

  test('a server that ends in the packet that says it is ready is an error, and ends no process', async () => {
    const message = (type: string, body: Buffer): Buffer => {
      const head = Buffer.alloc(5);
      head.write(type);
      head.writeInt32BE(body.length + 4, 1);
      return Buffer.concat([head, body]);
    };
    const authenticated = message('R', Buffer.alloc(4));
    const ready = message('Z', Buffer.from('I'));
    const fatal = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'));
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, fatal])));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const own = openPool({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, user: 'ann' });
    const find = postgresStore(own).find(ann.tags.realm, [{ id: 'x', user: ann.tags.user }]);
    await expect(find).rejects.toThrow(/not queryable|terminat/);
    await own.end();
  });

  test.each(Object.entries(MAKERS))('%s itself is no transaction', (_, made) => {
    const [client, itself] = made(pool);
    const sessions = createSessions({ store: postgresStore(client as PostgresClient<object>, { schema: shared }) });
    for (const wrong of [itself, undefined, null, 'BEGIN', {}]) {
      expect(() => sessions.within(wrong as object)).toThrow(TypeError);
      expect(() => sessions.within(wrong as object)).toThrow(/within needs/);
    }
  });

  test.each(['postgres.js', 'Kysely', 'Drizzle', 'TypeORM'])('%s: no store is made of a transaction', async (name) => {
    const connected = await clients[name]!(url ?? '');
    const { transaction, rollback } = await connected.begin();
    const makers = { 'postgres.js': fromPostgresJs, Kysely: fromKysely, TypeORM: fromTypeOrm } as const;
    const make = makers[name as keyof typeof makers] ?? ((db: never) => fromDrizzle(db, drizzleSql));
    expect(() => make(transaction as never)).toThrow(TypeError);
    expect(() => make(transaction as never)).toThrow(/not a transaction/);
    await rollback();
    await connected.close();
  });

  test('PGlite: no store is made of a transaction', async () => {
    const transaction = { query: async () => ({ rows: [] }), rollback: async () => {} };
    expect(() => fromPglite(transaction)).toThrow(/not a transaction/);
  });

  describe('what is in no transaction, or no longer,', () => {
    const sessions = createSessions({ store: storeIn(shared), realm: 'none', timeout: TIMEOUT });
    const NONE = { code: 'SESSION_STORE_UNSAFE', message: expect.stringMatching(/no transaction, or no longer/) };
    /** A client like an older version of pg, which cannot tell whether it is in a transaction. */
    const untold = (client: pg.PoolClient): pg.PoolClient =>
      new Proxy(client, {
        get(of, name) {
          if (name === 'getTransactionStatus') return undefined;
          const value = Reflect.get(of, name);
          return typeof value === 'function' ? value.bind(of) : value;
        },
      });

    test.each([
      ['tells', (client: pg.PoolClient) => client],
      ['cannot tell', untold],
    ])('is refused at each use, where the client %s', async (_, as) => {
      const live = await signIn(sessions);
      const client = await pool.connect();
      const within = sessions.within(as(client));
      await expect(within.revoke({ user: 'ann' })).rejects.toMatchObject(NONE);
      await client.query('BEGIN');
      expect(await within.revoke({ user: 'bob' })).toMatchObject({ revoked: true });
      await client.query('SELECT 1 / 0').catch(() => {});
      await expect(within.revoke({ user: 'ann' })).rejects.toMatchObject({ cause: { code: '25P02' } });
      await client.query('ROLLBACK');
      await expect(within.end(live.session.id, { user: 'ann' })).rejects.toMatchObject(NONE);
      client.release();
      const records = async () => (await pool.query(`SELECT count(*) FROM ${shared}.epochs`)).rows;
      const before = await records();
      await expect(within.end(live.session.id, { user: 'nobody yet' })).rejects.toMatchObject(NONE);
      expect(await records()).toEqual(before);
      expect(await sessions.check(live.token)).toMatchObject({ ok: true });
    });

    test('is told, too, where COMMIT was on its way: what was written then is committed by itself', async () => {
      const client = await pool.connect();
      await client.query('BEGIN');
      const within = storeIn(shared).powers?.transactions?.within(client);
      const ending = { id: 'x', user: ann.tags.user };
      expect(await within?.end(ending, endedAt(1), [])).toBe(false);
      const committing = client.query('COMMIT');
      expect(await codeOf(within?.end(ending, endedAt(1), []))).toBe('SESSION_STORE_UNSAFE');
      await committing;
      client.release();
    });

    test.each(Object.keys(clients))('is refused after its end, with every client: %s', async (name) => {
      const live = await signIn(sessions);
      const connected = await clients[name]!(url ?? '');
      const there = createSessions({ store: connected.store({ schema: shared }), realm: 'none', timeout: TIMEOUT });
      for (const end of ['commit', 'rollback'] as const) {
        const open = await connected.begin();
        const within = there.within(open.transaction as never);
        await within.revoke({ user: 'bob' });
        await open[end]();
        await expect(within.revoke({ user: 'ann' })).rejects.toMatchObject(NONE);
        expect(await within.committed(), 'and what was done in it is told all the same').toBe(end === 'commit');
      }
      expect(await sessions.check(live.token)).toMatchObject({ ok: true });
      await connected.close();
    });

    test.runIf(includes('Postgres: clients beside pg.Pool and postgres.js'))(
      'is refused after its end: PGlite',
      async () => {
        const connected = await pglite('');
        const store = connected.store({});
        await store.setup?.();
        const there = createSessions({ store, timeout: TIMEOUT });
        for (const end of ['commit', 'rollback'] as const) {
          const open = await connected.begin();
          const within = there.within(open.transaction as never);
          await open[end]();
          await expect(within.revoke({ user: 'ann' })).rejects.toMatchObject(NONE);
        }
        await connected.close();
      },
    );

    test('is refused after its end: Prisma, as it says that', async () => {
      const closed = Object.assign(new Error('Transaction API error: Transaction already closed'), { code: 'P2028' });
      const refusing = {
        $queryRawUnsafe: () => Promise.reject(closed),
        $executeRawUnsafe: () => Promise.reject(closed),
      };
      const there = createSessions({ store: postgresStore(fromPrisma({ ...refusing })), timeout: TIMEOUT });
      await expect(there.within(refusing).revoke({ user: 'ann' })).rejects.toMatchObject(NONE);
    });
  });

  describe("in the app's transaction", () => {
    /**
     * Runs `body` in a transaction, and then rolls back. The rollback does nothing if `body` has ended the transaction.
     */
    async function within(level: string, body: (client: pg.PoolClient) => Promise<void>) {
      const client = await pool.connect();
      try {
        await client.query(`BEGIN ISOLATION LEVEL ${level}`);
        await body(client);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    }
    const sessionsHere = createSessions({
      ...{ store: storeIn(shared), realm: 'within', audit: true, touchEvery: 0, timeout: TIMEOUT },
    });

    test.each(['READ COMMITTED', 'REPEATABLE READ'])('%s: a password and its revocation are one', async (level) => {
      const table = `${shared}.users_${level.replace(' ', '_')}`;
      await pool.query(`CREATE TABLE ${table} (password text); INSERT INTO ${table} VALUES ('old')`);
      const password = async () => (await pool.query(`SELECT password FROM ${table}`)).rows[0].password;
      for (const end of ['ROLLBACK', 'COMMIT']) {
        const [here, there] = [await signIn(sessionsHere), await signIn(sessionsHere)];
        let token: string | null = null;
        await within(level, async (client) => {
          await client.query(`UPDATE ${table} SET password = 'new'`);
          const change = await sessionsHere
            .within(client)
            .trigger('passwordChanged', { user: 'ann', keep: here.session });
          token = change.token;
          expect(await sessionsHere.check(there.token), 'a check waits for nobody').toMatchObject({ ok: true });
          expect(await sessionsHere.check(here.token)).toMatchObject({ ok: true });
          expect(await password()).toBe('old');
          await client.query(end);
        });
        const done = end === 'COMMIT';
        expect(await password()).toBe(done ? 'new' : 'old');
        expect(await sessionsHere.check(there.token)).toMatchObject({ ok: !done });
        expect(await sessionsHere.check(here.token)).toMatchObject({ ok: !done });
        expect(await sessionsHere.check(token ?? '')).toMatchObject({ ok: done });
        const { entries } = await sessionsHere.audit({ types: ['sessions.revoked'], user: 'ann' });
        expect(entries.length > 0).toBe(done || level === 'REPEATABLE READ');
      }
    });

    test('whoever writes to the same user waits for the commit, and compares with it', async () => {
      const store = storeIn(shared, { batch: false });
      const session = await addNew(store, person('cleo'));
      const user = session.userTag;
      const record = { record: (await recordOf(store, user)).record, now: 1, keepUntil: null, audit: [] };
      const { version: ifVersion } = await recordOf(store, user);
      await within('READ COMMITTED', async (client) => {
        const tx = store.powers?.transactions?.within(client);
        expect(await tx?.advance(user, { ...record, ifVersion })).toBe('advanced');
        const late = [
          store.advance(user, { ...record, ifVersion }),
          store.add(sessionOf(person('cleo')), plainWrite({ ifVersion })),
          store.renew(renewalOf(session, {}, { ifVersion })),
        ];
        await client.query('COMMIT');
        expect(await Promise.all(late)).toEqual(['conflict', 'conflict', 'conflict']);
      });
    });

    test('a policy that it went by stays as it is until the commit, and one that is not there is not set', async () => {
      const store = storeIn(shared);
      const set = (account: string, ifValue: string | null) =>
        store.powers?.policies?.set({ account, value: 'theirs', ifValue, audit: [] });
      expect(await set('there', null)).toBe('set');
      for (const [account, there] of [
        ['there', 'theirs'],
        ['not there', null],
      ] as const) {
        await within('REPEATABLE READ', async (client) => {
          const tx = store.powers?.transactions?.within(client);
          expect(await tx?.powers?.policies?.get(account)).toBe(there);
          const { rows } = await pool.query(
            `SELECT account_tag FROM ${shared}.policies WHERE account_tag = $1 FOR NO KEY UPDATE SKIP LOCKED`,
            [account],
          );
          expect(rows).toEqual([]);
          let isSet = false;
          const setting = Promise.resolve(set(account, there)).finally(() => {
            isSet = true;
          });
          await until('it waits', async () => {
            const { rows: waiting } = await pool.query(
              `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
               WHERE NOT l.granted AND a.query LIKE '%${shared}"."policies%'`,
            );
            return waiting.length > 0;
          });
          expect(isSet).toBe(false);
          await client.query('COMMIT');
          expect(await setting).toBe('set');
        });
      }
    });

    test('what was done in a savepoint is told by a within of its own', async () => {
      const told: unknown[] = [];
      const stop = sessionsHere.on('sessions.revoked', ({ user }) => told.push(user));
      onTestFinished(stop);
      const [kept, undone] = [await signIn(sessionsHere, 'kept'), await signIn(sessionsHere, 'undone')];
      const open: { committed(): Promise<boolean> }[] = [];
      await within('READ COMMITTED', async (client) => {
        const [whole, part] = [sessionsHere.within(client), sessionsHere.within(client)];
        open.push(whole, part);
        await whole.revoke({ user: 'kept' });
        await client.query('SAVEPOINT part');
        await part.revoke({ user: 'undone' });
        await client.query('ROLLBACK TO part');
        await client.query('COMMIT');
      });
      expect(await Promise.all(open.map((one) => one.committed()))).toEqual([true, false]);
      expect(told).toEqual(['kept']);
      expect(await sessionsHere.check(kept.token)).toMatchObject({ ok: false });
      expect(await sessionsHere.check(undone.token)).toMatchObject({ ok: true });
    });

    test('one within does not tell of the rest where a part of it was undone', async () => {
      const told: unknown[] = [];
      onTestFinished(sessionsHere.on('sessions.revoked', ({ user }) => told.push(user)));
      let whole: { committed(): Promise<boolean> } | undefined;
      await within('READ COMMITTED', async (client) => {
        const acts = sessionsHere.within(client);
        await acts.revoke({ user: 'kept' });
        await client.query('SAVEPOINT part');
        await acts.revoke({ user: 'undone' });
        await client.query('ROLLBACK TO part');
        await client.query('COMMIT');
        whole = acts;
      });
      expect([await whole?.committed(), told]).toEqual([false, []]);
    });

    test.each(['COMMIT', 'ROLLBACK'])('committed() waits for the end of an open transaction: %s', async (end) => {
      withoutTimeouts();
      const waiting = `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE NOT l.granted AND a.query LIKE '%${shared}"."epochs%'`;
      let answer: Promise<boolean> | undefined;
      await within('READ COMMITTED', async (client) => {
        const acts = sessionsHere.within(client);
        await acts.revoke({ user: 'fay' });
        answer = acts.committed();
        await until('it waits', async () => (await pool.query(waiting)).rows.length > 0);
        await client.query(end);
      });
      expect(await answer).toBe(end === 'COMMIT');
    });

    test('committed() knows how a COMMIT ended that failed, or whose answer was lost', async () => {
      const table = `${shared}.deferred`;
      await pool.query(`CREATE TABLE ${table} (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)`);
      const told: unknown[] = [];
      onTestFinished(sessionsHere.on('sessions.revoked', ({ user }) => told.push(user)));
      const live = await signIn(sessionsHere, 'gil');

      let failed: { committed(): Promise<boolean> } | undefined;
      await within('READ COMMITTED', async (client) => {
        const acts = sessionsHere.within(client);
        await acts.revoke({ user: 'gil' });
        failed = acts;
        await client.query(`INSERT INTO ${table} VALUES (1), (1)`);
        await expect(client.query('COMMIT')).rejects.toMatchObject({ code: '23505' });
      });
      expect([await failed?.committed(), told]).toEqual([false, []]);
      expect(await sessionsHere.check(live.token)).toMatchObject({ ok: true });

      // The client closes its socket before the answer arrives.
      for (const sent of [true, false]) {
        const client = await openClient(url ?? '');
        await client.query('BEGIN');
        const acts = sessionsHere.within(client);
        await acts.revoke({ user: 'gil' });
        const lost = sent ? client.query('COMMIT').catch(() => 'lost') : 'lost';
        (client as unknown as { connection: { stream: Socket } }).connection.stream.destroySoon();
        expect(await lost).toBe('lost');
        expect(await acts.committed()).toBe(sent);
      }
      expect(told).toEqual(['gil']);
      expect(await sessionsHere.check(live.token)).toMatchObject({ ok: false });
    });

    test('a use of a session that it holds is let go after some tries, each by a time of its own, and the rest is noted', async () => {
      const store = storeIn(shared, { batch: false });
      const [held, free] = [await addNew(store, person('dan')), await addNew(store, person('dan'))];
      const user = held.userTag;
      await within('READ COMMITTED', async (client) => {
        await client.query(`SELECT 1 FROM ${shared}.sessions WHERE id = $1 FOR UPDATE`, [held.id]);
        const at = held.lastUsedAt + 1;
        const now = vi.fn(() => 0);
        await store.touch(
          [held, free].map(({ id }) => ({ id, user, at })),
          now,
        );
        expect(now.mock.calls.length).toBeGreaterThan(1);
        expect((await stored(store, free)).lastUsedAt).toBe(at);
        expect((await stored(store, held)).lastUsedAt).toBe(held.lastUsedAt);
      });
    });
  });

  /**
   * A decision after a lock wait must use the data that were committed during the wait. A lock delays the second call.
   */
  describe('after a wait for another writer', () => {
    /**
     * Runs `late` while another transaction holds `lock`. Commits `change` when `late` waits for the lock or has
     * answered.
     */
    async function behind<T>(
      lock: string,
      change: string,
      late: () => T,
      meanwhile: () => Promise<void> = async () => {},
    ): Promise<Awaited<T>> {
      withoutTimeouts();
      const client = await pool.connect();
      const waiting = `SELECT count(*)::int AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE NOT l.granted AND a.query LIKE '%${shared}%'`;
      let answer: Promise<Awaited<T>>;
      try {
        await client.query(`BEGIN; ${lock}; ${change}`);
        let answered = false;
        answer = Promise.resolve(late()).finally(() => {
          answered = true;
        });
        answer.catch(() => {});
        await until('it waits, or has answered', async () => answered || (await pool.query(waiting)).rows[0].n > 0);
        await meanwhile();
      } finally {
        await client.query('COMMIT');
        client.release();
      }
      return answer;
    }
    const store = storeIn(shared, { batch: false });
    const eve = person('eve');
    const of = (id: string): string => `${shared}.sessions WHERE id = '${id}'`;

    test('a session that was ended is not ended again, renewed, kept, or touched back to life', async () => {
      const { user } = eve.tags;
      for (const verb of ['end', 'renew', 'advance', 'add'] as const) {
        const session = await addNew(store, eve);
        const { id, credential: ifCredential } = session;
        const { record, version: ifVersion } = await recordOf(store, user);
        const initiator = { id, ifCredential, credential: newHash(), serial: 1 };
        const advance = { record, ifVersion, now: session.createdAt, keepUntil: null, initiator, audit: [] };
        const ending = [{ id, ended: endedAt(session.createdAt, 'second'), audit: [recordAbout(eve)] }];
        const verbs = {
          end: () => store.end({ id, user }, endedAt(2, 'second'), []),
          renew: () => store.renew(renewalOf(session)),
          advance: () => store.advance(user, advance),
          add: () => store.add(sessionOf(eve), plainWrite({ ending })),
        };
        const answer = await behind(
          `SELECT 1 FROM ${of(id)} FOR UPDATE`,
          `UPDATE ${shared}.sessions SET ended_at = 1, ended_reason = 'first' WHERE id = '${id}'`,
          verbs[verb] as () => unknown,
        );
        expect([verb, answer]).toEqual([
          verb,
          { end: false, renew: 'not-live', advance: 'not-live', add: 'added' }[verb],
        ]);
        expect(await stored(store, session)).toMatchObject({
          credential: ifCredential,
          ended: { at: 1, reason: 'first' },
        });
        if (verb === 'advance') expect((await recordOf(store, user)).version).toBe(ifVersion);
        if (verb === 'add') {
          const page = await store.powers?.audit?.read({ realm: eve.tags.realm, user, limit: 9 });
          expect(page?.entries).toEqual([]);
        }
      }
    });

    test('a use that was judged before is not noted for a session that was ended or used since', async () => {
      // The statement looks for the session with this function. So it waits after it has begun and before it locks a
      // row.
      const [gate, number] = [schemaName(), randomInt(2 ** 31)];
      await pool.query(`CREATE SCHEMA ${gate}; CREATE FUNCTION ${gate}.hashtextextended(text, bigint) RETURNS bigint
        LANGUAGE plpgsql AS $$ BEGIN
          PERFORM pg_advisory_xact_lock_shared(${number});
          RETURN pg_catalog.hashtextextended($1, $2);
        END $$`);
      const gated = openPool({ connectionString: url ?? '', options: `-c search_path=${gate},pg_catalog` });
      onTestFinished(() => gated.end());
      const late = postgresStore(gated, { schema: shared, batch: false });
      for (const [change, outcome] of [
        [`ended_at = 1, ended_reason = 'first'`, { lastUsedAt: 0, ended: { at: 1, reason: 'first' } }],
        ['last_used_at = last_used_at + 9', { lastUsedAt: 9, ended: null }],
        ['last_used_at = last_used_at + 3', { lastUsedAt: 5, ended: null }],
      ] as const) {
        const session = await addNew(store, person('gus'));
        const { id, userTag, lastUsedAt: used } = session;
        await behind(
          `SELECT pg_advisory_xact_lock(${number})`,
          `UPDATE ${shared}.sessions SET ${change} WHERE id = '${id}'`,
          () => late.touch([{ id, user: userTag, at: used + 5 }], () => used),
        );
        expect(await stored(store, session)).toMatchObject({ ...outcome, lastUsedAt: used + outcome.lastUsedAt });
      }
    });

    test('a transaction that writes about a user queues at the record of the user, and holds no session meanwhile', async () => {
      const { user } = eve.tags;
      for (const verb of ['end', 'renew', 'advance', 'add', 'remove'] as const) {
        const session = await addNew(store, eve);
        const { id, credential: ifCredential } = session;
        const { record, version: ifVersion } = await recordOf(store, user);
        const initiator = { id, ifCredential, credential: newHash(), serial: 1 };
        const advance = { record, ifVersion, now: session.createdAt, keepUntil: null, initiator, audit: [] };
        const ending = [{ id, ended: endedAt(session.createdAt), audit: [] }];
        const verbs = {
          end: () => store.end({ id, user }, endedAt(2), []),
          renew: () => store.renew(renewalOf(session, {}, { ifVersion })),
          advance: () => store.advance(user, advance),
          add: () => store.add(sessionOf(eve), plainWrite({ ending })),
          remove: () => store.deleteSessions(user, 1000),
        };
        const lock = `SELECT 1 FROM ${shared}.epochs WHERE tag = '${user}' FOR UPDATE`;
        await behind(lock, 'SELECT', verbs[verb] as () => unknown, async () => {
          const { rows } = await pool.query(`SELECT id FROM ${of(id)} FOR UPDATE NOWAIT`);
          expect([verb, rows]).toEqual([verb, [{ id }]]);
        });
      }
    });

    test('a record that was advanced is not advanced again, and nobody is let in', async () => {
      const session = await addNew(store, eve);
      const { user } = eve.tags;
      const { id, credential: ifCredential } = session;
      for (const verb of ['advance', 'advanceFor', 'add', 'renew'] as const) {
        const { record, version: ifVersion } = await recordOf(store, user);
        const advance = { record, ifVersion, now: session.createdAt, keepUntil: null, audit: [] };
        const initiator = { id, ifCredential, credential: newHash(), serial: 1 };
        const verbs = {
          advance: () => store.advance(user, advance),
          advanceFor: () => store.advance(user, { ...advance, initiator }),
          add: () => store.add(sessionOf(eve), plainWrite({ ifVersion })),
          renew: () => store.renew(renewalOf(session, {}, { ifVersion })),
        };
        const answer = await behind(
          `SELECT 1 FROM ${shared}.epochs WHERE tag = '${user}' FOR UPDATE`,
          `UPDATE ${shared}.epochs SET version = version + 1 WHERE tag = '${user}'`,
          verbs[verb] as () => unknown,
        );
        expect([verb, answer]).toEqual([verb, 'conflict']);
        same(await stored(store, session), session);
      }
    });

    test('a session that was used meanwhile is not pruned, and removed whole where it is to be removed', async () => {
      const fay = person('fay');
      const session = await addNew(store, fay, { idle: 1000, expiresAt: null });
      const before = session.lastUsedAt + 5000;
      const prune = () =>
        store.prune({ sessionsBefore: before, epochsBefore: 0, limit: 99, after: null, revoked: () => false });
      const use = `UPDATE ${shared}.sessions SET last_used_at = last_used_at + 600000000 WHERE id = '${session.id}'`;
      await behind(`SELECT 1 FROM ${of(session.id)} FOR UPDATE`, use, () => prune());
      await prune();
      expect((await stored(store, session)).lastUsedAt).toBe(session.lastUsedAt + 600_000_000);
      expect((await pool.query(`SELECT due FROM ${of(session.id)}`)).rows[0].due).toBe(
        Math.floor((session.lastUsedAt + 600_001_000) / 2 ** 18),
      );
      const lock = `SELECT 1 FROM ${of(session.id)} FOR UPDATE`;
      expect(await behind(lock, use, () => store.deleteSessions(fay.tags.user, 10))).toBe(1);
    });
  });

  test.runIf(includes('Postgres: a process that ends while its pool is open'))(
    'a process is not kept running, and nothing of the store is left open',
    async () => {
      const script = `
      import pg from 'pg';
      import { createSessions } from 'session-revocation';
      import { postgresStore } from 'session-revocation/postgres';
      const pool = new pg.Pool({ connectionString: process.argv[1], allowExitOnIdle: true });
      const sessions = createSessions({ store: postgresStore(pool, { schema: process.argv[2] }) });
      await sessions.fence({ user: 'ann' });
      console.log('done');`;
      const child = spawn(process.execPath, [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        script,
        url ?? '',
        shared,
      ]);
      let output = '';
      child.stdout.on('data', (data) => {
        output += data;
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect([code, output]).toEqual([0, 'done\n']);
    },
  );
});
