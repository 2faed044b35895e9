import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SessionStore } from '../../src/store.ts';
import { type Data, emptyData, referenceStore } from '../contract/reference-store.ts';
import { beginOn } from '../contract/reference-transaction.ts';

function open() {
  const data = emptyData();
  const store: SessionStore<Data> = referenceStore(data);
  const sessions = createSessions({ store, policy: 'stored', audit: true });
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
    expect(await within.revoke({ account: 'acme' })).toMatchObject({ revoked: true });
    expect([(await sessions.check(one.token)).ok, (await sessions.check(other.token)).ok]).toEqual([true, true]);
    expect([await within.committed(), told]).toEqual([false, []]);

    await transaction.commit();
    expect([(await sessions.check(one.token)).ok, (await sessions.check(other.token)).ok]).toEqual([false, false]);
    expect(await within.committed()).toBe(true);
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
    // Whatever waits would wait for ever.
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
        epochs(requests, now) {
          asked.push(...requests.map(({ create }) => (create === null ? 'look' : 'lock')));
          return reference.epochs(requests, now);
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
    expect(asked).toEqual(['lock', 'find']);
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

  test('that did nothing has nothing to tell, and leaves no record behind where it was rolled back', async () => {
    const { data, sessions, told } = open();
    const transaction = beginOn(data);
    const within = sessions.within(transaction.transaction);
    expect(await within.end('no such session', { user: 'ann' })).toMatchObject({ ended: false });
    expect([await within.committed(), told]).toEqual([true, []]);
    await within.revoke({ user: 'bob' });
    expect(await within.committed()).toBe(false);
    expect([...data.epochs.values()].every(({ record }) => record.last === null)).toBe(true);
    // Another scope of the same record moves.
    await sessions.revoke({ user: 'bob', account: 'acme' });
    expect(await within.committed()).toBe(false);
    await sessions.revoke({ user: 'bob' }, { kinds: ['api'] });
    expect(await within.committed()).toBe(false);
    expect(told).toEqual(['sessions.revoked', 'sessions.revoked']);
  });
});
