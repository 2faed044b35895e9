import { createPool, type Pool } from 'mysql2/promise';
import { createSessions, type Sessions } from 'session-revocation';
import { mysqlStore } from 'session-revocation/mysql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { queryMysql } from '../services/stores.ts';
import { newPrefix, url } from './support/mysql.ts';
import { programsOf, runProgram } from './support/page-program.ts';
import { signIn } from './support/sqlite-people.ts';

const CONNECTIONS = 4;

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

interface Program {
  changePassword(user: string, password: string): Promise<void>;
}

describe.skipIf(url === null)('the program of the page that changes a password', { timeout: TEST_TIMEOUT }, () => {
  test('does so as often at once as it likes', async () => {
    const [text = ''] = await programsOf('docs/mysql.md', 'changePassword');
    const database = new URL(`${url}`);
    const name = `${newPrefix()}app`;
    await queryMysql(`${url}`, `CREATE DATABASE ${name}`);
    onTestFinished(() => queryMysql(`${url}`, `DROP DATABASE ${name}`));
    database.pathname = name;
    await queryMysql(database.href, 'CREATE TABLE people (name VARCHAR(20), password VARCHAR(20))');

    const pools: Pool[] = [];
    const told: unknown[] = [];
    const made: Sessions[] = [];
    const { changePassword } = runProgram<Program>(text, {
      'mysql2/promise': {
        createPool() {
          const pool = createPool({ uri: database.href, connectionLimit: CONNECTIONS });
          pools.push(pool);
          return pool;
        },
      },
      'session-revocation': {
        createSessions(options: Parameters<typeof createSessions>[0]) {
          const sessions = createSessions(options);
          sessions.on('sessions.revoked', ({ user }) => told.push(user));
          made.push(sessions);
          return sessions;
        },
      },
      'session-revocation/mysql': { mysqlStore },
    });
    const sessions = made[0] ?? expect.fail('it makes some');
    await sessions.setup();
    const users = Array.from({ length: 2 * CONNECTIONS }, (_, nth) => `user ${nth}`);
    const signedIn = await Promise.all(users.map((user) => signIn(sessions, user)));
    await Promise.all(users.map((user) => changePassword(user, 'new')));
    expect(told.toSorted()).toEqual(users);
    for (const { token } of signedIn) expect(await sessions.check(token)).toMatchObject({ ok: false });
    await sessions.close();
    await pools[0]?.end();
  });
});
