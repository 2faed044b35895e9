import { createConnection } from 'mysql2/promise';
import { createSessions, type SessionErrorCode, type SessionStore } from 'session-revocation';
import { mysqlStore } from 'session-revocation/mysql';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Watch } from '../../adapters/engines/mysql/clients/watch.ts';
import { meaningOf } from '../../adapters/engines/mysql/errors.ts';
import { requireState, serverOf } from '../../adapters/engines/mysql/server.ts';
import { reliable } from '../../adapters/engines/mysql/verbs/reads.ts';
import { NOW } from '../../src/testing/harness/bench.ts';
import { addNew, look, person } from '../../src/testing/harness/records.ts';
import { newPrefix, openTables, testPool, url } from './support/mysql.ts';

const ann = person('ann');
const failing = (code: SessionErrorCode, message = /./) => ({ code, message: expect.stringMatching(message) });

/** Uses the store as an app does: takes a fence. */
const ask = async (store: SessionStore): Promise<unknown> =>
  createSessions({ store, timeout: '2m' }).fence({ user: 'ann' });

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

describe.skipIf(url === null)('what a look-up must not rely on', { timeout: TEST_TIMEOUT }, () => {
  test('a pool without autocommit', async () => {
    const { prefix, store } = await openTables();
    const session = await addNew(store, ann);
    const pool = testPool();
    pool.pool.on('connection', (connection) => void connection.query('SET autocommit = 0', () => {}));
    const other = mysqlStore(pool, { prefix });
    await expect(look(other, session)).rejects.toMatchObject(failing('SESSION_STORE_UNSAFE', /autocommit/));
    await expect(look(other, { ...session, id: 'another' })).rejects.toMatchObject(failing('SESSION_STORE_UNSAFE'));
    for (const tag of [ann.tags.user, 'nobody']) {
      const asked = async () => other.readEpochs([tag]);
      await expect(asked).rejects.toMatchObject(failing('SESSION_STORE_UNSAFE', /autocommit/));
    }
  });

  test('a connection that was released within a transaction', async () => {
    const { pool, store } = await openTables({ pool: { connectionLimit: 1 } });
    const session = await addNew(store, ann);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    connection.release();
    await expect(look(store, session)).rejects.toMatchObject(failing('SESSION_STORE_UNSAFE', /transaction/));
    await connection.query('ROLLBACK');
    expect(await look(store, session)).toMatchObject({ session });
  });

  test('one of several connections that was released within a transaction: what it does not see is not thought missing', async () => {
    const { pool, store } = await openTables({ batch: false, pool: { connectionLimit: 2 } });
    await addNew(store, person('bob'));
    const [stale, other] = [await pool.getConnection(), await pool.getConnection()];
    await stale.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    other.release();
    const session = await addNew(store, ann);
    // The pool lends the connection that was released last. A second call at the same time gets the stale connection.
    const outcomes = async () => {
      const again = await pool.getConnection();
      stale.release();
      again.release();
      const two = [
        { id: session.id, user: ann.tags.user },
        { id: 'another', user: ann.tags.user },
      ];
      const page = { ended: true, now: NOW, limit: 10 };
      const asked = [
        () => look(store, session),
        () => store.find(ann.tags.realm, two),
        () => store.list(ann.tags.realm, ann.tags.user, page),
      ];
      return Promise.all(
        asked.map(async (ask) => {
          const answers = await Promise.allSettled([ask(), ask()]);
          return answers.map((answer) =>
            answer.status === 'fulfilled' ? JSON.stringify(answer.value).includes(session.id) : answer.reason.code,
          );
        }),
      );
    };
    const seen = (await outcomes()).flat();
    expect(seen).not.toContain(false);
    expect(seen).toContain('SESSION_STORE_UNSAFE');
    expect(seen).toContain(true);
    await stale.query('ROLLBACK');
  });

  test('an answer without a row', async () => {
    const silent = async () => [];
    await expect(reliable(silent)('SELECT 1', [])).rejects.toThrow(/without a row/);
  });

  test('a connection of its own that somebody else began a transaction on: nothing of theirs is committed', async () => {
    const { pool, prefix } = await openTables();
    const connection = await createConnection(`${url}`);
    onTestFinished(() => connection.end());
    const store = mysqlStore(connection, { prefix });
    const session = await addNew(store, ann);
    await connection.beginTransaction();
    await connection.query(`DELETE FROM ${prefix}epochs`);
    await expect(look(store, session)).rejects.toMatchObject(failing('SESSION_STORE_UNSAFE', /transaction/));
    await expect(store.deleteSessions(ann.tags.user, 1)).rejects.toMatchObject(failing('SESSION_STORE_UNSAFE'));
    await connection.rollback();
    expect((await look(store, session))?.epochs.user).not.toBeNull();
    expect((await pool.query(`SELECT COUNT(*) AS found FROM ${prefix}sessions`))[0]).toEqual([{ found: 1 }]);
  });

  test('reads of what is not committed', async () => {
    const { prefix } = await openTables();
    const pool = testPool();
    const isolate = 'SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED';
    pool.pool.on('connection', (connection) => void connection.query(isolate, () => {}));
    await expect(ask(mysqlStore(pool, { prefix }))).rejects.toMatchObject(failing('SESSION_STORE_UNSAFE', /committed/));
  });

  test.each([
    ['1 0 0', null],
    ['ON OFF OFF 0', null],
    ['1 OFF 0 0', null],
    ['1 1 0', /replica/],
    ['1 0 1', /replica/],
    ['ON ON OFF 0', /replica/],
    ['ON NO_LOCK OFF 0', /replica/],
    ['0 0 0', /autocommit/],
    ['ON OFF OFF 1', /transaction/],
  ])('a server that tells %j', (state, message) => {
    const require = (): void => requireState(state);
    if (message === null) expect(require).not.toThrow();
    else expect(require).toThrow(expect.objectContaining(failing('SESSION_STORE_UNSAFE', message)));
  });
});

describe('what a driver reports', () => {
  test('is looked for behind the error of a pool, and not for ever', () => {
    const refused = { errno: 1045 };
    expect(meaningOf({ errno: 45028, cause: refused })).toMatchObject({ code: 'SESSION_STORE_DENIED' });
    const [endless, other]: { cause?: unknown }[] = [{}, { cause: refused }];
    if (endless) endless.cause = endless;
    expect(meaningOf(endless)).toBe(endless);
    expect(meaningOf({ errno: 1, cause: other })).toMatchObject({ code: 'SESSION_STORE_DENIED', cause: { errno: 1 } });
    expect(meaningOf(null)).toBeNull();
  });

  test('never comes from connections that were cut without a word: the first is given up late, the others soon', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const watch = new Watch();
    const [first, second, sound] = [{}, {}, {}];
    const ended: object[] = [];
    const ask = (connection: object): void => watch.begin(connection, 5_000, () => ended.push(connection));
    for (const one of [first, second, sound]) {
      ask(one);
      watch.done(one);
    }
    vi.advanceTimersByTime(1_000);
    ask(first);
    vi.advanceTimersByTime(2_000);
    ask(sound);
    watch.done(sound);
    vi.advanceTimersByTime(2_500);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(ended).toEqual([first]);
    ask(second);
    ask(sound);
    vi.advanceTimersByTime(1_500);
    expect(ended).toEqual([first, second]);
    vi.advanceTimersByTime(5_000);
    expect(ended).toEqual([first, second, sound]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a process that stood still', () => {
  test('gives up no connection for that: first it reads what came meanwhile', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    onTestFinished(() => {
      clock.mockRestore();
      vi.useRealTimers();
    });
    const after = (ms: number): void => {
      now += ms;
      vi.advanceTimersByTime(250);
    };
    const watch = new Watch();
    const [answering, silent] = [{}, {}];
    const ended: object[] = [];
    for (const one of [answering, silent]) watch.begin(one, 5_000, () => ended.push(one));
    after(250);
    after(60_000);
    expect(ended).toEqual([]);
    watch.done(answering);
    for (let looks = 0; looks < 16; looks++) after(250);
    expect(ended).toEqual([]);
    for (let looks = 0; looks < 4; looks++) after(250);
    expect(ended).toEqual([silent]);
  });
});

describe('versions of servers', () => {
  test.each([
    ['10.11.6-MariaDB-0+deb12u1', 'MariaDB', true],
    ['11.4.2-MariaDB', 'MariaDB', true],
    ['10.6.0-MariaDB', 'MariaDB', true],
    ['10.5.99-MariaDB', 'MariaDB', false],
    ['8.0.11', 'MySQL', true],
    ['8.4.0-commercial', 'MySQL', true],
    ['9.1.0', 'MySQL', true],
    ['8.0.4-rc', 'MySQL', false],
    ['5.7.44-log', 'MySQL', false],
    ['nonsense', 'MySQL', false],
  ])('%s', (version, dialect, isSupported) => {
    expect(serverOf(version)).toEqual({ dialect, version, isSupported });
  });
});

describe.skipIf(url === null)('what is wrong is said by its code', { timeout: TEST_TIMEOUT }, () => {
  test('a wrong port, a wrong password, no such database', async () => {
    const { hostname, port } = new URL(`${url}`);
    const prefix = newPrefix();
    const store = (target: string) => mysqlStore(testPool({ uri: target }), { prefix });
    const nobody = `mysql://nobody-there:wrong@${hostname}:${port || 3306}/test`;
    await expect(ask(store(`mysql://root@${hostname}:1/test`))).rejects.toMatchObject({
      ...failing('SESSION_STORE_UNAVAILABLE'),
      cause: { code: 'ECONNREFUSED' },
    });
    await expect(ask(store(nobody))).rejects.toMatchObject(failing('SESSION_STORE_DENIED', /password/));
    const nowhere = `${url}`.replace(/\/[^/]*$/, `/${prefix}`);
    await expect(ask(store(nowhere))).rejects.toMatchObject(failing('SESSION_STORE_NOT_SET_UP', /database/));
    const none = `${url}`.replace(/\/[^/]*$/, '/');
    await expect(ask(store(none))).rejects.toMatchObject(failing('SESSION_STORE_NOT_SET_UP', /no database: name one/));
  });

  test('too few rights, to read and to write', async () => {
    const { pool, prefix, store } = await openTables();
    const session = await addNew(store, ann);
    await pool.query(`CREATE USER '${prefix}'@'%' IDENTIFIED BY 'x'`);
    onTestFinished(async () => void (await pool.query(`DROP USER '${prefix}'@'%'`)));
    const target = new URL(`${url}`);
    target.username = prefix;
    target.password = 'x';
    const other = mysqlStore(testPool({ uri: target.href }), { prefix });
    await expect(look(other, session)).rejects.toMatchObject(failing('SESSION_STORE_DENIED'));
    const database = target.pathname.slice(1);
    await pool.query(`GRANT SELECT ON \`${database}\`.* TO '${prefix}'@'%'`);
    const reading = mysqlStore(testPool({ uri: target.href }), { prefix });
    expect(await look(reading, session)).toMatchObject({ session });
    await expect(reading.deleteSessions(ann.tags.user, 1)).rejects.toMatchObject(
      failing('SESSION_STORE_DENIED', /rights/),
    );
    await expect(reading.setup?.()).resolves.toBeUndefined();
    const another = mysqlStore(testPool({ uri: target.href }), { prefix: newPrefix() });
    await expect(another.setup?.()).rejects.toMatchObject(failing('SESSION_STORE_DENIED', /CREATE/));
    const findings = await reading.powers?.diagnosis?.diagnose(Date.now());
    expect(findings).toContainEqual(expect.objectContaining({ subject: 'rights', level: 'problem' }));
  });

  test('a text that a column would cut off', async () => {
    const { store } = await openTables({ pool: { flags: [] } });
    await expect(addNew(store, ann, { id: 'x'.repeat(256) })).rejects.toThrow(/256 bytes/);
  });

  test.each([
    ["SET sql_mode = ''", 'without strict mode'],
    ["SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'", 'in ANSI mode'],
    ["SET NAMES latin1, time_zone = '+05:30'", 'in another charset and time zone'],
  ])('%s: nothing is otherwise %s', async (setting) => {
    const { pool, store } = await openTables();
    pool.pool.on('connection', (connection) => void connection.query(setting, () => {}));
    const words = '\u{1f600} "it\'s" \\ `\u0000` \u00fc ';
    const whose = person(words, words);
    const session = await addNew(store, whose, { attributes: { [words]: words }, kind: words });
    expect((await look(store, session))?.session).toEqual(session);
    await store.powers?.policies?.set({ account: 'x', value: words, ifValue: null, audit: [] });
    expect(await store.powers?.policies?.get('x')).toBe(words);
  });
});
