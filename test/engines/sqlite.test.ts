import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createSessions, isSessionError, type SessionErrorCode, type SessionStore } from 'session-revocation';
import { type SqliteConnection, sqliteStore } from 'session-revocation/sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Database, openWithRetry } from '../../adapters/engines/sqlite/connection.ts';
import { createStore } from '../../adapters/engines/sqlite/store.ts';
import { newEpoch } from '../../src/model/epoch.ts';
import { newVersion, userTag } from '../../src/model/token.ts';
import { recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { person } from '../../src/testing/harness/records.ts';
import { includes } from '../ci-only.ts';
import { drivers } from './support/sqlite-drivers.ts';
import { answerOf, temporaryFile, watched } from './support/sqlite-files.ts';
import { sessionsIn, signIn } from './support/sqlite-people.ts';

/** Expects an error of this package with this code, and returns its `cause`. */
async function causeOf(
  failing: Promise<unknown>,
  code: SessionErrorCode = 'SESSION_STORE_UNAVAILABLE',
): Promise<unknown> {
  const error = await failing.then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!isSessionError(error, code)) throw error;
  return error.cause;
}

const SYNCHRONOUS = ['OFF', 'NORMAL', 'FULL'];
const synchronous = (connection: SqliteConnection): string | undefined =>
  SYNCHRONOUS[Number(answerOf(connection, 'PRAGMA synchronous'))];

/** Reads a record, and creates it if it is missing. */
const askForRecord = (store: SessionStore, tag: string, version: number = newVersion()): unknown =>
  store.ensureEpochs([{ tag, create: newEpoch(Date.now()), version, keepUntil: null }], Date.now());

describe('sqliteStore', () => {
  test.each([undefined, null, '', 42, {}, { exec() {} }])('refuses %j as a database', (file) => {
    expect(() => sqliteStore(file as string)).toThrow(TypeError);
  });

  test.each([
    ['an option that is unknown', { timeOut: 5 }, /"timeOut".*timeout/],
    ['a time that is none', { timeout: 'soon' }, /timeout/],
    ['a negative time', { timeout: -1 }, /timeout/],
    ['a time without end', { timeout: '1d' }, /timeout.*600000/],
    ['options that are none', 'fast', /object/],
    ['null', null, /object/],
  ])('refuses %s', (_, options, message) => {
    const make = (): unknown => sqliteStore(':memory:', options as object);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  test('opens a file by its name, with a driver that it finds', async () => {
    const file = temporaryFile();
    const first = sessionsIn(file);
    const { token } = await signIn(first, 'ann');
    await first.close();

    const second = sessionsIn(file, {}, { timeout: '1s' });
    expect(await second.check(token)).toMatchObject({ ok: true, session: { user: 'ann' } });
    await second.close();
  });

  test('keeps sessions in memory', async () => {
    const sessions = sessionsIn(':memory:');
    const { token } = await signIn(sessions, 'ann');
    await sessions.revoke({ user: 'ann' });
    expect(await sessions.check(token)).toMatchObject({ ok: false, reason: 'revoked' });
    await sessions.close();
  });
});

describe('a file that others open at the same time', () => {
  const busy = Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' });
  /**
   * Opens a file that is locked for the first `locked` attempts. Each attempt takes 500 ms. Returns the number of
   * attempts.
   */
  function opening(locked: number, timeout: number): number {
    let [now, tries] = [0, 0];
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    onTestFinished(() => clock.mockRestore());
    return openWithRetry(() => {
      now += 500;
      if (tries++ < locked) throw busy;
      return tries;
    }, timeout);
  }

  test('is opened again and again for as long as others are waited for, and for a second at least', () => {
    expect(opening(9, 10_000)).toBe(10);
    expect(opening(1, 0)).toBe(2);
    expect(() => opening(3, 0)).toThrow(busy);
  });
});

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

describe.each(drivers)('$name', { timeout: TEST_TIMEOUT }, ({ name, open }) => {
  describe('opening', () => {
    test('waits for the first question, or for setup', async () => {
      const file = temporaryFile();
      const store = sqliteStore(file);
      expect(existsSync(file)).toBe(false);
      await store.setup?.();
      expect(existsSync(file)).toBe(true);
      await store.close?.();

      const unused = temporaryFile();
      await sqliteStore(unused).close?.();
      expect(existsSync(unused)).toBe(false);
    });

    test('marks the file as its own, and gives it a write-ahead log', async () => {
      const file = temporaryFile();
      const store = sqliteStore(open(file));
      await store.setup?.();
      await store.setup?.();

      const other = open(file);
      expect(answerOf(other, 'PRAGMA application_id')).toBe(0x73726576);
      expect(answerOf(other, 'PRAGMA user_version')).toBe(1);
      expect(answerOf(other, 'PRAGMA journal_mode')).toBe('wal');
      expect(answerOf(other, 'PRAGMA integrity_check')).toBe('ok');
      other.close();
      await store.close?.();
    });

    test('closing ends it, once and for all', async () => {
      const connection = open(temporaryFile());
      const sessions = sessionsIn(connection);
      const { token } = await signIn(sessions, 'ann');
      await sessions.close();
      await sessions.close();
      await causeOf(sessions.check(token));
      await causeOf(sessions.fence({ user: 'ann' }));
    });

    test('closes a connection that was handed in, once, and also where it was not used', async () => {
      for (const used of [true, false]) {
        let closed = 0;
        const connection = watched(open(temporaryFile()), () => {});
        const store = sqliteStore({ ...connection, close: () => closed++ });
        if (used) await store.setup?.();
        await store.close?.();
        await store.close?.();
        expect(closed).toBe(1);
      }
    });

    test('the numbers of a connection with BigInts are numbers all the same', async () => {
      const connection = open(temporaryFile());
      (connection as { defaultSafeIntegers?(on: boolean): unknown }).defaultSafeIntegers?.(true);
      const sessions = sessionsIn(connection);
      const { token } = await signIn(sessions, 'ann');
      const verdict = await sessions.check(token);
      expect(verdict.session?.createdAt).toBeTypeOf('number');
      expect(await sessions.revoke({ user: 'ann' })).toMatchObject({ revoked: true });
    });

    test('rows that a driver gives as objects will do', async () => {
      const sessions = sessionsIn(watched(open(temporaryFile()), () => {}));
      const { token, session } = await signIn(sessions, 'ann');
      expect((await sessions.check(token)).session).toMatchObject({ ...session });
      expect((await sessions.list({ user: 'ann' })).sessions).toHaveLength(1);
    });
  });

  describe('a file that is not for us', () => {
    /** Returns a copy without a write-ahead log: all its data are in this one file. */
    function copyOf(file: string): string {
      open(file).exec(`VACUUM INTO '${file}.copy'`);
      return `${file}.copy`;
    }

    test('of a later version is refused as too new, and not touched', async () => {
      const file = temporaryFile();
      const made = sessionsIn(open(file));
      await signIn(made, 'ann');
      await made.close();
      const later = copyOf(file);
      open(later).exec('PRAGMA user_version = 2');
      const before = readFileSync(later);

      const sessions = sessionsIn(open(later));
      await causeOf(sessions.fence({ user: 'ann' }), 'SESSION_STORE_TOO_NEW');
      await causeOf(sessions.list({ user: 'ann' }), 'SESSION_STORE_TOO_NEW');
      await sessions.close();
      expect(readFileSync(later).equals(before)).toBe(true);
    });

    test.each([
      ['tables', 'CREATE TABLE users (id INTEGER PRIMARY KEY)'],
      ['tables and our version', 'CREATE TABLE sessions (id TEXT); PRAGMA user_version = 1'],
      ['a version and no tables', 'PRAGMA user_version = 7'],
      ['an application of its own', 'PRAGMA application_id = 12345'],
    ])('with %s of something else is refused, and not touched', async (_, sql) => {
      const file = temporaryFile();
      open(file).exec(sql);
      const before = readFileSync(file);
      const sessions = sessionsIn(open(file));
      await causeOf(sessions.fence({ user: 'ann' }), 'SESSION_STORE_NAME_CONFLICT');
      await sessions.close();
      expect(readFileSync(file).equals(before)).toBe(true);
    });

    test('that is no database is refused, and not touched', async () => {
      const file = temporaryFile();
      writeFileSync(file, 'user,password\n'.repeat(1000));
      const sessions = sessionsIn(file);
      expect(await causeOf(sessions.fence({ user: 'ann' }), 'SESSION_STORE_NAME_CONFLICT')).toBeInstanceOf(Error);
      expect(readFileSync(file, 'utf8')).toBe('user,password\n'.repeat(1000));
    });

    test('whose pages are damaged is unavailable; it never says "unknown"', async () => {
      const file = temporaryFile();
      const { token } = await signIn(sessionsIn(open(file)), 'ann');
      const damaged = copyOf(file);
      writeFileSync(damaged, readFileSync(damaged).fill(0xa5, 4096));

      const sessions = sessionsIn(open(damaged));
      expect(await causeOf(sessions.check(token))).toBeInstanceOf(Error);
    });
  });

  describe('an outage', () => {
    test('where there is no such directory; it is over when there is one', async () => {
      const file = `${temporaryFile()}/deeper/sessions.db`;
      const sessions = sessionsIn(file);
      expect(await causeOf(sessions.fence({ user: 'ann' }))).toBeInstanceOf(Error);
      mkdirSync(dirname(file), { recursive: true });
      await signIn(sessions, 'ann');
      await sessions.close();
    });

    test('of a file that can only be read: checks go on, and nothing else', async () => {
      const file = temporaryFile();
      const { token } = await signIn(sessionsIn(open(file)), 'ann');

      const connection = open(file);
      connection.exec('PRAGMA query_only = ON');
      const sessions = sessionsIn(connection, { touchEvery: 0 });
      const failed = new Promise((resolve) => sessions.on('background.failed', resolve));
      expect(await sessions.check(token)).toMatchObject({ ok: true });
      expect(await failed).toMatchObject({ operation: 'touch' });
      expect(await causeOf(sessions.fence({ user: 'bob' }))).toBeInstanceOf(Error);
      expect(await causeOf(sessions.revoke({ user: 'ann' }))).toBeInstanceOf(Error);
      expect(await sessions.check(token)).toMatchObject({ ok: true });
    });

    test('while somebody else writes for longer than we wait: checks go on', async () => {
      const file = temporaryFile();
      const sessions = sessionsIn(open(file), {}, { timeout: 20 });
      const { token } = await signIn(sessions, 'ann');

      const other = open(file);
      other.exec('BEGIN IMMEDIATE');
      expect(await causeOf(sessions.revoke({ user: 'ann' }))).toBeInstanceOf(Error);
      expect(await sessions.check(token)).toMatchObject({ ok: true });
      other.exec('COMMIT');
      expect(await sessions.revoke({ user: 'ann' })).toMatchObject({ revoked: true });
      expect(await sessions.check(token)).toMatchObject({ reason: 'revoked' });
    });

    test('while somebody else writes for long: noting a use gives up, and holds up nothing', async () => {
      const file = temporaryFile();
      const connection = open(file);
      /** How long each write was allowed to wait for a lock, in ms. */
      let waits: unknown[] = [];
      const asked = watched(connection, (sql) => {
        if (sql === 'BEGIN IMMEDIATE') waits.push(answerOf(connection, 'PRAGMA busy_timeout'));
      });
      const sessions = sessionsIn(asked, { touchEvery: 0 }, { timeout: '5s' });
      const { token } = await signIn(sessions, 'ann');
      const other = open(file);
      other.exec('BEGIN IMMEDIATE');
      waits = [];
      const told = new Promise((resolve) => sessions.on('background.failed', ({ operation }) => resolve(operation)));
      expect(await sessions.check(token)).toMatchObject({ ok: true });
      expect(await told).toBe('touch');
      expect([...new Set(waits)]).toEqual([20]);
      other.exec('COMMIT');
      waits = [];
      expect(await sessions.revoke({ user: 'ann' })).toMatchObject({ revoked: true });
      expect(waits).toContain(5_000);
    });

    const waits = name === drivers[0]?.name || includes('SQLite: a second driver');
    test.runIf(waits)('while another connection has locked the whole file', async () => {
      const file = temporaryFile();
      const { token } = await signIn(sessionsIn(open(file)), 'ann');
      open(file).exec(`VACUUM INTO '${file}.copy'`);

      const owner = open(`${file}.copy`);
      owner.exec('BEGIN EXCLUSIVE');
      const sessions = sessionsIn(open(`${file}.copy`), {}, { timeout: 20 });
      expect(await causeOf(sessions.check(token))).toBeInstanceOf(Error);
      expect(await causeOf(sessions.fence({ user: 'ann' }))).toBeInstanceOf(Error);
      owner.exec('COMMIT');
      expect(await sessions.check(token)).toMatchObject({ ok: true });

      // The outage leaves nothing behind: this connection sees the write of another one.
      await sessionsIn(open(`${file}.copy`)).revoke({ user: 'ann' });
      expect(await sessions.check(token)).toMatchObject({ reason: 'revoked' });
    });

    test('over, what was left unanswered is asked again before anything else', async () => {
      let locked = false;
      let asked: string[] = [];
      const connection = watched(open(temporaryFile()), (sql) => {
        asked.push(sql);
        if (locked && sql.includes('FROM sessions')) throw Object.assign(new Error(), { code: 'SQLITE_BUSY_RECOVERY' });
      });
      const sessions = sessionsIn(connection);
      const { token } = await signIn(sessions, 'ann');
      locked = true;
      await causeOf(sessions.check(token));
      await causeOf(sessions.fence({ user: 'ann' }));
      locked = false;
      asked = [];
      await sessions.fence({ user: 'ann' });
      expect(asked[0]).toContain('FROM sessions');
      asked = [];
      await sessions.fence({ user: 'ann' });
      expect(asked[0]).toBe('BEGIN');
    });

    test('of a full disk: nothing is half done, and room makes it well', async () => {
      const file = temporaryFile();
      const connection = open(file);
      const sessions = sessionsIn(connection);
      const tokens = new Map([['user-0', (await signIn(sessions, 'user-0')).token]]);
      const pages = Number(answerOf(connection, 'PRAGMA page_count'));
      connection.exec(`PRAGMA max_page_count = ${pages + 4}`);

      let failure: unknown;
      for (let at = 1; failure === undefined; at++) {
        await signIn(sessions, `user-${at}`).then(
          ({ token }) => tokens.set(`user-${at}`, token),
          (error: unknown) => {
            failure = error;
          },
        );
      }
      expect(await causeOf(Promise.reject(failure))).toBeInstanceOf(Error);
      expect(tokens.size).toBeGreaterThan(1);
      for (const [user, token] of tokens) {
        expect(await sessions.check(token)).toMatchObject({ ok: true, session: { user } });
        expect((await sessions.list({ user })).sessions).toHaveLength(1);
      }
      const other = open(file);
      other.exec('BEGIN IMMEDIATE; COMMIT');
      expect(answerOf(other, 'PRAGMA integrity_check')).toBe('ok');
      other.close();

      connection.exec('PRAGMA max_page_count = 100000');
      await signIn(sessions, 'the-one-who-came-in-vain');
    });
  });

  describe('a transaction', () => {
    test('that cannot commit leaves nothing behind, and is not left open', async () => {
      const file = temporaryFile();
      let broken = false;
      const connection = watched(open(file), (sql) => {
        if (broken && sql === 'COMMIT') throw new Error('no commit');
      });
      const sessions = sessionsIn(connection);
      const { token, session } = await signIn(sessions, 'ann');

      broken = true;
      expect(await causeOf(sessions.revoke({ user: 'ann' }))).toMatchObject({ message: 'no commit' });
      expect(await causeOf(sessions.end(session.id, { user: 'ann' }))).toMatchObject({ message: 'no commit' });
      const other = open(file);
      other.exec('BEGIN IMMEDIATE; COMMIT');
      other.close();

      broken = false;
      expect(await sessions.check(token)).toMatchObject({ ok: true });
      expect(await sessions.revoke({ user: 'ann' })).toMatchObject({ revoked: true });
    });

    test('that can be neither committed nor rolled back takes its connection with it', async () => {
      const file = temporaryFile();
      let broken = false;
      let opened = 0;
      const connect = (): Database => {
        opened++;
        const connection = watched(open(file), (sql) => {
          if (broken && /COMMIT|ROLLBACK/.test(sql)) throw new Error(`no ${sql}`);
        });
        return new Database(connection, 100);
      };
      const store = createStore({ timeout: 100, connect, discard: (database) => database.close(), close() {} });
      askForRecord(store, 'first');
      expect(opened).toBe(1);

      broken = true;
      expect(() => askForRecord(store, 'second')).toThrow('no COMMIT');
      broken = false;
      askForRecord(store, 'third');
      expect(opened).toBe(2);
      expect(answerOf(open(file), "SELECT count(*) FROM epochs WHERE tag = 'second'")).toBe(0);
    });

    test('of ours is refused on a connection that somebody has one open on', async () => {
      const connection = open(temporaryFile());
      const sessions = sessionsIn(connection);
      await signIn(sessions, 'ann');
      connection.exec('BEGIN');
      await causeOf(sessions.revoke({ user: 'ann' }));
      connection.exec('ROLLBACK');
      expect(await sessions.revoke({ user: 'ann' })).toMatchObject({ revoked: true });
    });

    test('waits for the disk, except where nobody was promised anything', async () => {
      const connection = open(temporaryFile());
      let levels: unknown[] = [];
      let broken = false;
      const store = sqliteStore(
        watched(connection, (sql) => {
          if (sql === 'BEGIN IMMEDIATE') levels.push(synchronous(connection));
          if (broken && levels.length > 0 && sql === 'COMMIT') throw new Error('no commit');
        }),
      );
      const sessions = createSessions({ store, touchEvery: 0 });
      /** Returns the level of `synchronous` for each write of a call. */
      const levelsOf = async (call: () => Promise<unknown>): Promise<unknown[]> => {
        levels = [];
        await call();
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        expect(synchronous(connection)).toBe('FULL');
        return levels;
      };
      const { token, session } = await signIn(sessions, 'ann');
      expect(await levelsOf(() => sessions.fence({ user: 'bob' }))).toEqual(['NORMAL']);
      expect(await levelsOf(() => sessions.check(token))).toEqual(['NORMAL']);
      expect(await levelsOf(() => sessions.prune())).toEqual(['NORMAL', 'NORMAL', 'NORMAL']);
      expect((await levelsOf(() => signIn(sessions, 'ann'))).at(-1)).toBe('FULL');
      expect((await levelsOf(() => sessions.renew(session))).at(-1)).toBe('FULL');
      expect((await levelsOf(() => sessions.end(session.id, { user: 'ann' }))).at(-1)).toBe('FULL');
      expect((await levelsOf(() => sessions.revoke({ user: 'ann' }))).at(-1)).toBe('FULL');
      const { audit, policies } = store.powers ?? {};
      const record = recordAbout(person('ann'));
      const set = { account: 'acme', value: 'x', ifValue: null, audit: [record] };
      expect(await levelsOf(async () => store.deleteSessions(userTag('default', 'ann'), 1))).toEqual(['FULL']);
      expect(await levelsOf(async () => policies?.set(set))).toEqual(['FULL']);
      expect(await levelsOf(async () => audit?.append([record]))).toEqual(['NORMAL']);
      expect(await levelsOf(async () => audit?.forget(userTag('default', 'ann'), 1))).toEqual(['FULL']);
      expect(await levelsOf(async () => audit?.prune(0, 1))).toEqual(['NORMAL']);
      broken = true;
      expect(await levelsOf(() => causeOf(sessions.fence({ user: 'cleo' })))).toEqual(['NORMAL']);
    });
  });

  test('versions go up to what JavaScript can count, and start over', () => {
    const store = sqliteStore(open(temporaryFile()));
    const tag = userTag('default', 'ann');
    const last = Number.MAX_SAFE_INTEGER;
    expect(askForRecord(store, tag, last)).toMatchObject([{ version: last }]);
    const advance = { record: newEpoch(1), now: 1, keepUntil: null, audit: [] };
    expect(store.advance(tag, { ...advance, ifVersion: last })).toBe('advanced');
    expect(askForRecord(store, tag)).toMatchObject([{ version: 0 }]);
    expect(store.advance(tag, { ...advance, ifVersion: last })).toBe('conflict');
    expect(store.advance(tag, { ...advance, ifVersion: 0 })).toBe('advanced');
  });
});
