import { createPool } from 'mysql2';
import { createConnection } from 'mysql2/promise';
import { createSessions } from 'session-revocation';
import { fromMariadb, mysqlStore } from 'session-revocation/mysql';
import { storeContract } from 'session-revocation/testing';
import { describe, expect, test } from 'vitest';
import { contractStores, openMariadbConnection, openMariadbPool, openTables, testPool, url } from './support/mysql.ts';
import { signIn } from './support/sqlite-people.ts';

/** In the ordinary run, what differs from client to client: bytes, numbers, counts of rows, transactions, and errors. */
const HANDFUL = /^(text|audit\/text|epochs|races\/(add|end)-once|pruning|policies\/(set|race)|diagnosis)/;

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
  const cases = storeContract({ ...contractStores(open), powers: ['audit', 'policies', 'transactions', 'diagnosis'] });
  for (const { id, title, skip, run } of cases) {
    // Transactions of these are tested below: the suite begins them on mysql2.
    const left = skip !== null || id.startsWith('transactions') || !(process.env.CI || HANDFUL.test(id));
    test.skipIf(left)(`${id}: ${title}`, run, 60_000);
  }
});

describe.skipIf(url === null)('clients', () => {
  test('mariadb: a transaction of the caller’s', async () => {
    const { prefix } = await openTables();
    const pool = openMariadbPool();
    const sessions = createSessions({ store: mysqlStore(pool, { prefix }) });
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
