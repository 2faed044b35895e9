import { describe, expect, test } from 'vitest';
import { newEpoch } from '../../../src/model/epoch.ts';
import { SessionCache } from '../../../src/store/session-cache.ts';
import type { FoundSession } from '../../../src/store/store.ts';
import { NOW } from '../../../src/testing/harness/bench.ts';
import { person, sessionOf } from '../../../src/testing/harness/records.ts';

const realm = newEpoch(NOW);
const texts = { user: 'user', account: 'account', member: 'member' };
const none = { user: null, account: null, member: null };
const found = (): FoundSession => ({
  session: sessionOf(person('ann', 'acme')),
  epochs: { realm, user: newEpoch(NOW), account: newEpoch(NOW), member: newEpoch(NOW) },
});

describe('SessionCache', () => {
  test('gives what was found while every text is the same', () => {
    const last = new SessionCache();
    expect(last.get('session', texts, realm)).toBe(null);
    const set = last.set('session', texts, found());
    expect(last.get('session', texts, realm)).toBe(set);
  });

  test.each<[what: string, asked: Parameters<SessionCache['get']>]>([
    ['the session', ['other', texts, realm]],
    ["the user's record", ['session', { ...texts, user: 'other' }, realm]],
    ["the user's record that is lost", ['session', { ...texts, user: null }, realm]],
    ["the account's record", ['session', { ...texts, account: 'other' }, realm]],
    ["the account's record that is lost", ['session', { ...texts, account: null }, realm]],
    ["the membership's record", ['session', { ...texts, member: 'other' }, realm]],
    ["the membership's record that is lost", ['session', { ...texts, member: null }, realm]],
    ["the realm's record", ['session', texts, newEpoch(NOW)]],
    ["the realm's record that is lost", ['session', texts, null]],
  ])('knows nothing of another text: %s', (_, asked) => {
    const last = new SessionCache();
    last.set('session', texts, found());
    expect(last.get(...asked)).toBe(null);
  });

  test('freezes what it shares', () => {
    const { session, epochs } = new SessionCache().set('session', none, found());
    for (const part of [session, session.device, session.amr, epochs, epochs.user]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('forgets nothing for a text that is too long, and remembers none', () => {
    const last = new SessionCache();
    const set = last.set('session', none, { ...found(), epochs: { realm, ...none } });
    const long = 'x'.repeat(4096);
    last.set('session', { ...none, member: long }, found());
    expect(last.get('session', { ...none, member: long }, realm)).toBe(null);
    expect(last.get('session', none, realm)).toBe(set);
  });
});
