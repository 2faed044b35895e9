import pg from 'pg';
import { createSessions, type Session, type Sessions } from 'session-revocation';
import { postgresStore } from 'session-revocation/postgres';
import { describe, expect, onTestFinished, test } from 'vitest';
import { blocksOf } from '../docs/markdown.ts';
import { queryPostgres } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { programsOf, runProgram } from './support/page-program.ts';
import { newName, openPool, url } from './support/postgres-clients.ts';
import { signIn } from './support/sqlite-people.ts';

const PAGES = ['docs/postgres.md', 'docs/transactions.md'];
const CONNECTIONS = 4;

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

interface Program {
  changePassword(user: string, hash: string, here: Session): Promise<string | null | undefined>;
}

test.each(PAGES)('every pool in %s has somebody who hears that a connection was lost', async (page) => {
  const texts = (await blocksOf(page)).map(({ text }) => text);
  for (const text of texts.filter((one) => one.includes('new pg.Pool'))) expect(text).toContain("pool.on('error'");
});

describe.skipIf(url === null)('a program that changes a password', { timeout: TEST_TIMEOUT }, () => {
  /** Creates a database with the app's table. Returns its URL. */
  async function openDatabase(): Promise<string> {
    const at = new URL(url ?? '');
    at.pathname = newName();
    const name = at.pathname.slice(1);
    await queryPostgres(`${url}`, `CREATE DATABASE ${name}`);
    onTestFinished(() => queryPostgres(`${url}`, `DROP DATABASE ${name} WITH (FORCE)`));
    await queryPostgres(at.href, 'CREATE TABLE users (id text, password text, password_hash text)');
    return at.href;
  }

  test.each(PAGES)('in %s does so as often at once as it likes, and outlives the loss of connections', async (page) => {
    const [text = ''] = await programsOf(page, 'changePassword');
    const database = await openDatabase();
    const admin = openPool({ connectionString: database });
    const pools: pg.Pool[] = [];
    const Pool = function Pool() {
      const made = new pg.Pool({ connectionString: database, max: CONNECTIONS });
      pools.push(made);
      return made;
    };
    const told: unknown[] = [];
    const made: Sessions[] = [];
    const create = (options: Parameters<typeof createSessions>[0]): Sessions => {
      const sessions = createSessions(options);
      sessions.on('sessions.revoked', ({ user }) => told.push(user));
      made.push(sessions);
      return sessions;
    };
    await postgresStore(admin).setup?.();
    const { changePassword } = runProgram<Program>(text, {
      pg: { Pool },
      'session-revocation': { createSessions: create },
      'session-revocation/postgres': { postgresStore },
    });
    const [sessions, [pool]] = [made[0] ?? expect.fail('it makes some'), pools];
    const users = Array.from({ length: 2 * CONNECTIONS }, (_, nth) => `user ${nth}`);
    const change = async (): Promise<void> => {
      told.length = 0;
      const signedIn = await Promise.all(users.map((user) => signIn(sessions, user)));
      const tokens = await Promise.all(users.map((user, at) => changePassword(user, 'new', signedIn[at]!.session)));
      expect(told.toSorted()).toEqual(users);
      for (const [at, { token: old }] of signedIn.entries()) {
        expect(await sessions.check(old)).toMatchObject({ ok: false });
        if (page === 'docs/postgres.md') expect(await sessions.check(tokens[at] ?? '')).toMatchObject({ ok: true });
      }
    };
    await change();

    const lent = await pool!.connect();
    const lost = new Promise((resolve) => lent.once('end', resolve));
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
    await lost;
    lent.release();
    await until('the pool knows of all of them', () => pool?.totalCount === 0);
    await change();
    await sessions.close();
    await Promise.all([pool?.end(), admin.end()]);
  });
});
