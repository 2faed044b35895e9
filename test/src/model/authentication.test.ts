import { describe, expect, test } from 'vitest';
import { aal } from '../../../src/model/authentication.ts';
import { DAY, HOUR, MINUTE, Realm, SECOND } from '../support/realm.ts';

describe('SES-10: the lifetime of an assurance level', () => {
  test.each([
    [1, 30 * DAY, null],
    [2, 24 * HOUR, HOUR],
    [3, 12 * HOUR, 15 * MINUTE],
  ] as const)('%d is %d ms, and %o ms idle', (level, absolute, idle) => {
    expect(aal(level)).toEqual({ absolute, idle });
    expect(aal(level, { absolute, idle })).toEqual({ absolute, idle });
    expect(aal(level, { absolute: undefined, idle: undefined })).toEqual({ absolute, idle });
  });

  test('may be shorter, part by part', () => {
    expect(aal(1, { idle: '2h' })).toEqual({ absolute: 30 * DAY, idle: 2 * HOUR });
    expect(aal(2, { absolute: '8h' })).toEqual({ absolute: 8 * HOUR, idle: HOUR });
    expect(aal(3, { absolute: 1, idle: 1 })).toEqual({ absolute: 1, idle: 1 });
  });

  test.each([
    [1, { absolute: 30 * DAY + 1 }, 'lifetime.absolute is 2592000001; level 1 allows at most 2592000000 ms'],
    [1, { absolute: null }, 'lifetime.absolute is unlimited; level 1 allows at most 2592000000 ms'],
    [2, { absolute: 24 * HOUR + 1 }, 'lifetime.absolute is 86400001; level 2 allows at most 86400000 ms'],
    [2, { absolute: null }, 'lifetime.absolute is unlimited; level 2 allows at most 86400000 ms'],
    [2, { idle: '61m' }, 'lifetime.idle is 3660000; level 2 allows at most 3600000 ms'],
    [2, { idle: null }, 'lifetime.idle is unlimited; level 2 allows at most 3600000 ms'],
    [3, { absolute: '13h' }, 'lifetime.absolute is 46800000; level 3 allows at most 43200000 ms'],
    [3, { absolute: null }, 'lifetime.absolute is unlimited; level 3 allows at most 43200000 ms'],
    [3, { idle: 15 * MINUTE + 1 }, 'lifetime.idle is 900001; level 3 allows at most 900000 ms'],
    [3, { idle: null }, 'lifetime.idle is unlimited; level 3 allows at most 900000 ms'],
  ] as const)('%d refuses %o at construction', (level, lifetime, message) => {
    expect(() => aal(level, lifetime)).toThrow(new TypeError(message));
  });

  test('of level 1 asks for no idle lifetime, however long one is', () => {
    expect(aal(1, { idle: '52w' })).toEqual({ absolute: 30 * DAY, idle: 364 * DAY });
    expect(aal(1, { idle: null })).toEqual({ absolute: 30 * DAY, idle: null });
  });

  test.each([0, 4, 1.5, undefined, null, 'two', 'toString'])('there is no level %o', (level) => {
    expect(() => aal(level as 1)).toThrow(new TypeError(`there are the levels 1, 2 and 3, not ${String(level)}`));
  });

  test('a misspelt or malformed part does not pass for its default', () => {
    expect(() => aal(2, { idel: '5m' } as never)).toThrow(
      /unknown option "idel"; did you mean idle\? Known are absolute, idle$/,
    );
    expect(() => aal(2, { idle: 'soon' as never })).toThrow(/^lifetime\.idle is "soon"; allowed are/);
    expect(() => aal(2, null as never)).toThrow(TypeError);
  });

  test('holds for sessions as any other lifetime does', async () => {
    const realm = new Realm({ lifetime: aal(3) });
    const [used, unused] = [await realm.signIn(), await realm.signIn()];
    expect(used.session.expiresAt).toBe(realm.now + 12 * HOUR);
    for (let passed = 0; passed < 15 * MINUTE; passed += 5 * MINUTE) {
      realm.now += 5 * MINUTE;
      expect(await realm.word(used.token)).toBe('live');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await realm.word(unused.token)).toBe('expired');
    realm.now += 15 * MINUTE - SECOND;
    expect(await realm.word(used.token)).toBe('live');
  });
});
