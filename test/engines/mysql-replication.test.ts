import { createPool as createMariadbPool } from 'mariadb';
import { createConnection, createPool, type RowDataPacket } from 'mysql2/promise';
import { createSessions, type SessionStore } from 'session-revocation';
import { mysqlStore } from 'session-revocation/mysql';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { addNew, look, person } from '../../src/testing/harness/records.ts';
import { LoopbackProxy } from '../faults/loopback-proxy.ts';
import { type PrivateServer, startMariadb } from '../services/index.ts';
import { hasMariadb } from '../services/mariadb.ts';
import { until } from '../services/until.ts';
import { openTables, testPool, url } from './support/mysql.ts';

/** Timeout of a test, in ms. Much longer than two servers take to start. */
const TEST_TIMEOUT = 300_000;
const ann = person('ann');
const UNSAFE = { code: 'SESSION_STORE_UNSAFE', message: expect.stringMatching(/is a replica/) };

const diagnose = async (store: SessionStore) => store.powers?.diagnosis?.diagnose(Date.now());

describe.runIf(hasMariadb())('a primary and its replica, which takes writes', { timeout: TEST_TIMEOUT }, () => {
  let primary: PrivateServer;
  let replica: PrivateServer;

  beforeAll(async () => {
    [primary, replica] = await Promise.all([
      startMariadb({ args: ['--server-id=1', '--log-bin=binlog', '--binlog-format=ROW'] }),
      startMariadb({ args: ['--server-id=2', '--read-only=OFF'] }),
    ]);
    const connection = await createConnection(replica.url);
    await connection.query(
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${primary.port}, MASTER_USER = 'root', MASTER_USE_GTID = no`,
    );
    await connection.query('START SLAVE');
    await until('the replica runs', async () => {
      const [rows] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Slave_running'");
      return rows[0]?.Value === 'ON';
    });
    await connection.end();
  }, TEST_TIMEOUT);

  afterAll(() => Promise.all([primary?.stop(), replica?.stop()]));

  const clients = {
    'a pool of mysql2': async (uri: string) => testPool({ uri }),
    'a pool of mariadb': async (uri: string) => {
      const pool = createMariadbPool(uri.replace('mysql://', 'mariadb://'));
      onTestFinished(() => pool.end());
      return pool;
    },
    'a connection of mysql2': async (uri: string) => {
      const connection = await createConnection(uri);
      onTestFinished(() => connection.end());
      return connection;
    },
  };

  test.each(Object.entries(clients))('%s: the replica is refused, and the primary is not', async (_, open) => {
    const [sound, wrong] = [
      mysqlStore((await open(primary.url)) as never),
      mysqlStore((await open(replica.url)) as never),
    ];
    await sound.setup?.();
    const session = await addNew(sound, ann);
    expect(await look(sound, session)).toMatchObject({ session });
    await expect(wrong.setup?.()).rejects.toMatchObject(UNSAFE);
    await expect(look(wrong, session)).rejects.toMatchObject(UNSAFE);
    await expect(wrong.deleteSessions(ann.tags.user, 1)).rejects.toMatchObject(UNSAFE);
    expect(await diagnose(wrong)).toContainEqual(
      expect.objectContaining({ subject: 'role', level: 'problem', found: expect.stringMatching(/is a replica/) }),
    );
    // The primary lists a replica only some time after the replica has started.
    await until('the primary shows its replica', async () =>
      ((await diagnose(sound)) ?? []).some(({ subject, level }) => subject === 'replicas' && level === 'warning'),
    );
    const found = await diagnose(sound);
    expect(found).toContainEqual(expect.objectContaining({ subject: 'role', level: 'ok' }));
    expect(found).toContainEqual(
      expect.objectContaining({ subject: 'replicas', level: 'warning', found: expect.stringMatching(/^1 connected/) }),
    );
  });

  test.each(['a pool of mysql2', 'a pool of mariadb'] as const)(
    '%s: a new connection that leads to the replica neither reads nor writes',
    async (name) => {
      const proxy = await LoopbackProxy.open(primary.port);
      onTestFinished(() => proxy.close());
      await mysqlStore(testPool({ uri: primary.url })).setup?.();
      const through = primary.url.replace(`${primary.port}`, `${proxy.port}`);
      const stores = [1, 2].map(async () => mysqlStore((await clients[name](through)) as never, { batch: false }));
      const [reading, writing] = (await Promise.all(stores)) as [SessionStore, SessionStore];
      const session = await addNew(reading, ann);
      await look(reading, session);
      await writing.deleteSessions(person('bob').tags.user, 1);
      proxy.retarget(replica.port);
      proxy.cut();
      const unsafe = (ask: () => Promise<unknown>) =>
        until('the store has a new connection and refuses it', async () => {
          const code = await ask().then(
            () => 'an answer',
            (error: { code?: string }) => error.code,
          );
          expect(code).not.toBe('an answer');
          return code === UNSAFE.code;
        });
      await unsafe(() => look(reading, session));
      await unsafe(async () => writing.deleteSessions(ann.tags.user, 1));
    },
  );

  test('the replica is taken where the option says that all processes use it', async () => {
    const store = mysqlStore(testPool({ uri: replica.url }), { prefix: 'pair_', allowReplicating: true });
    await store.setup?.();
    const session = await addNew(store, ann);
    expect(await look(store, session)).toMatchObject({ session });
    expect(await diagnose(store)).toContainEqual(expect.objectContaining({ subject: 'role', level: 'warning' }));
  });

  test('a binary log that is not synchronised is a warning of setup and a problem of the diagnosis', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warnings.mockRestore());
    const pool = testPool({ uri: primary.url });
    const store = mysqlStore(pool);
    const told = async () => {
      warnings.mockClear();
      await store.setup?.();
      const problems = (await diagnose(store))?.filter(
        ({ subject, level }) => subject === 'durability' && level === 'problem',
      );
      expect(warnings.mock.calls.map(([text]) => text)).toEqual(
        problems?.map(({ found, advice }) => `${found}: ${advice}`),
      );
      return problems?.map(({ found }) => found);
    };
    expect(await told()).toEqual([expect.stringMatching(/sync_binlog is 0/)]);
    await pool.query('SET GLOBAL sync_binlog = 1');
    expect(await told()).toEqual([]);
    for (const [value, what] of [
      [0, /server alone/],
      [2, /machine/],
    ] as const) {
      await pool.query(`SET GLOBAL innodb_flush_log_at_trx_commit = ${value}`);
      expect(await told()).toEqual([expect.stringMatching(what)]);
    }
    await pool.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
  });
});

describe.skipIf(url === null)('SQL modes', { timeout: TEST_TIMEOUT }, () => {
  test.each(['ORACLE', 'EMPTY_STRING_IS_NULL'])('%s is refused by name', async (mode) => {
    const { prefix } = await openTables();
    const pool = createPool(`${url}`);
    onTestFinished(() => pool.end());
    pool.pool.on('connection', (connection) => void connection.query(`SET sql_mode = '${mode}'`, () => {}));
    const store = mysqlStore(pool, { prefix });
    const refused = { code: 'SESSION_STORE_UNSUPPORTED', message: expect.stringMatching(mode) };
    await expect(store.setup?.()).rejects.toMatchObject(refused);
    await expect(createSessions({ store }).fence({ user: 'ann' })).rejects.toMatchObject(refused);
    expect(await diagnose(store)).toContainEqual(
      expect.objectContaining({ subject: 'sql_mode', level: 'problem', found: expect.stringMatching(mode) }),
    );
  });
});
