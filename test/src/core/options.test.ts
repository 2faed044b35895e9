import { describe, expect, test, vi } from 'vitest';
import { parseOptions, type SessionsOptions } from '../../../src/core/options.ts';
import { isSessionError } from '../../../src/lib/errors.ts';
import type { SessionStore } from '../../../src/store/store.ts';

const VERBS = [
  'readEpochs',
  'ensureEpochs',
  'add',
  'find',
  'list',
  'touch',
  'renew',
  'end',
  'advance',
  'listUsers',
  'memberships',
  'deleteSessions',
  'prune',
];
const store = Object.fromEntries(VERBS.map((verb) => [verb, () => {}])) as unknown as SessionStore;
const DAY = 86_400_000;

const parse = (options: Record<string, unknown> = {}) => parseOptions({ store, ...options } as SessionsOptions);

describe('defaults', () => {
  test('are these', () => {
    const { kinds, clock, triggers, ...rest } = parse();
    expect(rest).toEqual({
      signal: { every: 5_000, giveUpAfter: 300_000 },
      ...{ store, realm: 'default', replace: null, limit: null, policy: null, audit: null },
      ...{ touchEvery: 60_000, retention: 7 * DAY, timeout: 5000 },
      freshness: { maxStaleness: 0, maxSessions: 100_000, notifier: null },
    });
    expect(Object.fromEntries(triggers)).toEqual({
      passwordChanged: { revoke: 'others', kinds: null },
      emailChanged: { revoke: 'others', kinds: null },
      secondFactorChanged: { revoke: 'others', kinds: null },
      roleChanged: { revoke: 'others', kinds: null },
      passwordReset: { revoke: 'everywhere', kinds: 'all' },
      lastLoginMethodRemoved: { revoke: 'everywhere', kinds: 'all' },
      memberRemoved: { revoke: 'everywhere', kinds: 'all' },
    });
    expect([...kinds.keys()]).toEqual(['browser', 'remembered', 'api', 'mcp']);
    for (const kind of kinds.values())
      expect(kind).toEqual({ lifetime: { absolute: 30 * DAY, idle: 14 * DAY }, survives: [] });
    const wall = vi.spyOn(Date, 'now').mockReturnValue(7 * DAY);
    expect(clock.now()).toBe(7 * DAY);
    wall.mockRestore();
  });

  test('stand for what is undefined, and for nothing else: 0 and null are not undefined', () => {
    const undefineds = Object.fromEntries(
      [
        ...['realm', 'lifetime', 'kinds', 'replace', 'limit', 'touchEvery', 'retention', 'timeout', 'clock'],
        ...['policy', 'triggers', 'audit', 'freshness'],
      ].map((name) => [name, undefined]),
    );
    expect(parse(undefineds)).toEqual(parse());
    expect(parse({ touchEvery: 0 }).touchEvery).toBe(0);
    expect(parse({ replace: null, limit: null })).toMatchObject({ replace: null, limit: null });
    expect(() => parse({ realm: null })).toThrow('realm must be a string, not null');
    expect(() => parse({ realm: '' })).toThrow('realm must not be empty');
  });
});

describe('options', () => {
  test('are resolved once: the object that was given may change, and stays as it was', () => {
    const options = {
      lifetime: { absolute: '1d' },
      kinds: { api: { survives: ['user'] } },
      limit: { perUser: 3, overflow: 'refuse' },
    };
    const before = structuredClone(options);
    const settings = parse(options);
    expect(options).toEqual(before);
    options.limit.perUser = 9;
    options.kinds.api.survives.push('member');
    expect(settings.limit).toEqual({ perUser: 3, overflow: 'refuse' });
    expect(settings.kinds.get('api')?.survives).toEqual(['user']);
    for (const part of [settings, settings.limit, settings.kinds.get('api')]) expect(Object.isFrozen(part)).toBe(true);
  });

  test('of a kind stand over those of the realm, part by part', () => {
    const { kinds } = parse({
      lifetime: { absolute: '10d' },
      kinds: {
        api: { lifetime: { idle: null }, survives: ['user', 'member'] },
        'tv-app': { lifetime: { absolute: null } },
        browser: {},
      },
    });
    expect(kinds.get('browser')).toEqual({ lifetime: { absolute: 10 * DAY, idle: 14 * DAY }, survives: [] });
    expect(kinds.get('api')).toEqual({ lifetime: { absolute: 10 * DAY, idle: null }, survives: ['user', 'member'] });
    expect(kinds.get('tv-app')).toEqual({ lifetime: { absolute: null, idle: 14 * DAY }, survives: [] });
    expect(kinds.get('mcp')?.lifetime.absolute).toBe(10 * DAY);
  });
});

describe('misuse is a TypeError that names the option, the problem and what is allowed', () => {
  test.each([undefined, null, 1, 'x', []])('createSessions(%o)', (options) => {
    expect(() => parseOptions(options as never)).toThrow(/^options must be an object, not /);
  });

  test.each([undefined, null])('store: %o', (given) => {
    expect(() => parse({ store: given })).toThrow(/^store is missing; there is no default\..*sqliteStore/);
  });

  test.each(VERBS)('a store without %s', (verb) => {
    expect(() => parse({ store: { ...store, [verb]: undefined } })).toThrow(
      `store is an object without ${verb}(), and must be a store`,
    );
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a misspelt option',
      { lifetimes: {} },
      /^options has an unknown option "lifetimes"; did you mean lifetime\? Known are store, realm,/,
    ],
    ['an option of nobody', JSON.parse('{"__proto__": {}}'), /unknown option "__proto__"/],
    ['realm', { realm: 7 }, /^realm must be a string, not number; write String\(realm\)$/],
    ['lifetime', { lifetime: '30d' }, /^lifetime must be an object, not string; such as \{ absolute: '30d'/],
    ['lifetime null', { lifetime: null }, /^lifetime must be an object, not null; such as \{ absolute: '30d'/],
    ['lifetime part', { lifetime: { idle: 'soon' } }, /^lifetime\.idle is "soon"; allowed are/],
    ['lifetime misspelt', { lifetime: { max: 1 } }, /^lifetime has an unknown option "max"; known are absolute, idle$/],
    ['kinds', { kinds: [] }, /^kinds must be an object of kinds by name$/],
    ['kinds null', { kinds: null }, /^kinds must be an object of kinds by name$/],
    ['kind name', { kinds: { API: {} } }, /^kinds\.API is no name for a kind; allowed are up to 32 of a-z 0-9 - /],
    ['kind name of a number', { kinds: { 1: {} } }, /^kinds\.1 is no name/],
    ['kind name too long', { kinds: { ['k'.repeat(33)]: {} } }, /is no name for a kind/],
    ['kind name that every object has', { kinds: { constructor: {} } }, /^kinds\.constructor is no name/],
    ['kind', { kinds: { api: null } }, /^kinds\.api must be an object, not null$/],
    [
      'kind option',
      { kinds: { api: { idle: 1 } } },
      /^kinds\.api has an unknown option "idle"; known are lifetime, survives$/,
    ],
    [
      'kind lifetime',
      { kinds: { api: { lifetime: { absolute: 0 } } } },
      /^kinds\.api\.lifetime\.absolute is 0; allowed are/,
    ],
    [
      'survives',
      { kinds: { api: { survives: 'user' } } },
      /^kinds\.api\.survives must be an array of 'user' and 'member'/,
    ],
    [
      'survives an account',
      { kinds: { api: { survives: ['account'] } } },
      /a realm's or an account's revocation spares none$/,
    ],
    ['replace', { replace: 'browser' }, /^replace is "browser"; allowed are 'same-browser', 'same-device' and null$/],
    ['replace true', { replace: true }, /^replace is true; allowed are/],
    ['limit', { limit: 3 }, /^limit must be an object, not number; such as \{ perUser: 5/],
    ['limit misspelt', { limit: { perUser: 3, onOverflow: 'refuse' } }, /^limit has an unknown option "onOverflow"/],
    [
      'limit without overflow',
      { limit: { perUser: 3 } },
      /^limit\.overflow is undefined; allowed are 'end-oldest' and 'refuse'$/,
    ],
    [
      'limit without number',
      { limit: { overflow: 'refuse' } },
      /^limit\.perUser is undefined; allowed are whole numbers from 1 to 1000$/,
    ],
    ...[0, -1, 1.5, 1001, '3', Number.NaN].map((perUser): [string, Record<string, unknown>, RegExp] => [
      `limit of ${perUser}`,
      { limit: { perUser, overflow: 'refuse' } },
      /^limit\.perUser is .*; allowed are whole numbers from 1 to 1000$/,
    ]),
    ['touchEvery', { touchEvery: -1 }, /^touchEvery is -1; allowed are/],
    ['touchEvery null', { touchEvery: null }, /^touchEvery is null; allowed are/],
    [
      'touchEvery as long as idle',
      { touchEvery: '1h', lifetime: { idle: '1h' } },
      /^touchEvery \(3600000 ms\) must be shorter than the idle lifetime of browser \(3600000 ms\); a number is milliseconds/,
    ],
    [
      'touchEvery of a kind',
      { kinds: { api: { lifetime: { idle: '30s' } } } },
      /^touchEvery \(60000 ms\) must be shorter than the idle lifetime of api \(30000 ms\); a number is milliseconds/,
    ],
    ['retention', { retention: '59m' }, /^retention is 3540000 ms; at least 3600000 ms are needed$/],
    ['retention for ever', { retention: null }, /^retention is null; allowed are/],
    ['timeout', { timeout: 0 }, /^timeout is 0; allowed are .*, not 0$/],
    ['timeout too long', { timeout: '11m' }, /^timeout is 660000 ms; allowed are 1 to 600000 ms$/],
    [
      'policy',
      { policy: 'everywhere' },
      /^policy is "everywhere"; allowed are 'stored', a function of an account, and null$/,
    ],
    ['policy true', { policy: true }, /^policy is true; allowed are/],
    ['audit', { audit: 'yes' }, /^audit must be an object, not string$/],
    ['audit misspelt', { audit: { keep: '1d' } }, /^audit has an unknown option "keep"; known are store, sink,/],
    ['triggers', { triggers: [] }, /^triggers must be an object of rules by name$/],
    ['clock null', { clock: null }, /^clock must have a now\(\) that gives Unix ms$/],
    ['clock without now', { clock: {} }, /^clock must have a now\(\) that gives Unix ms$/],
  ])('%s', (_, options, words) => {
    expect(() => parse(options)).toThrow(TypeError);
    expect(() => parse(options)).toThrow(words);
  });

  test.each([
    ['policies', { policy: 'stored' }, 'this store keeps no policies'],
    ['audit', { audit: true }, 'this store keeps no audit log'],
    ['audit', { audit: {} }, 'this store keeps no audit log'],
    ['audit', { audit: { sink: () => {} } }, 'this store keeps no audit log'],
  ])('a store without the power %s: it is said at once, where %o needs it', (power, options, message) => {
    for (const powers of [undefined, {}, { [power]: undefined }, { [power]: null }]) {
      let error: unknown;
      try {
        parse({ store: { ...store, powers }, ...options });
      } catch (thrown) {
        error = thrown;
      }
      expect(isSessionError(error, 'SESSION_STORE_LACKS_POWER')).toBe(true);
      expect(error).toMatchObject({ status: 501, message: expect.stringContaining(message) });
    }
    expect(() => parse({ store: { ...store, powers: { audit: {}, policies: {} } }, ...options })).not.toThrow();
  });

  test.each([{ policy: null }, { policy: () => ({ signOut: 'session' }) }, { audit: false }, { audit: null }])(
    'needs no power: %o',
    (options) => {
      expect(() => parse(options)).not.toThrow();
    },
  );

  test('an audit log that only a sink gets needs none either', () => {
    expect(parse({ audit: { store: false, sink: () => {} } }).audit).toMatchObject({ store: false });
  });

  test('no message repeats a long text', () => {
    for (const options of [{ kinds: { ['X'.repeat(9999)]: {} } }, { lifetime: { idle: 'x'.repeat(9999) } }]) {
      expect(() => parse(options)).toThrow(/^.{0,300}$/s);
    }
  });
});
