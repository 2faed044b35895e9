import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createPool } from 'mysql2';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { createSessions } from 'session-revocation';
import { fromMariadb, fromMysql2, type MysqlClient, type MysqlRow, mysqlStore } from 'session-revocation/mysql';
import { storeContract } from 'session-revocation/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { NOW } from '../../src/testing/harness/bench.ts';
import { addNew, look, person } from '../../src/testing/harness/records.ts';
import { includes, size } from '../ci-only.ts';
import { until } from '../services/until.ts';
import { contractStores, openMariadbConnection, openMariadbPool, openTables, testPool, url } from './support/mysql.ts';
import { signIn } from './support/sqlite-people.ts';

/** Timeout of a case, in ms. Many times as long as the longest case takes. */
const TEST_TIMEOUT = 600_000;

/**
 * Cases of the ordinary run. They cover the differences between clients: bytes, numbers, row counts, transactions,
 * errors.
 */
const HANDFUL =
  /^(text|audit\/text|epochs\/(create|advance|initiator)|races\/(add|end)-once|pruning\/(sessions|records)|policies\/(set|race)|diagnosis)/;

const clients = {
  'a connection of mysql2': async (prefix: string) => {
    const connection = await createConnection(`${url}`);
    return { store: () => mysqlStore(connection, { prefix }), end: () => connection.end() };
  },
  'a pool of mysql2 without promises, that counts changed rows': (prefix: string) => {
    const settings = { flags: ['-FOUND_ROWS'], supportBigNumbers: true, bigNumberStrings: true };
    const pool = createPool({ uri: `${url}`, ...settings });
    return { store: () => mysqlStore(pool, { prefix, batch: false }), end: () => pool.promise().end() };
  },
  'a pool of mariadb': (prefix: string) => {
    const pool = openMariadbPool();
    return { store: () => mysqlStore(pool, { prefix }), end: () => pool.end() };
  },
  'a connection of mariadb, that counts changed rows and gives BigInts': async (prefix: string) => {
    const connection = await openMariadbConnection({ foundRows: false });
    return { store: () => mysqlStore(fromMariadb(connection), { prefix }), end: () => connection.end() };
  },
};

describe.skipIf(url === null).each(Object.entries(clients))('%s', (_, open) => {
  const interleavings = size('contract: orders of a race, MariaDB by another client');
  const powers = ['audit', 'outbox', 'policies', 'transactions', 'diagnosis', 'changes'] as const;
  const cases = storeContract({ ...contractStores(open), powers, interleavings });
  for (const { id, title, skip, run } of cases) {
    // The suite opens its transactions with mysql2. The tests below cover transactions of the other clients.
    const left =
      skip !== null ||
      id.startsWith('transactions') ||
      ['changes/commit', 'outbox/in-transaction'].includes(id) ||
      !(includes('MariaDB: the whole contract by every client') || HANDFUL.test(id));
    test.skipIf(left)(`${id}: ${title}`, run, TEST_TIMEOUT);
  }
});

describe.skipIf(url === null)('clients', { timeout: TEST_TIMEOUT }, () => {
  test('mariadb: a transaction of the caller’s', async () => {
    const { prefix } = await openTables();
    const pool = openMariadbPool();
    const sessions = createSessions({ store: mysqlStore(pool, { prefix }), timeout: '2m' });
    const { token } = await signIn(sessions, 'ann');
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await sessions.within(connection).revoke({ user: 'ann' });
    expect(await sessions.check(token)).toMatchObject({ ok: true });
    await connection.commit();
    expect(await sessions.check(token)).toMatchObject({ ok: false, reason: 'revoked' });
    await connection.release();
    await pool.end();
  });

  test.each(['mysql2', 'mariadb'])(
    '%s: after its end a transaction is refused, and how it ended is known',
    async (driver) => {
      const { prefix, pool: mysql2 } = await openTables();
      const pool = driver === 'mysql2' ? mysql2 : openMariadbPool();
      onTestFinished(async () => void (driver === 'mysql2' || (await pool.end())));
      const sessions = createSessions({ store: mysqlStore(pool as never, { prefix }), timeout: '2m' });
      const { token } = await signIn(sessions, 'ann');
      for (const end of ['commit', 'rollback'] as const) {
        for (const released of [true, false]) {
          const connection = await pool.getConnection();
          await connection.beginTransaction();
          const within = sessions.within(connection as never);
          await within.revoke({ user: 'bob' });
          await connection[end]();
          if (released) await connection.release();
          await expect(within.revoke({ user: 'ann' })).rejects.toMatchObject({ code: 'SESSION_STORE_UNSAFE' });
          await sessions.revoke({ user: 'bob' });
          expect(await within.committed()).toBe(end === 'commit');
          if (!released) await connection.release();
        }
      }
      expect(await sessions.check(token)).toMatchObject({ ok: true });
    },
  );

  test.each(['mysql2', 'mariadb'])('%s: what is no transaction is misuse', async (driver) => {
    const [pool, callbacks] = [driver === 'mysql2' ? testPool() : openMariadbPool(), createPool(`${url}`)];
    onTestFinished(async () => {
      await Promise.all([driver === 'mysql2' || pool.end(), callbacks.promise().end()]);
    });
    const sessions = createSessions({ store: mysqlStore(pool as never) });
    const lone =
      driver === 'mysql2' ? [await new Promise((resolve) => callbacks.getConnection((_, one) => resolve(one)))] : [];
    for (const wrong of [undefined, null, 7, 'BEGIN', {}, { query() {} }, pool, ...lone]) {
      expect(() => sessions.within(wrong as never)).toThrow(TypeError);
      expect(() => sessions.within(wrong as never)).toThrow(/within needs the connection of m/);
    }
  });

  /** Opens a local port that forwards to the server. Returns the port and the sockets of its clients. */
  async function passage(): Promise<{ readonly port: number; readonly sockets: readonly Socket[] }> {
    const { hostname, port } = new URL(`${url}`);
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      const onwards = connect(Number(port || 3306), hostname);
      for (const end of [socket, onwards]) end.on('error', () => {});
      socket.pipe(onwards).pipe(socket);
      socket.on('close', () => onwards.destroy());
      sockets.push(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return { port: (server.address() as AddressInfo).port, sockets };
  }

  test('mysql2: a connection that was reset is lent to nobody who waits for one', async () => {
    // Stops the timer by which the adapter gives up a slow connection.
    vi.useFakeTimers({ toFake: ['setInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { pool, prefix, store } = await openTables();
    const session = await addNew(store, person('ann'));
    const { port, sockets } = await passage();
    const target = new URL(`${url}`);
    target.host = `127.0.0.1:${port}`;
    const other = mysqlStore(testPool({ uri: target.href, connectionLimit: 1 }), { prefix, batch: false });
    await look(other, session);
    const admin = await pool.getConnection();
    await admin.query(`LOCK TABLES ${prefix}sessions WRITE`);
    const answers = Promise.allSettled([1, 2, 3].map(() => look(other, session)));
    const waiting = `SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table%' AND info LIKE '%${prefix}%'`;
    await until('the first one waits', async () => (await pool.query<RowDataPacket[]>(waiting))[0].length > 0);
    for (const socket of sockets) socket.resetAndDestroy();
    await until('the next one has a connection', () => sockets.length === 2);
    await admin.query('UNLOCK TABLES');
    admin.release();
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  test('a page is in order, in whatever order the server gives its rows', async () => {
    const { pool, prefix, store } = await openTables();
    const ann = person('ann');
    for (const [id, createdAt] of [...'caeb'].map((letter, nth) => [letter, NOW + (nth % 2)] as const)) {
      await addNew(store, ann, { id, createdAt });
    }
    const client = fromMysql2(pool);
    const page = { ended: true, now: NOW, limit: 3 };
    for (const order of [(rows: readonly MysqlRow[]) => rows, (rows: readonly MysqlRow[]) => rows.toReversed()]) {
      const other: MysqlClient<never> = {
        rows: async (sql, parameters) => order(await client.rows(sql, parameters)),
        lend: (limit) => client.lend(limit),
        within: () => expect.fail(),
      };
      const { found, more } = await mysqlStore(other, { prefix }).list(ann.tags.realm, ann.tags.user, page);
      expect([found.map(({ session }) => session.id), more]).toEqual([['b', 'a', 'e'], true]);
    }
  });

  test.each([undefined, null, '', 'mysql://localhost/test', 42, {}, { query() {} }, { pool: {} }])(
    'refuses %j as a client',
    (client) => {
      expect(() => mysqlStore(client as never)).toThrow(TypeError);
    },
  );

  test.each([
    ['an option that is unknown', { prefx: 'x' }, /"prefx".*prefix/],
    ['options that are none', 'fast', /object/],
    ['null', null, /object/],
    ['a prefix that is none', { prefix: 5 }, /prefix/],
    ['a prefix that is too long', { prefix: 'x'.repeat(57) }, /57.*56/],
    ['a prefix with NUL', { prefix: 'a\0b' }, /NUL/],
    ['a prefix that no name may have', { prefix: '\u{1f600}' }, /FFFF/],
    ['a batch that is none', { batch: 1 }, /batch/],
  ])('refuses %s', (_, options, message) => {
    const make = (): unknown => mysqlStore(testPool(), options as object);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});
