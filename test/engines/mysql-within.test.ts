import type { Pool, RowDataPacket } from 'mysql2/promise';
import { createSessions, type SessionStore } from 'session-revocation';
import type { SessionRecord } from 'session-revocation/adapter';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { NOW } from '../../src/testing/harness/bench.ts';
import {
  addNew,
  anotherRecord,
  endedAt,
  look,
  newHash,
  person,
  plainWrite,
  recordOf,
  renewalOf,
  sessionOf,
  versionOf,
} from '../../src/testing/harness/records.ts';
import { until } from '../services/until.ts';
import { openTables, url } from './support/mysql.ts';
import { signIn } from './support/sqlite-people.ts';

const ann = person('ann');

/**
 * Time limit of a call. Much longer than any call takes that waits for no lock. A call that waits for a lock of the
 * test's own transaction fails sooner: the server ends the wait after 50 s by default.
 */
const TIMEOUT = '2m';
const TEST_TIMEOUT = 300_000;

/** The error for a transaction whose snapshot may be too old. */
const OLDER = { code: 'SESSION_STORE_UNSAFE', message: expect.stringMatching(/older snapshot.*roll it back/) };

/** Replaces `setTimeout`. A retry that waits stays pending until the test runs the timers. */
function timersStandStill(): void {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

/** Begins a transaction and reads once, so that its snapshot exists. An app's transaction has usually read, too. */
async function begin(pool: Pool, prefix: string, isolation = 'REPEATABLE READ') {
  const transaction = await pool.getConnection();
  await transaction.query(`SET TRANSACTION ISOLATION LEVEL ${isolation}`);
  await transaction.beginTransaction();
  await transaction.query(`SELECT COUNT(*) FROM ${prefix}epochs`);
  return {
    transaction,
    async end(how: 'commit' | 'rollback'): Promise<void> {
      await transaction[how]();
      transaction.release();
    },
  };
}

describe.skipIf(url === null)('a transaction of the caller’s', { timeout: TEST_TIMEOUT }, () => {
  test.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
    'of %s changes the password and revokes, both or neither',
    async (isolation) => {
      const { pool, prefix, store } = await openTables();
      await pool.query(
        `CREATE TABLE ${prefix}people (name VARCHAR(20) PRIMARY KEY, password VARCHAR(20)) ENGINE = InnoDB`,
      );
      await pool.query(`INSERT INTO ${prefix}people VALUES ('ann', 'old')`);
      const sessions = createSessions({ store, audit: true, timeout: TIMEOUT });
      const [here, there] = [await signIn(sessions, 'ann'), await signIn(sessions, 'ann')];
      const change = async (how: 'commit' | 'rollback') => {
        const open = await begin(pool, prefix, isolation);
        await open.transaction.query(`UPDATE ${prefix}people SET password = 'new'`);
        const within = sessions.within(open.transaction);
        const result = await within.trigger('passwordChanged', { user: 'ann', keep: here.session });
        expect(await sessions.check(here.token)).toMatchObject({ ok: true });
        await open.end(how);
        return result;
      };
      const seen = async () => [
        (await sessions.check(there.token)).ok,
        (await pool.query(`SELECT password FROM ${prefix}people`))[0],
        (await sessions.audit({ types: ['sessions.revoked'] })).entries.length,
      ];

      await change('rollback');
      expect(await seen()).toEqual([true, [{ password: 'old' }], 0]);
      expect(await sessions.check(here.token)).toMatchObject({ ok: true });
      const { token } = await change('commit');
      expect(await seen()).toEqual([false, [{ password: 'new' }], 1]);
      expect(await sessions.check(here.token)).toMatchObject({ ok: false });
      expect(await sessions.check(`${token}`)).toMatchObject({ ok: true });
      await pool.query(`DROP TABLE ${prefix}people`);
    },
  );

  test('sees what others did since it began to read, and does not take for missing what they made since', async () => {
    const { pool, prefix, store } = await openTables();
    const old = await addNew(store, ann);
    const open = await begin(pool, prefix);
    const record = anotherRecord('since');
    const advance = { record, ifVersion: await versionOf(store, ann), now: NOW, keepUntil: null, audit: [] };
    expect(await store.advance(ann.tags.user, advance)).toBe('advanced');
    await store.end({ id: old.id, user: ann.tags.user }, endedAt(NOW), []);
    const late = await addNew(store, ann);

    const within = store.powers?.transactions?.within(open.transaction) ?? expect.fail('it can');
    expect((await recordOf(within, ann.tags.user)).record).toEqual(record);
    expect((await look(within, old))?.session.ended).toEqual(endedAt(NOW));
    expect((await look(within, old))?.epochs.user).toEqual(record);
    // Ends the transaction even if the test fails: open transactions block DROP TABLE.
    onTestFinished(() => void open.transaction.destroy());
    for (const asked of [
      () => look(within, late),
      () => within.end({ id: late.id, user: ann.tags.user }, endedAt(NOW), []),
    ]) {
      await expect(asked).rejects.toMatchObject(OLDER);
    }
    const initiator = { id: old.id, ifCredential: old.credential, credential: newHash(), serial: 1 };
    const next = { ...advance, ifVersion: await versionOf(within, ann), initiator };
    await expect(async () =>
      within.advance(ann.tags.user, { ...next, initiator: { ...initiator, id: late.id } }),
    ).rejects.toMatchObject(OLDER);
    expect(await within.advance(ann.tags.user, next)).toBe('not-live');
    expect(await within.advance(ann.tags.user, { ...next, ifVersion: 1 })).toBe('conflict');
    expect(await within.end({ id: old.id, user: ann.tags.user }, endedAt(NOW), [])).toBe(false);
    await open.end('rollback');
  });

  test('revokes a user, an account and a realm that were made since it began to read, at once', async () => {
    const { pool, prefix, store } = await openTables();
    const open = await begin(pool, prefix);
    onTestFinished(() => void open.transaction.destroy());
    const sessions = createSessions({ store, timeout: TIMEOUT });
    const identity = { user: 'ann', account: 'acme' };
    const started = await sessions.start({ ...identity, fence: await sessions.fence(identity) });
    const { token } = started.ok ? started : expect.fail(started.reason);
    // Without timers, a verb that waits for a retry would never return.
    timersStandStill();
    const within = sessions.within(open.transaction);
    for (const scope of [{ user: 'ann' }, identity, { account: 'acme' }, { realm: true }] as const) {
      expect(await within.revoke(scope)).toMatchObject({ revoked: true });
    }
    // The transaction's own writes must not hide that its snapshot is too old for this session.
    const id = started.session?.id ?? '';
    await expect(within.end(id, { user: 'ann' })).rejects.toMatchObject(OLDER);
    await open.end('commit');
    expect(await sessions.check(token)).toMatchObject({ ok: false, reason: 'revoked' });
    expect(await within.committed()).toBe(true);
  });

  test('judges by the records of the account and the realm as they are, and keeps them so until it ends', async () => {
    const { pool, prefix, store } = await openTables();
    const whose = person('ann', 'acme');
    const session = await addNew(store, whose);
    const open = await begin(pool, prefix);
    onTestFinished(() => void open.transaction.destroy());
    const tags = [whose.tags.realm, whose.tags.account ?? ''];
    const record = anotherRecord('since');
    for (const tag of tags) {
      const { version: ifVersion } = await recordOf(store, tag);
      expect(await store.advance(tag, { record, ifVersion, now: NOW, keepUntil: null, audit: [] })).toBe('advanced');
    }
    const within = store.powers?.transactions?.within(open.transaction) ?? expect.fail('it can');
    expect((await look(within, session))?.epochs).toMatchObject({ realm: record, account: record });
    const lock = (tag: string) => pool.query(`SELECT tag FROM ${prefix}epochs WHERE tag = ? FOR UPDATE NOWAIT`, [tag]);
    // MySQL reports a locked row by error 3572.
    const isLocked = { errno: expect.toSatisfy((errno) => errno === 1205 || errno === 3572) };
    for (const tag of tags) await expect(lock(tag)).rejects.toMatchObject(isLocked);
    await open.end('commit');
    for (const tag of tags) expect((await lock(tag))[0]).toHaveLength(1);
  });

  test('goes by policies as they are, also by those that were made or changed since it began to read', async () => {
    const { pool, prefix, store } = await openTables();
    const sessions = createSessions({ store, timeout: TIMEOUT, policy: 'stored' });
    const identity = { user: 'ann', account: 'acme' };
    const start = async () => sessions.start({ ...identity, fence: await sessions.fence(identity) });
    for (const before of ['none', 'session'] as const) {
      const [here, there] = [await start(), await start()];
      if (!here.ok || !there.ok) return expect.fail('refused');
      if (before === 'session') await sessions.setPolicy('acme', { signOut: 'session' });
      const open = await begin(pool, prefix);
      onTestFinished(() => void open.transaction.destroy());
      await sessions.setPolicy('acme', { signOut: 'everywhere' });
      const within = sessions.within(open.transaction);
      expect(await within.signOut(here.session)).toMatchObject({ everywhere: true });
      expect(await within.setPolicy('acme', { signOut: 'session' })).toMatchObject({ changed: true });
      await open.end('commit');
      expect(await sessions.policy('acme')).toEqual({ signOut: 'session' });
      expect(await sessions.check(there.token)).toMatchObject({ ok: false });
      await pool.query(`DELETE FROM ${prefix}policies`);
    }
  });

  test('that looks at an account without a policy keeps it without one, and leaves none behind', async () => {
    const { pool, prefix, store } = await openTables();
    const open = await begin(pool, prefix);
    onTestFinished(() => void open.transaction.destroy());
    const within = store.powers?.transactions?.within(open.transaction) ?? expect.fail('it can');
    expect(await within.powers?.policies?.get('acme')).toBeNull();
    const other = await pool.getConnection();
    await other.query('SET innodb_lock_wait_timeout = 1');
    const setting = other.query(`INSERT INTO ${prefix}policies VALUES ('acme', 'theirs')`);
    await expect(setting).rejects.toMatchObject({ errno: 1205 });
    other.destroy();
    await open.end('commit');
    const write = { account: 'acme', value: 'theirs', ifValue: null, audit: [] };
    expect(await store.powers?.policies?.set(write)).toBe('set');
    expect(await store.powers?.policies?.get('acme')).toBe('theirs');
  });

  test('keeps nobody else from signing in, being checked and being revoked', async () => {
    const { pool, prefix, store } = await openTables();
    const sessions = createSessions({ store, timeout: TIMEOUT, touchEvery: 0 });
    const { token, session } = await signIn(sessions, 'ann');
    const open = await begin(pool, prefix);
    await sessions.within(open.transaction).trigger('passwordChanged', { user: 'ann', keep: session });
    for (const user of ['bob', 'carol', 'dave']) {
      const { token: theirs } = await signIn(sessions, user);
      expect(await sessions.check(theirs)).toMatchObject({ ok: true });
      expect(await sessions.revoke({ user })).toMatchObject({ revoked: true });
    }
    expect(await sessions.check(token)).toMatchObject({ ok: true });
    await open.end('rollback');
  });

  test('that asks for what is not there keeps nobody else from signing in, and from setting a policy', async () => {
    const { pool, prefix, store } = await openTables();
    const sessions = createSessions({ store, timeout: TIMEOUT });
    const { session } = await signIn(sessions, 'ann');
    const open = await begin(pool, prefix);
    const unknownId = '0'.repeat(session.id.length);
    expect(await sessions.within(open.transaction).end(session.id, { user: 'nobody' })).toMatchObject({ ended: false });
    expect(await sessions.within(open.transaction).end(unknownId, { user: 'ann' })).toMatchObject({ ended: false });
    const within = store.powers?.transactions?.within(open.transaction) ?? expect.fail('it can');
    const gone = { id: unknownId, user: person('nobody').tags.user };
    expect(await within.find(person('nobody', null, 'nowhere').tags.realm, [gone])).toEqual([null]);
    expect(await within.end(gone, endedAt(NOW), [])).toBe(false);
    const initiator = { id: unknownId, ifCredential: 'x', credential: 'y', serial: 1 };
    const advance = { record: anotherRecord('x'), ifVersion: 1, now: NOW, keepUntil: null, audit: [] };
    expect(await within.advance(gone.user, advance)).toBe('conflict');
    expect(await within.advance(ann.tags.user, { ...advance, initiator })).toBe('conflict');
    const ifVersion = await versionOf(within, ann);
    expect(await within.advance(ann.tags.user, { ...advance, ifVersion, initiator })).toBe('not-live');
    const policies = within.powers?.policies ?? expect.fail('it has');
    expect(await policies.get('nobody')).toBeNull();
    const write = { account: 'nobody', value: '{}', audit: [] };
    expect(await policies.set({ ...write, ifValue: 'another' })).toBe('conflict');

    for (const user of ['bob', 'carol', 'dave', 'erin', 'frank']) await signIn(sessions, user);
    expect(await store.powers?.policies?.set({ ...write, account: 'm', ifValue: null })).toBe('set');
    expect(await store.powers?.policies?.set({ ...write, account: 'o', ifValue: null })).toBe('set');
    await open.end('commit');
  });

  test('finds several sessions at once, each with its records, and also where one of them is missing', async () => {
    const { pool, prefix, store } = await openTables();
    const atAcme = person('ann', 'acme');
    const refs = [await addNew(store, ann), await addNew(store, atAcme)].map(({ id, userTag }) => ({
      id,
      user: userTag,
    }));
    const open = await begin(pool, prefix);
    const within = store.powers?.transactions?.within(open.transaction) ?? expect.fail('it can');
    // Ends the transaction even if the test fails: open transactions block DROP TABLE.
    onTestFinished(() => void open.transaction.destroy());
    const missing = { id: '0'.repeat(22), user: ann.tags.user };
    const found = await within.find(ann.tags.realm, [missing, ...refs]);
    expect(found).toEqual([null, ...(await store.find(ann.tags.realm, refs))]);
    expect(found.map((one) => one?.epochs.account ?? null)).toEqual([null, null, expect.anything()]);
    await open.end('rollback');
  });

  test('that has not begun is refused', async () => {
    const { pool, store } = await openTables();
    const session = await addNew(store, ann);
    const connection = await pool.getConnection();
    const within = store.powers?.transactions?.within(connection) ?? expect.fail('it can');
    await expect(look(within, session)).rejects.toMatchObject({ code: 'SESSION_STORE_UNSAFE' });
    await connection.query('SET autocommit = 0');
    expect(await look(store.powers?.transactions?.within(connection) ?? within, session)).toMatchObject({ session });
    await connection.query('ROLLBACK');
    await connection.query('SET autocommit = 1');
    connection.release();
  });

  test('is looked for at each use: after its end nothing is written', async () => {
    const { pool, prefix, store } = await openTables();
    const sessions = createSessions({ store, timeout: TIMEOUT });
    const [ann, bob] = [await signIn(sessions, 'ann'), await signIn(sessions, 'bob')];
    const open = await begin(pool, prefix);
    const within = sessions.within(open.transaction);
    await within.revoke({ user: 'ann' });
    await open.end('commit');
    await expect(within.revoke({ user: 'bob' })).rejects.toMatchObject({
      code: 'SESSION_STORE_UNSAFE',
      message: expect.stringMatching(/no transaction/),
    });
    expect(await sessions.check(ann.token)).toMatchObject({ ok: false });
    expect(await sessions.check(bob.token)).toMatchObject({ ok: true });
  });

  test.each(['commit', 'rollback'] as const)('is waited for by committed() while it is open: %s', async (end) => {
    const { pool, prefix, store } = await openTables();
    const sessions = createSessions({ store, timeout: TIMEOUT });
    const open = await begin(pool, prefix);
    const within = sessions.within(open.transaction);
    await within.revoke({ user: 'ann' });
    const answer = within.committed();
    // `information_schema.innodb_trx` would not work: InnoDB refreshes it only if the last query is 0.1 s old.
    const waiting = `SELECT 1 FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND info LIKE '%${prefix}epochs%'`;
    await until('it waits', async () => (await pool.query<RowDataPacket[]>(waiting))[0].length > 0);
    await open.end(end);
    expect(await answer).toBe(end === 'commit');
  });

  test.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
    'of %s leaves one witness for each operation, which pruning removes',
    async (isolation) => {
      const { pool, prefix, store } = await openTables();
      const clock = { at: NOW, now: () => clock.at };
      const sessions = createSessions({ store, timeout: TIMEOUT, clock });
      const records = async () => (await pool.query<RowDataPacket[]>(`SELECT tag FROM ${prefix}epochs`))[0].length;
      await signIn(sessions, 'ann');
      const before = await records();
      const open = await begin(pool, prefix, isolation);
      const within = sessions.within(open.transaction);
      await within.revoke({ user: 'ann' });
      await within.suspend({ user: 'ann' });
      await open.end('commit');
      expect(await records()).toBe(before + 2);
      expect(await within.committed()).toBe(true);
      clock.at += 26 * 3600e3;
      await sessions.prune();
      expect(await records()).toBe(before);
    },
  );

  test('keeps uses of its sessions from being noted, and nobody from noting those of others', async () => {
    const { pool, prefix, store } = await openTables({ batch: false });
    const [kept, other] = [await addNew(store, ann), await addNew(store, person('bob'))];
    const open = await begin(pool, prefix);
    await open.transaction.query(`SELECT 1 FROM ${prefix}sessions WHERE id = '${kept.id}' FOR UPDATE`);
    const touch = (at: number, ...sessions: readonly SessionRecord[]) =>
      store.touch(
        sessions.map(({ id, userTag: user }) => ({ id, user, at })),
        now,
      );
    const now = vi.fn(() => NOW);
    const usedAt = async () => [kept, other].map(async (one) => (await look(store, one))?.session.lastUsedAt);
    const seen = async () => Promise.all(await usedAt());

    // 20 calls exceed the connections of the pool. A waiting call must not hold a connection.
    await Promise.all(Array.from({ length: 20 }, (_, nth) => touch(NOW + nth, kept)));
    await touch(NOW + 50, kept, other);
    expect(await seen()).toEqual([NOW, NOW + 50]);

    timersStandStill();
    const touched = touch(NOW + 100, kept, other);
    await until('one is noted, and the other is waited for', async () => {
      return (await seen())[1] === NOW + 100 && vi.getTimerCount() > 0;
    });
    // While the touch waits for `kept`, it must not block other writes of `other`.
    expect(await store.end({ id: other.id, user: other.userTag }, endedAt(NOW), [])).toBe(true);
    const tries = now.mock.calls.length;
    await open.end('commit');
    await vi.runAllTimersAsync();
    await touched;
    expect((await seen())[0]).toBe(NOW + 100);
    expect(now.mock.calls.length, 'each try goes by a time of its own').toBeGreaterThan(tries);
  });

  test('a use of a session that is gone is passed by at once', async () => {
    const { store } = await openTables();
    await recordOf(store, ann.tags.user);
    // Without timers, a verb that waits for a retry would never return.
    timersStandStill();
    await store.touch([{ id: 'gone', user: ann.tags.user, at: NOW }], () => NOW);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe.skipIf(url === null)('two requests for one record', { timeout: TEST_TIMEOUT }, () => {
  test.each([
    [NOW + 5, NOW + 1, NOW + 5],
    [NOW + 1, NOW + 5, NOW + 5],
    [null, NOW + 1, null],
    [NOW + 1, null, null],
  ])('to be kept until %s and %s: the first makes it, and the longest counts', async (one, two, kept) => {
    const { pool, prefix, store } = await openTables();
    const open = await begin(pool, prefix);
    const within = store.powers?.transactions?.within(open.transaction) ?? expect.fail('it can');
    for (const [asked, tag] of [
      [store, 'outside'],
      [within, 'within'],
    ] as const) {
      const first = { tag, create: anotherRecord('first'), version: 1, keepUntil: one };
      const second = { tag, create: anotherRecord('second'), version: 2, keepUntil: two };
      const made = { record: first.create, version: 1 };
      expect(await asked.ensureEpochs([first, second], NOW)).toEqual([made, made]);
    }
    await open.end('commit');
    const [rows] = await pool.query(`SELECT keep_until FROM ${prefix}epochs`);
    expect(rows).toEqual([{ keep_until: kept }, { keep_until: kept }]);
  });
});

describe.skipIf(url === null)(
  'those who write about one user queue at the record of the user',
  { timeout: TEST_TIMEOUT },
  () => {
    type Write = (store: SessionStore, session: SessionRecord) => unknown;
    const { user } = ann.tags;
    const VERBS: Readonly<Record<string, Write>> = {
      end: (store, { id }) => store.end({ id, user }, endedAt(NOW), []),
      'end, in an account': (store, { id }) => store.end({ id, user, account: null }, endedAt(NOW), []),
      renew: (store, session) => store.renew(renewalOf(session)),
      'add, in the place of another': (store, { id }) =>
        store.add(sessionOf(ann), plainWrite({ ending: [{ id, ended: endedAt(NOW), audit: [] }] })),
      remove: (store) => store.deleteSessions(user, 10),
    };

    test.each(Object.entries(VERBS))(
      '%s holds no session meanwhile, so that no two wait for each other',
      async (_, verb) => {
        const { pool, prefix, store } = await openTables();
        const session = await addNew(store, ann);
        const other = await pool.getConnection();
        onTestFinished(() => void other.destroy());
        await other.beginTransaction();
        await other.query(`SELECT tag FROM ${prefix}epochs WHERE tag = ? FOR UPDATE`, [user]);
        const written = Promise.resolve(verb(store, session));
        const waiting = `SELECT 1 FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND info LIKE '%${prefix}epochs%'`;
        await until('it waits', async () => (await pool.query<RowDataPacket[]>(waiting))[0].length > 0);
        const lock = `SELECT id FROM ${prefix}sessions WHERE id = ? FOR UPDATE NOWAIT`;
        expect((await other.query<RowDataPacket[]>(lock, [session.id]))[0]).toHaveLength(1);
        await other.commit();
        expect([true, 1, 'renewed', 'added']).toContain(await written);
      },
    );
  },
);
