import { describe, expect, test } from 'vitest';
import type { Epochs } from '../../../src/model/epoch.ts';
import { advanceEpoch, type EpochRecord, generation, newEpoch } from '../../../src/model/epoch.ts';
import { endOf, expiryOf, isLive, judge } from '../../../src/model/judge.ts';
import { listed, Session, type SessionRecord } from '../../../src/model/session.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const ENDED = { at: NOW - 1, by: 'ann', reason: 'signed-out', fromDevice: 'Safari on iOS' };
const MARK = { at: NOW, by: 'admin', reason: 'x', fromDevice: null };

const epochs = { realm: newEpoch(NOW), user: newEpoch(NOW), account: newEpoch(NOW), member: newEpoch(NOW) };

function record(changes: Partial<SessionRecord> = {}): SessionRecord {
  const stamp = (of: EpochRecord) => generation(of, 'browser');
  return {
    ...{
      id: 'i'.repeat(22),
      realm: 'default',
      user: 'ann',
      account: 'acme',
      kind: 'browser',
      credential: 'h',
      serial: 0,
    },
    ...{ userTag: 'u'.repeat(22), accountTag: 'a'.repeat(22), deviceTag: null, attributes: {}, amr: [], ended: null },
    ...{ client: null, federated: null },
    stamps: {
      realm: stamp(epochs.realm),
      user: stamp(epochs.user),
      account: stamp(epochs.account),
      member: stamp(epochs.member),
    },
    ...{ createdAt: NOW, authenticatedAt: NOW, lastUsedAt: NOW, expiresAt: NOW + 10 * HOUR, idle: HOUR },
    device: { label: 'Unknown device', browser: null, os: null, type: 'unknown', ip: null },
    ...changes,
  };
}

const advanced = (of: EpochRecord): EpochRecord => advanceEpoch(of, { covers: { except: [] }, mark: MARK }, NOW)!;

describe('judge', () => {
  test('lets live what nothing ended', () => {
    expect(judge(record(), epochs, NOW)).toBeNull();
    expect(
      judge(record({ account: null, accountTag: null }), { ...epochs, account: null, member: null }, NOW),
    ).toBeNull();
  });

  test('SES-8: the idle lifetime ends at its last millisecond', () => {
    expect(judge(record(), epochs, NOW + HOUR - 1)).toBeNull();
    expect(judge(record(), epochs, NOW + HOUR)).toEqual({ reason: 'expired', at: NOW + HOUR });
    expect(judge(record(), epochs, NOW + HOUR + 1)).toEqual({ reason: 'expired', at: NOW + HOUR });
  });

  test('SES-9: the absolute lifetime ends, however recent the use', () => {
    const used = record({ lastUsedAt: NOW + 10 * HOUR - 1 });
    expect(judge(used, epochs, NOW + 10 * HOUR - 1)).toBeNull();
    expect(judge(used, epochs, NOW + 10 * HOUR)).toEqual({ reason: 'expired', at: NOW + 10 * HOUR });
  });

  test('lets live for ever what has no lifetime', () => {
    expect(judge(record({ expiresAt: null, idle: null }), epochs, NOW + 1e6 * HOUR)).toBeNull();
  });

  test.each([
    ['realm', { ...epochs, realm: advanced(epochs.realm) }],
    ['user', { ...epochs, user: advanced(epochs.user) }],
    ['account', { ...epochs, account: advanced(epochs.account) }],
    ['member', { ...epochs, member: advanced(epochs.member) }],
  ] as const)('refuses what a revocation of the %s covers, and says which', (scope, now: Epochs) => {
    expect(judge(record(), now, NOW)).toEqual({ reason: 'revoked', revocation: { scope, ...MARK } });
  });

  test('leaves a session without account alone when an account or another member is revoked', () => {
    const alone = record({ account: null, accountTag: null });
    const revoked = { account: advanced(epochs.account), member: advanced(epochs.member) };
    expect(judge(alone, { ...epochs, ...revoked }, NOW)).toBeNull();
  });

  test.each(['realm', 'user', 'account', 'member'] as const)(
    'fails closed where the record of the %s is lost',
    (lost) => {
      expect(judge(record(), { ...epochs, [lost]: null }, NOW)).toEqual({ reason: 'revoked', revocation: null });
      expect(judge(record(), { ...epochs, [lost]: newEpoch(NOW) }, NOW)).toEqual({
        reason: 'revoked',
        revocation: null,
      });
    },
  );

  test('fails closed for a session in an account that has no stamp for it', () => {
    const { stamps } = record();
    for (const missing of [{ account: null }, { member: null }]) {
      expect(judge(record({ stamps: { ...stamps, ...missing } }), epochs, NOW)?.reason).toBe('revoked');
    }
  });

  test('names the tombstone first, then the expiry, then the revocation', () => {
    const now = { ...epochs, user: advanced(epochs.user) };
    expect(judge(record({ ended: ENDED }), now, NOW + 20 * HOUR)).toEqual({ reason: 'ended', ended: ENDED });
    expect(judge(record(), now, NOW + 20 * HOUR)?.reason).toBe('expired');
  });
});

describe('lifetimes', () => {
  test.each([
    [{ expiresAt: null, idle: null }, null],
    [{ expiresAt: 5, idle: null }, 5],
    [{ expiresAt: null, idle: 0, lastUsedAt: 7 }, 7],
    [{ expiresAt: 5, idle: 3, lastUsedAt: 1 }, 4],
    [{ expiresAt: 5, idle: 3, lastUsedAt: 4 }, 5],
    [{ expiresAt: 0, idle: 3, lastUsedAt: 4 }, 0],
  ])('the expiry of %o is %o', (lifetimes, due) => {
    expect(expiryOf(record(lifetimes))).toBe(due);
    expect(endOf(record(lifetimes))).toBe(due);
    expect(endOf(record({ ...lifetimes, ended: ENDED }))).toBe(ENDED.at);
    expect(isLive(record(lifetimes), due === null ? Number.MAX_SAFE_INTEGER : due - 1)).toBe(true);
    if (due !== null) expect(isLive(record(lifetimes), due)).toBe(false);
    expect(isLive(record({ ...lifetimes, ended: ENDED }), -1)).toBe(false);
  });
});

describe('a session in the hands of an app', () => {
  test('shows no secret, hash or tag', () => {
    const shown = { ...new Session(record()) };
    for (const hidden of ['credential', 'serial', 'stamps', 'userTag', 'accountTag', 'deviceTag'])
      expect(shown).not.toHaveProperty(hidden);
    expect(JSON.stringify(shown)).not.toContain('"h"');
    expect(listed(record(), null)).toEqual({ ...shown, end: null });
  });

  test('SES-3: what an app changes on it changes nothing of the record that was judged', () => {
    const session = new Session(record());
    Object.assign(session, { user: 'bob', expiresAt: null, kind: 'api' });
    expect(Session.recordOf('keep', session)).toEqual(record());
  });

  test.each([
    null,
    undefined,
    'x',
    {},
    listed(record(), null),
    structuredClone({ ...new Session(record()) }),
    Object.create(Session.prototype),
  ])('cannot be made up: %o', (value) => {
    expect(() => Session.recordOf('keep', value)).toThrow(
      /^keep must be the session that sessions\.check\(token\), start or renew gave/,
    );
  });
});
