import type { Pool } from 'mysql2/promise';
import { createSessions, type SessionRecord } from 'session-revocation';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { NOW } from '../../src/testing/bench.ts';
import { addNew, anotherRecord, endedAt, look, newHash, person, recordOf, versionOf } from '../../src/testing/ports.ts';
import { until } from '../services/until.ts';
import { openTables, url } from './support/mysql.ts';
import { signIn } from './support/sqlite-people.ts';

const ann = person('ann');

/**
 * Longer than anything takes that waits for no lock. What does would wait for the end of the transaction, which comes after
 * it; so long the server lets it (50 s by default), and fails it then.
 */
const DEADLINE = '2m';
const PATIENCE = 300_000;

/** What the transaction sees may be too old. */
const OLDER = { code: 'SESSION_STORE_UNSAFE', message: expect.stringMatching(/older snapshot.*roll it back/) };

/** Whatever waits for some time waits until timers run. */
function timersStandStill(): void {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

/** A transaction that has seen what is there now, as one of an app has. */
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

describe.skipIf(url === null)('a transaction of the caller’s', { timeout: PATIENCE }, () => {
  test.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
    'of %s changes the password and revokes, both or neither',
    async (isolation) => {
      const { pool, prefix, store } = await openTables();
      await pool.query(
        `CREATE TABLE ${prefix}people (name VARCHAR(20) PRIMARY KEY, password VARCHAR(20)) ENGINE = InnoDB`,
      );
      await pool.query(`INSERT INTO ${prefix}people VALUES ('ann', 'old')`);
      const sessions = createSessions({ store, audit: true, deadline: DEADLINE });
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
    // Undone at once, whatever comes of it: the tables could not be dropped.
    onTestFinished(() => void open.transaction.destroy());
    for (const asked of [
      () => look(within, late),
      () => within.end({ id: late.id, user: ann.tags.user }, endedAt(NOW), []),
    ]) {
      await expect(asked).rejects.toMatchObject(OLDER);
    }
    const asker = { id: old.id, ifHash: old.hash, hash: newHash(), serial: 1 };
    const next = { ...advance, ifVersion: await versionOf(within, ann), asker };
    await expect(async () =>
      within.advance(ann.tags.user, { ...next, asker: { ...asker, id: late.id } }),
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
    const sessions = createSessions({ store, deadline: DEADLINE });
    const identity = { user: 'ann', account: 'acme' };
    const started = await sessions.start({ ...identity, fence: await sessions.fence(identity) });
    const { token } = started.ok ? started : expect.fail(started.reason);
    // It would wait for ever.
    timersStandStill();
    const within = sessions.within(open.transaction);
    for (const scope of [{ user: 'ann' }, identity, { account: 'acme' }, { realm: true }] as const) {
      expect(await within.revoke(scope)).toMatchObject({ revoked: true });
    }
    // Its own writes hide nothing of what came before them.
    const id = started.session?.id ?? '';
    await expect(within.end(id, { user: 'ann' })).rejects.toMatchObject(OLDER);
    await open.end('commit');
    expect(await sessions.check(token)).toMatchObject({ ok: false, reason: 'revoked' });
    expect(await within.committed()).toBe(true);
  });

  test('goes by policies as they are, also by those that were made or changed since it began to read', async () => {
    const { pool, prefix, store } = await openTables();
    const sessions = createSessions({ store, deadline: DEADLINE, policy: 'stored' });
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
    const sessions = createSessions({ store, deadline: DEADLINE, touchEvery: 0 });
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
    const sessions = createSessions({ store, deadline: DEADLINE });
    const { session } = await signIn(sessions, 'ann');
    const open = await begin(pool, prefix);
    const nobody = '0'.repeat(session.id.length);
    expect(await sessions.within(open.transaction).end(session.id, { user: 'nobody' })).toMatchObject({ ended: false });
    expect(await sessions.within(open.transaction).end(nobody, { user: 'ann' })).toMatchObject({ ended: false });
    const within = store.powers?.transactions?.within(open.transaction) ?? expect.fail('it can');
    const gone = { id: nobody, user: person('nobody').tags.user };
    expect(await within.find(person('nobody', null, 'nowhere').tags.realm, [gone])).toEqual([null]);
    expect(await within.end(gone, endedAt(NOW), [])).toBe(false);
    const asker = { id: nobody, ifHash: 'x', hash: 'y', serial: 1 };
    const advance = { record: anotherRecord('x'), ifVersion: 1, now: NOW, keepUntil: null, audit: [] };
    expect(await within.advance(gone.user, advance)).toBe('conflict');
    expect(await within.advance(ann.tags.user, { ...advance, asker })).toBe('conflict');
    const ifVersion = await versionOf(within, ann);
    expect(await within.advance(ann.tags.user, { ...advance, ifVersion, asker })).toBe('not-live');
    const policies = within.powers?.policies ?? expect.fail('it has');
    expect(await policies.get('nobody')).toBeNull();
    const write = { account: 'nobody', value: '{}', audit: [] };
    expect(await policies.set({ ...write, ifValue: 'another' })).toBe('conflict');

    for (const user of ['bob', 'carol', 'dave', 'erin', 'frank']) await signIn(sessions, user);
    expect(await store.powers?.policies?.set({ ...write, account: 'm', ifValue: null })).toBe('set');
    expect(await store.powers?.policies?.set({ ...write, account: 'o', ifValue: null })).toBe('set');
    await open.end('commit');
  });

  test('that is none is refused, and so is what cannot be done in one', async () => {
    const { pool, store } = await openTables();
    const session = await addNew(store, ann);
    const connection = await pool.getConnection();
    const within = store.powers?.transactions?.within(connection) ?? expect.fail('it can');
    await expect(look(within, session)).rejects.toMatchObject({ code: 'SESSION_STORE_UNSAFE' });
    await connection.query('SET autocommit = 0');
    expect(await look(store.powers?.transactions?.within(connection) ?? within, session)).toMatchObject({ session });
    await connection.query('ROLLBACK');
    await connection.query('SET autocommit = 1');
    await expect(within.prune(undefined as never)).rejects.toMatchObject({ code: 'SESSION_STORE_LACKS_POWER' });
    connection.release();
  });

  test('is looked for at each use: after its end nothing is written', async () => {
    const { pool, prefix, store } = await openTables();
    const sessions = createSessions({ store, deadline: DEADLINE });
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

  test('keeps uses of its sessions from being noted, and nobody from noting those of others', async () => {
    const { pool, prefix, store } = await openTables({ batch: false });
    const [kept, other] = [await addNew(store, ann), await addNew(store, person('bob'))];
    const open = await begin(pool, prefix);
    await open.transaction.query(`SELECT 1 FROM ${prefix}sessions WHERE id = '${kept.id}' FOR UPDATE`);
    const touch = (at: number, ...sessions: readonly SessionRecord[]) =>
      store.touch(sessions.map(({ id, userTag: user }) => ({ id, user, at })));
    const usedAt = async () => [kept, other].map(async (one) => (await look(store, one))?.session.lastUsedAt);
    const seen = async () => Promise.all(await usedAt());

    // More than the pool has connections: none is held by one that waits.
    await Promise.all(Array.from({ length: 20 }, (_, nth) => touch(NOW + nth, kept)));
    await touch(NOW + 50, kept, other);
    expect(await seen()).toEqual([NOW, NOW + 50]);

    timersStandStill();
    const touched = touch(NOW + 100, kept, other);
    await until('one is noted, and the other is waited for', async () => {
      return (await seen())[1] === NOW + 100 && vi.getTimerCount() > 0;
    });
    // While that one is waited for, nobody waits for the other one.
    expect(await store.end({ id: other.id, user: other.userTag }, endedAt(NOW), [])).toBe(true);
    await open.end('commit');
    await vi.runAllTimersAsync();
    await touched;
    expect((await seen())[0]).toBe(NOW + 100);
  });

  test('a use of a session that is gone is passed by at once', async () => {
    const { store } = await openTables();
    await recordOf(store, ann.tags.user);
    // It would wait for ever.
    timersStandStill();
    await store.touch([{ id: 'gone', user: ann.tags.user, at: NOW }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe.skipIf(url === null)('two requests for one record', { timeout: PATIENCE }, () => {
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
      expect(await asked.epochs([first, second], NOW)).toEqual([made, made]);
    }
    await open.end('commit');
    const [rows] = await pool.query(`SELECT keep_until FROM ${prefix}epochs`);
    expect(rows).toEqual([{ keep_until: kept }, { keep_until: kept }]);
  });
});
