import { describe, expect, test } from 'vitest';
import { newEpoch } from '../../src/epoch.ts';
import { LastFound } from '../../src/last-found.ts';
import type { FoundSession } from '../../src/store.ts';
import { NOW } from '../../src/testing/bench.ts';
import { person, sessionOf } from '../../src/testing/ports.ts';

const realm = newEpoch(NOW);
const found = (): FoundSession => ({
  session: sessionOf(person('ann', 'acme')),
  epochs: { realm, user: newEpoch(NOW), account: newEpoch(NOW) },
});

describe('LastFound', () => {
  test('gives what was found while every text is the same', () => {
    const last = new LastFound();
    expect(last.get('session', 'user', 'account', realm)).toBe(null);
    const set = last.set('session', 'user', 'account', found());
    expect(last.get('session', 'user', 'account', realm)).toBe(set);
  });

  test.each<[what: string, asked: Parameters<LastFound['get']>]>([
    ['the session', ['other', 'user', 'account', realm]],
    ["the user's record", ['session', 'other', 'account', realm]],
    ["the user's record that is lost", ['session', null, 'account', realm]],
    ["the account's record", ['session', 'user', 'other', realm]],
    ["the account's record that is lost", ['session', 'user', null, realm]],
    ["the realm's record", ['session', 'user', 'account', newEpoch(NOW)]],
    ["the realm's record that is lost", ['session', 'user', 'account', null]],
  ])('knows nothing of another text: %s', (_, asked) => {
    const last = new LastFound();
    last.set('session', 'user', 'account', found());
    expect(last.get(...asked)).toBe(null);
  });

  test('freezes what it shares', () => {
    const { session, epochs } = new LastFound().set('session', null, null, found());
    for (const part of [session, session.device, session.amr, epochs, epochs.user]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('forgets nothing for a text that is too long, and remembers none', () => {
    const last = new LastFound();
    const set = last.set('session', null, null, { ...found(), epochs: { realm, user: null, account: null } });
    const long = 'x'.repeat(4096);
    last.set('session', long, null, found());
    expect(last.get('session', long, null, realm)).toBe(null);
    expect(last.get('session', null, null, realm)).toBe(set);
  });
});
