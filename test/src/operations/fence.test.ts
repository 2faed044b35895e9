import { describe, expect, test } from 'vitest';
import { advanceEpoch, type EpochRecord, newEpoch } from '../../../src/model/epoch.ts';
import { FENCE_KEEPS, FENCE_LIVES, fenceRefusal, parseFence, stampsOf, takeFence } from '../../../src/model/fence.ts';
import { fc } from '../support/fast-check.ts';

const NOW = 1_800_000_000_000;
const MARK = { at: NOW, by: null, reason: null, fromDevice: null };
const tags = { user: 'u'.repeat(22), account: 'a'.repeat(22) };
const epochs = { realm: newEpoch(NOW), user: newEpoch(NOW), account: newEpoch(NOW), member: newEpoch(NOW) };

const advanced = (of: EpochRecord, changes: { only?: string[]; suspend?: boolean } = {}) =>
  advanceEpoch(
    of,
    { covers: changes.only ? { only: changes.only } : { except: [] }, mark: MARK, suspend: changes.suspend },
    NOW,
  )!;

const fence = parseFence(takeFence(tags, epochs, NOW), tags);

describe('a fence', () => {
  test('comes back from its text, for the user and account that it was taken for', () => {
    expect(fence).toMatchObject({ ...tags, at: NOW });
    const alone = { user: tags.user, account: null };
    expect(parseFence(takeFence(alone, { ...epochs, account: null, member: null }, NOW), alone).scopes).toMatchObject({
      account: null,
      member: null,
    });
  });

  test.each([
    { user: 'v'.repeat(22), account: tags.account },
    { user: tags.user, account: 'b'.repeat(22) },
    { user: tags.user, account: null },
  ])('is misuse for anybody else: %o', (other) => {
    expect(() => parseFence(takeFence(tags, epochs, NOW), other)).toThrow(
      'fence was taken for another user, account or realm',
    );
  });

  test('is misuse where it is something else, whatever that is', () => {
    const text = takeFence(tags, epochs, NOW);
    const encode = (value: unknown): string => `fence1.${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
    const decoded = JSON.parse(Buffer.from(text.slice(7), 'base64url').toString());
    const broken = [
      ...[
        undefined,
        null,
        1,
        {},
        [],
        '',
        'fence1.',
        'fence1.x',
        text.slice(1),
        text.slice(0, -5),
        `fence2.${text.slice(7)}`,
      ],
      ...[
        null,
        [],
        'x',
        {},
        { ...decoded, scopes: null },
        { ...decoded, at: 'x' },
        { ...decoded, scopes: { ...decoded.scopes, user: null } },
      ].map(encode),
      ...[{ account: null }, { member: {} }, { realm: { base: 1, kinds: {} } }].map((part) =>
        encode({ ...decoded, scopes: { ...decoded.scopes, ...part } }),
      ),
    ];
    for (const value of broken) expect(() => parseFence(value, tags)).toThrow(TypeError);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.jsonValue().map(encode), fc.anything()), (value) => {
        expect(() => parseFence(value, tags)).toThrow(TypeError);
      }),
    );
  });

  test('is read up to 64 KiB, and no further', () => {
    const json = Buffer.from(takeFence(tags, epochs, NOW).slice(7), 'base64url').toString();
    const withBytes = (bytes: number): string => `fence1.${Buffer.from(json.padEnd(bytes)).toString('base64url')}`;
    // No fence has 65,536 characters, because base64url has no text of the matching length.
    const [longest, longer] = [withBytes(49_146), withBytes(49_147)];
    expect([longest.length, longer.length]).toEqual([65_535, 65_537]);
    expect(parseFence(longest, tags)).toEqual(JSON.parse(json));
    expect(() => parseFence(longer, tags)).toThrow(TypeError);
  });

  test('is kept for an hour longer than it lives: the hour that clocks may be apart', () => {
    expect(FENCE_KEEPS - FENCE_LIVES).toBe(3_600_000);
  });
});

describe('what it stamps', () => {
  test('is what it read, by kind, in every scope', () => {
    const realm = advanced(epochs.realm, { only: ['api'] });
    const taken = parseFence(takeFence(tags, { ...epochs, realm }, NOW), tags);
    expect(stampsOf(taken, 'browser')).toEqual({
      realm: realm.base,
      user: epochs.user.base,
      account: epochs.account.base,
      member: epochs.member.base,
    });
    expect(stampsOf(taken, 'api').realm).toBe(realm.kinds.api);
  });
});

describe('what it refuses', () => {
  test('is nothing while nothing happened', () => {
    expect(fenceRefusal(fence, epochs, 'browser', NOW)).toBeNull();
  });

  test.each([
    ['realm', { realm: advanced(epochs.realm) }],
    ['user', { user: advanced(epochs.user) }],
    ['account', { account: advanced(epochs.account) }],
    ['member', { member: advanced(epochs.member) }],
  ])('is what a revocation of the %s superseded', (_, since) => {
    expect(fenceRefusal(fence, { ...epochs, ...since }, 'browser', NOW)).toBe('superseded');
  });

  test('is only the kind that was revoked, and only the membership', () => {
    const user = advanced(epochs.user, { only: ['api'] });
    expect(fenceRefusal(fence, { ...epochs, user }, 'api', NOW)).toBe('superseded');
    expect(fenceRefusal(fence, { ...epochs, user }, 'browser', NOW)).toBeNull();
    const member = advanced(epochs.member, { only: ['api'] });
    expect(fenceRefusal(fence, { ...epochs, member }, 'api', NOW)).toBe('superseded');
    expect(fenceRefusal(fence, { ...epochs, member }, 'browser', NOW)).toBeNull();
  });

  test('is what is suspended, and after resuming what was begun before', () => {
    for (const scope of ['realm', 'user', 'account', 'member'] as const) {
      const suspended = advanced(epochs[scope], { suspend: true });
      const taken = parseFence(takeFence(tags, { ...epochs, [scope]: suspended }, NOW), tags);
      const resumed = advanced(suspended, { suspend: false });
      for (const one of [fence, taken]) {
        expect(fenceRefusal(one, { ...epochs, [scope]: suspended }, 'browser', NOW)).toBe('suspended');
        expect(fenceRefusal(one, { ...epochs, [scope]: resumed }, 'browser', NOW)).toBe('superseded');
      }
    }
  });

  test('is everything where a record is lost, or made anew', () => {
    for (const lost of ['realm', 'user', 'account', 'member'] as const) {
      expect(fenceRefusal(fence, { ...epochs, [lost]: null }, 'browser', NOW)).toBe('superseded');
      expect(fenceRefusal(fence, { ...epochs, [lost]: newEpoch(NOW) }, 'browser', NOW)).toBe('superseded');
    }
  });

  test('is what took longer than three hours', () => {
    expect(fenceRefusal(fence, epochs, 'browser', NOW + FENCE_LIVES)).toBeNull();
    expect(fenceRefusal(fence, epochs, 'browser', NOW + FENCE_LIVES + 1)).toBe('superseded');
  });
});
