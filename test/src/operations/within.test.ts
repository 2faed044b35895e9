import type { Request } from 'express';
import { createSessions } from 'session-revocation';
import type { Clock } from 'session-revocation/adapter';
import { authOf } from 'session-revocation/express';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SessionStore } from '../../../src/store/store.ts';
import { type Data, emptyData, referenceStore } from '../../contract/reference-store.ts';
import { beginOn } from '../../contract/reference-transaction.ts';

const HOUR = 3600e3;
const DAY = 24 * HOUR;

function open(options: { readonly clock?: Clock } = {}) {
  const data = emptyData();
  const store: SessionStore<Data> = referenceStore(data);
  const sessions = createSessions({ store, policy: 'stored', audit: true, ...options });
  const told: string[] = [];
  for (const type of ['session.ended', 'sessions.revoked', 'policy.changed'] as const) {
    sessions.on(type, (event) => told.push(event.type));
  }
  const signIn = async (account?: string) => {
    const identity = account === undefined ? { user: 'ann' } : { user: 'ann', account };
    const started = await sessions.start({ ...identity, fence: await sessions.fence(identity) });
    if (!started.ok) throw new Error(started.reason);
    return started;
  };
  return { data, sessions, told, signIn };
}

describe('within', () => {
  test('is not to be had where the store has no such power, by type and by code', () => {
    const sessions = createSessions({ store: memoryStore() });
    // @ts-expect-error the type of a transaction is `never`
    expect(() => sessions.within({})).toThrow(expect.objectContaining({ code: 'SESSION_STORE_LACKS_POWER' }));
    const authOfThese = (request: Request) => authOf(request, sessions);
    // @ts-expect-error likewise in a request
    const within = (request: Request) => authOfThese(request).within({});
    expect(() => within({} as Request)).toThrow(TypeError);
  });

  test('ends, signs out, suspends, resumes and sets policies, and tells of all of it in order', async () => {
    const { data, sessions, told, signIn } = open();
    const [one, other] = [await signIn(), await signIn('acme')];
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    await within.setPolicy('acme', { signOut: 'everywhere' }, { by: 'admin' });
    expect(await within.end(one.session.id, { user: 'ann' })).toMatchObject({ ended: true });
    expect(await within.signOut(other.session)).toMatchObject({ ended: true, everywhere: true });
    expect(await within.suspend({ user: 'ann' })).toMatchObject({ revoked: true });
    expect(await within.resume({ user: 'ann' })).toMatchObject({ revoked: true });
    expect(await within.revoke({ account: 'acme' })).toMatchObject({ revoked: true, effectiveWithin: null });
    await expect(within.effectiveWithin()).rejects.toThrow(/effectiveWithin\(\): await committed\(\) first/);
    expect([(await sessions.check(one.token)).ok, (await sessions.check(other.token)).ok]).toEqual([true, true]);
    expect([await within.committed(), told]).toEqual([false, []]);

    await transaction.commit();
    expect([(await sessions.check(one.token)).ok, (await sessions.check(other.token)).ok]).toEqual([false, false]);
    expect(await within.committed()).toBe(true);
    expect(await within.effectiveWithin()).toBe(0);
    const revoked = ['sessions.revoked', 'sessions.revoked', 'sessions.revoked', 'sessions.revoked'];
    expect(told).toEqual(['policy.changed', 'session.ended', ...revoked]);
    const { entries } = await sessions.audit();
    expect(entries.filter(({ type }) => type !== 'session.started' && type !== 'session.refused')).toHaveLength(6);
  });

  test('fails at once where the store keeps saying that others came first: waiting shows it nothing newer', async () => {
    const store: SessionStore<Data> = referenceStore(emptyData());
    let tries = 0;
    const within = (transaction: Data): SessionStore => ({
      ...referenceStore(transaction),
      advance: () => {
        tries++;
        return 'conflict';
      },
    });
    const sessions = createSessions({ store: { ...store, powers: { ...store.powers, transactions: { within } } } });
    // With fake timers, a call that waits would never end.
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    await expect(sessions.within(emptyData()).revoke({ user: 'ann' })).rejects.toMatchObject({
      code: 'SESSION_STORE_UNSAFE',
      message: expect.stringMatching(/older snapshot.*roll it back/),
    });
    expect(tries).toBe(3);
  });

  test('locks the record of the user before it looks for a session', async () => {
    const store: SessionStore<Data> = referenceStore(emptyData());
    const asked: string[] = [];
    const within = (transaction: Data): SessionStore => {
      const reference = referenceStore(transaction);
      return {
        ...reference,
        ensureEpochs(requests, now) {
          asked.push(...requests.map(() => 'lock'));
          return reference.ensureEpochs(requests, now);
        },
        find(realm, refs) {
          asked.push('find');
          return reference.find(realm, refs);
        },
      };
    };
    const sessions = createSessions({ store: { ...store, powers: { ...store.powers, transactions: { within } } } });
    const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
    await sessions.within(emptyData()).end(started.session?.id ?? '', { user: 'ann' });
    expect(asked, 'the last one is the witness').toEqual(['lock', 'find', 'lock']);
  });

  test('is told of once, also where something else was revoked since', async () => {
    const { data, sessions, told, signIn } = open();
    await signIn();
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    await within.revoke({ user: 'ann' });
    await transaction.commit();
    await sessions.revoke({ user: 'ann' });
    expect(told).toEqual(['sessions.revoked']);
    expect([await within.committed(), await within.committed()]).toEqual([true, true]);
    expect(told).toEqual(['sessions.revoked', 'sessions.revoked']);
  });

  test('that changed nothing has nothing to tell, and knows of the commit all the same', async () => {
    const { data, sessions, told } = open();
    for (const how of ['rollback', 'commit'] as const) {
      const transaction = beginOn(data);
      const within = sessions.within(transaction.transaction);
      expect(await within.end('no such session', { user: 'ann' })).toMatchObject({ ended: false });
      await transaction[how]();
      expect([await within.committed(), told]).toEqual([how === 'commit', []]);
    }
  });

  test('in which nothing succeeded is not taken for committed', async () => {
    const { data, sessions } = open();
    const transaction = beginOn(data);
    expect(await sessions.within(transaction.transaction).committed()).toBe(false);
    const within = sessions.within(transaction.transaction);
    await expect(within.revoke({ user: '' })).rejects.toThrow(TypeError);
    await transaction.rollback();
    expect(await within.committed()).toBe(false);
  });

  test('leaves no record behind where it was rolled back', async () => {
    const { data, sessions, told } = open();
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    await within.revoke({ user: 'bob' });
    expect(await within.committed()).toBe(false);
    expect([...data.epochs.values()].every(({ record }) => record.last === null)).toBe(true);
    // A revocation of another scope of this user does not count.
    await sessions.revoke({ user: 'bob', account: 'acme' });
    expect(await within.committed()).toBe(false);
    await sessions.revoke({ user: 'bob' }, { kinds: ['api'] });
    expect(await within.committed()).toBe(false);
    expect(told).toEqual(['sessions.revoked', 'sessions.revoked']);
  });

  test('does not take for its own what others did after a rollback, whatever it was', async () => {
    const { data, sessions, told, signIn } = open();
    const { session } = await signIn('acme');
    const within = sessions.within(beginOn(data).transaction);
    await within.setPolicy('acme', { signOut: 'everywhere' });
    await within.end(session.id, { user: 'ann' });
    await within.suspend({ user: 'ann', account: 'acme' });
    await sessions.setPolicy('acme', { signOut: 'everywhere' });
    await sessions.end(session.id, { user: 'ann' });
    await sessions.suspend({ user: 'ann', account: 'acme' });
    const theirs = ['policy.changed', 'session.ended', 'sessions.revoked'];
    expect([await within.committed(), told]).toEqual([false, theirs]);
    await sessions.forgetUser('ann');
    expect(await within.committed()).toBe(false);
    expect(told.filter((type) => type !== 'sessions.revoked')).toEqual(['policy.changed', 'session.ended']);
  });

  test('leaves one witness for each operation, which pruning removes after a day', async () => {
    const clock = { at: Date.now(), now: () => clock.at };
    const { data, sessions, told } = open({ clock });
    await sessions.fence({ user: 'ann' });
    const before = new Set(data.epochs.keys());
    const witnesses = () => [...data.epochs.keys()].filter((tag) => !before.has(tag)).length;
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    for (let nth = 0; nth < 300; nth++) await within.revoke({ user: 'ann' });
    await transaction.commit();
    expect(witnesses()).toBe(300);
    clock.at += DAY - 1;
    expect(await within.committed()).toBe(true);
    expect(told).toHaveLength(300);
    await sessions.prune();
    expect(witnesses()).toBe(300);
    clock.at += 2 * HOUR;
    await sessions.prune();
    expect(witnesses()).toBe(0);
  });

  test('that was not asked about for a day is not taken for one that was rolled back', async () => {
    const clock = { at: Date.now(), now: () => clock.at };
    const { data, sessions, told } = open({ clock });
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    await within.revoke({ user: 'ann' });
    await transaction.commit();
    clock.at += DAY + 2 * HOUR;
    await sessions.prune();
    await expect(within.committed()).rejects.toMatchObject({
      code: 'SESSION_STORE_UNSAFE',
      message: expect.stringMatching(/24 hours.*your own tables/),
    });
    expect(told).toEqual([]);
  });

  test('is told of once the store answers again, and is not taken for rolled back before', async () => {
    const data = emptyData();
    const store = referenceStore(data);
    let down = false;
    const readEpochs: SessionStore['readEpochs'] = (tags) => {
      if (down) throw new Error('down');
      return store.readEpochs(tags);
    };
    const sessions = createSessions({ store: { ...store, readEpochs } });
    const told: string[] = [];
    sessions.on('sessions.revoked', ({ type }) => told.push(type));
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    await within.revoke({ user: 'ann' });
    await transaction.commit();
    down = true;
    await expect(within.committed()).rejects.toMatchObject({
      code: 'SESSION_STORE_UNAVAILABLE',
      message: expect.stringMatching(
        /^sessions\.within\(transaction\)\.committed\(\): it is unknown how the transaction ended/,
      ),
    });
    expect(told).toEqual([]);
    down = false;
    expect([await within.committed(), told]).toEqual([true, ['sessions.revoked']]);
  });

  test.each([0, 1, 299])('is not committed where operation %i of 300 was undone by a savepoint', async (undone) => {
    const { data, sessions, told } = open();
    await sessions.fence({ user: 'ann' });
    const before = new Set(data.epochs.keys());
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    for (let nth = 0; nth < 300; nth++) await within.revoke({ user: 'ann' });
    await transaction.commit();
    const witnesses = [...data.epochs.keys()].filter((tag) => !before.has(tag));
    expect(witnesses).toHaveLength(300);
    data.epochs.delete(witnesses[undone] ?? '');
    expect([await within.committed(), await within.committed(), told]).toEqual([false, false, []]);
  });

  test('is known to be committed for as long as its witnesses are there, and once told for good', async () => {
    const clock = { at: Date.now(), now: () => clock.at };
    const { data, sessions, told } = open({ clock });
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    await within.revoke({ user: 'ann' });
    await transaction.commit();
    clock.at += DAY + 2 * HOUR;
    expect(await within.committed()).toBe(true);
    await sessions.prune();
    expect([await within.committed(), told]).toEqual([true, ['sessions.revoked']]);
  });

  test('that was rolled back is known as such for 24 hours', async () => {
    const clock = { at: Date.now(), now: () => clock.at };
    const { data, sessions } = open({ clock });
    const within = sessions.within(beginOn(data).transaction);
    await within.revoke({ user: 'ann' });
    clock.at += DAY - 1;
    expect(await within.committed()).toBe(false);
    data.epochs.clear();
    clock.at += 1;
    await expect(within.committed()).rejects.toMatchObject({ code: 'SESSION_STORE_UNSAFE' });
  });

  test('that lasted half a day is not taken for rolled back when its first witness is gone', async () => {
    const clock = { at: Date.now(), now: () => clock.at };
    const { data, sessions } = open({ clock });
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    await within.revoke({ user: 'ann' });
    clock.at += 12 * HOUR;
    await within.revoke({ user: 'ann' });
    await transaction.commit();
    clock.at += 14 * HOUR;
    await sessions.prune();
    await expect(within.committed()).rejects.toMatchObject({ code: 'SESSION_STORE_UNSAFE' });
  });
});
