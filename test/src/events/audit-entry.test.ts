import { describe, expect, test } from 'vitest';
import { describe as describeEvent, floodOf } from '../../../src/events/audit-entry.ts';
import {
  EVENT_TYPES,
  type SessionEvent,
  type SessionEventDetails,
  type SessionEventType,
} from '../../../src/events/event-types.ts';
import type { SessionView } from '../../../src/model/session.ts';
import type { AuditEntry } from '../../../src/store/powers.ts';
import { NOW } from '../support/realm.ts';

type Description = Omit<AuditEntry, 'id' | 'at' | 'type' | 'realm'>;

const DEVICE = {
  label: 'Chrome on Mac OS',
  browser: 'Chrome',
  os: 'Mac OS',
  type: 'desktop',
  ip: '192.0.2.7',
} as const;
const ATTRIBUTION = { by: 'admin-1', reason: 'offboarding', note: 'ticket 7', fromDevice: 'Safari on iOS' };
const SESSION: SessionView = {
  ...{ id: 'i'.repeat(22), user: 'ann', account: 'acme', kind: 'api', createdAt: NOW, authenticatedAt: NOW },
  ...{ lastUsedAt: NOW, expiresAt: null, amr: ['pwd', 'otp'], device: DEVICE, attributes: { theme: 'dark' } },
  ...{ client: null, federated: null },
};
const WHO = { user: 'ann', account: 'acme', session: SESSION.id };
const SEEN = { device: 'Chrome on Mac OS', ip: '192.0.2.7' };
const NOTHING: Description = {
  ...{ user: null, account: null, scope: null, session: null, device: null, ip: null, details: {} },
  ...{ by: null, reason: null, note: null, fromDevice: null },
};

const event = <Type extends SessionEventType>(type: Type, details: SessionEventDetails[Type]): SessionEvent =>
  ({ ...details, type, realm: 'default', at: NOW }) as unknown as SessionEvent;
const refused = (reason: 'unknown' | 'revoked', session: string | null, user: string | null) =>
  event('session.refused', {
    ...{ during: 'check', reason, user, account: null, session, revocation: null, device: DEVICE },
  });

const TOLD: readonly [SessionEvent, Partial<Description>][] = [
  [
    event('session.started', { session: SESSION }),
    { ...WHO, ...SEEN, by: 'ann', fromDevice: SEEN.device, details: { kind: 'api', amr: ['pwd', 'otp'] } },
  ],
  [
    event('session.adopted', { session: SESSION }),
    { ...WHO, ...SEEN, by: 'ann', fromDevice: SEEN.device, details: { kind: 'api', amr: ['pwd', 'otp'] } },
  ],
  [
    event('session.renewed', { session: SESSION, reauthenticated: true }),
    {
      ...{ ...WHO, ...SEEN, by: 'ann', fromDevice: SEEN.device },
      details: { kind: 'api', amr: ['pwd', 'otp'], reauthenticated: true },
    },
  ],
  [
    event('session.refused', {
      ...{ ...WHO, during: 'check', reason: 'superseded', revocation: null, device: DEVICE },
    }),
    { ...WHO, ...SEEN, reason: 'superseded', details: { during: 'check' } },
  ],
  [
    event('session.refused', {
      ...{ user: 'ann', account: null, session: null },
      ...{ during: 'start', reason: 'limit', revocation: null, device: null },
    }),
    { user: 'ann', reason: 'limit', details: { during: 'start' } },
  ],
  [
    event('session.refused', {
      ...{ user: null, account: null, session: 'i'.repeat(22) },
      ...{ during: 'check', reason: 'unknown', revocation: null, device: DEVICE },
    }),
    // The session is unknown, so its id is only the client's claim. The entry leaves it out.
    { ...SEEN, reason: 'unknown', details: { during: 'check' } },
  ],
  [event('session.ended', { ...WHO, ...ATTRIBUTION, device: DEVICE }), { ...WHO, ...SEEN, ...ATTRIBUTION }],
  [
    event('session.reused', { ...WHO, client: { id: 'mobile', name: 'Mobile app' }, device: DEVICE }),
    { ...WHO, ...SEEN, reason: 'token-reused', details: { client: 'mobile' } },
  ],
  [
    event('session.suspicious', { ...WHO, sign: 'new-device', device: DEVICE }),
    { ...WHO, ...SEEN, reason: 'new-device' },
  ],
  [
    event('sessions.revoked', {
      ...{ ...ATTRIBUTION, scope: 'member', user: 'ann', account: 'acme' },
      ...{ kinds: ['api'], kept: SESSION.id, change: null, trigger: 'roleChanged' },
    }),
    {
      ...{ ...ATTRIBUTION, scope: 'member', user: 'ann', account: 'acme' },
      details: { kinds: ['api'], kept: SESSION.id, change: null, trigger: 'roleChanged' },
    },
  ],
  [
    event('sessions.revoked', {
      ...{
        ...ATTRIBUTION,
        scope: 'realm',
        user: null,
        account: null,
        kinds: 'all',
        kept: null,
        change: 'suspended',
        trigger: null,
      },
    }),
    { ...ATTRIBUTION, scope: 'realm', details: { kinds: 'all', kept: null, change: 'suspended', trigger: null } },
  ],
  [
    event('policy.changed', {
      ...{ ...ATTRIBUTION, account: 'acme', before: { signOut: 'session' }, after: { signOut: 'everywhere' } },
    }),
    { ...ATTRIBUTION, account: 'acme', details: { before: { signOut: 'session' }, after: { signOut: 'everywhere' } } },
  ],
  [
    event('request.refused', {
      detail: null,
      ...{ reason: 'forbidden', action: 'revoke', by: 'bob', user: 'ann', account: 'acme', device: DEVICE },
    }),
    {
      reason: 'forbidden',
      by: 'bob',
      user: 'ann',
      account: 'acme',
      fromDevice: DEVICE.label,
      details: { action: 'revoke' },
    },
  ],
  [
    event('token.revoked', { ...ATTRIBUTION, claim: 'jti', issuer: 'https://issuer.example', value: 'id-1' }),
    { ...ATTRIBUTION, details: { claim: 'jti', issuer: 'https://issuer.example', value: 'id-1' } },
  ],
  [
    event('user.forgotten', { ...ATTRIBUTION, sessions: 3, entries: 7 }),
    { ...ATTRIBUTION, details: { sessions: 3, entries: 7 } },
  ],
  [
    event('sessions.pruned', { sessions: 1, epochs: 2, entries: 3, messages: 4 }),
    { details: { sessions: 1, epochs: 2, entries: 3, messages: 4 } },
  ],
  [event('background.failed', { operation: 'touch', error: new Error('secret') }), {}],
];

describe('OPS-3: an entry says what its event says, and nothing else', () => {
  test.each(TOLD)('$type', (told, description) => {
    expect(describeEvent(told)).toEqual({ ...NOTHING, ...description });
  });

  test('of every event that there is', () => {
    expect(new Set(TOLD.map(([{ type }]) => type))).toEqual(new Set(EVENT_TYPES));
  });

  test('of a session has not what an app keeps with it', () => {
    expect(JSON.stringify(describeEvent(TOLD[0]![0]))).not.toContain('dark');
  });
});

describe('a flood', () => {
  const suspicious = (sign: 'new-device' | 'device-changed' | 'superseded-token' | 'many-refusals', ip = '192.0.2.7') =>
    event('session.suspicious', { ...WHO, sign, device: { ...DEVICE, ip } });
  const forbidden = (changes: Partial<SessionEventDetails['request.refused']>) =>
    event('request.refused', {
      detail: null,
      ...{ reason: 'forbidden', action: 'revoke', by: 'bob', user: 'ann', account: null, device: null, ...changes },
    });

  test('is of what somebody can cause as often as they like, and of nothing else', () => {
    const throttled = TOLD.filter(([told]) => floodOf(told) !== null).map(([{ type }]) => type);
    expect(throttled).toEqual(['session.refused', 'session.refused', 'request.refused']);
    expect(floodOf(suspicious('new-device'))).toBeNull();
    expect(floodOf(suspicious('device-changed'))).not.toBeNull();
  });

  test('of strangers has a budget of its own, so that it hides nothing of anybody who is known', () => {
    const strangers = [refused('unknown', null, null), forbidden({ by: null })];
    const known = [refused('revoked', 'i', 'ann'), forbidden({}), suspicious('superseded-token')];
    expect(strangers.map((one) => floodOf(one)?.budget)).toEqual(['strangers', 'strangers']);
    expect(known.map((one) => floodOf(one)?.budget)).toEqual(['known', 'known', 'known']);
    expect(floodOf(suspicious('many-refusals'))?.budget).toBe('addresses');
  });

  test('of tokens that nobody issued is of one sort, whatever ids they claim', () => {
    expect(floodOf(refused('unknown', 'i', null))).toEqual(floodOf(refused('unknown', 'j', null)));
    expect(floodOf(refused('unknown', 'i', null))).not.toEqual(floodOf(refused('revoked', null, null)));
  });

  test('of sessions that there are is of a sort for each, and for each reason', () => {
    const told = [refused('revoked', 'i', 'ann'), refused('revoked', 'j', 'ann'), refused('unknown', 'i', 'ann')];
    expect(new Set(told.map((one) => floodOf(one)?.sort)).size).toBe(3);
    const signs = [suspicious('device-changed'), suspicious('superseded-token')];
    expect(new Set(signs.map((one) => floodOf(one)?.sort)).size).toBe(2);
  });

  test('of addresses is of a sort for each', () => {
    const sorts = ['192.0.2.7', '192.0.2.8'].map((ip) => floodOf(suspicious('many-refusals', ip))?.sort);
    expect(new Set(sorts).size).toBe(2);
  });

  test('of requests is of a sort for each actor, action and reason', () => {
    const other = [{}, { by: 'carl' }, { action: 'list' }, { reason: 'cross-origin' as const }].map(
      (changes) => floodOf(forbidden(changes))?.sort,
    );
    expect(new Set(other).size).toBe(4);
    expect(floodOf(forbidden({ user: 'dora' }))?.sort).toBe(other[0]);
  });
});
