import { describe, expect, expectTypeOf, test } from 'vitest';
import type { BuiltInTrigger } from '../../../src/core/trigger-rules.ts';
import { createSessions } from '../../../src/create-sessions.ts';
import type { TriggerRequest } from '../../../src/operations/trigger.ts';
import { ReferenceStore } from '../../model/reference-store.ts';
import { CHROME_ON_MAC, HOUR, Realm } from '../support/realm.ts';

const KEPT_BY_DEFAULT = ['passwordChanged', 'emailChanged', 'secondFactorChanged', 'roleChanged'] as const;
const NOBODY_KEPT = ['passwordReset', 'lastLoginMethodRemoved', 'memberRemoved'] as const;
const AT_ACME = { user: 'ann', account: 'acme' };
const words = async (realm: Realm, ...started: { readonly token: string }[]): Promise<string[]> =>
  Promise.all(started.map(({ token }) => realm.word(token)));

describe('the option', () => {
  const open = (triggers: unknown) => new Realm({ triggers: triggers as never });

  test.each<[string, unknown, string]>([
    ['no object', 'passwordChanged', 'triggers must be an object of rules by name'],
    [
      'an unknown effect',
      { passwordChanged: 'all' },
      'triggers.passwordChanged is "all"; allowed are none, others, everywhere',
    ],
    [
      'an effect of every object',
      { left: 'toString' },
      'triggers.left is "toString"; allowed are none, others, everywhere',
    ],
    ['a rule without effect', { left: {} }, 'triggers.left is undefined; allowed are none, others, everywhere'],
    ['a rule of null', { left: null }, 'triggers.left must be an object, not null'],
    ['true', { left: true }, 'triggers.left must be an object, not boolean'],
    [
      'a misspelt rule',
      { left: { effect: 'none' } },
      'triggers.left has an unknown option "effect"; known are revoke, kinds',
    ],
    [
      'a name in kebab-case',
      { 'password-changed': 'none' },
      'triggers.password-changed is no name for a trigger; write it like passwordChanged',
    ],
    [
      'a name with a capital',
      { PasswordChanged: 'none' },
      'triggers.PasswordChanged is no name for a trigger; write it like passwordChanged',
    ],
    ['no name', { '': 'none' }, 'triggers. is no name for a trigger; write it like passwordChanged'],
    [
      'no kinds',
      { left: { revoke: 'others', kinds: [] } },
      "triggers.left.kinds must be 'all' or a non-empty array of kinds; there are browser, remembered, api, mcp",
    ],
    [
      'an unknown kind',
      { left: { revoke: 'others', kinds: ['tv'] } },
      "triggers.left.kinds must be 'all' or a non-empty array of kinds; there are browser, remembered, api, mcp",
    ],
    [
      'a kind as text',
      { left: { revoke: 'others', kinds: 'api' } },
      "triggers.left.kinds must be 'all' or a non-empty array of kinds; there are browser, remembered, api, mcp",
    ],
    [
      'kinds of null',
      { left: { revoke: 'others', kinds: null } },
      "triggers.left.kinds must be 'all' or a non-empty array of kinds; there are browser, remembered, api, mcp",
    ],
  ])('%s is misuse', (_, triggers, message) => {
    expect(() => open(triggers)).toThrow(new TypeError(`createSessions({ store }): ${message}`));
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__', 'x'.repeat(33)])(
    'the name %s is misuse',
    (name) => {
      expect(() => open(JSON.parse(`{"${name}":"none"}`))).toThrow(/is no name for a trigger/);
    },
  );

  test('of more than 64 names, or of a long one, is refused in few words', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`left${at}`, 'none']));
    expect(() => open(many(64))).not.toThrow();
    expect(() => open(many(65))).toThrow('triggers has more than 64 names');
    expect(() => open({ ['X'.repeat(9999)]: 'none' })).toThrow(/^.{0,300}$/s);
  });

  test('of undefined is the default, by name', async () => {
    const realm = open({ passwordChanged: undefined });
    await realm.signIn();
    expect(await realm.sessions.trigger('passwordChanged', { user: 'ann' })).toMatchObject({ revoked: true });
  });

  test('that says an effect alone leaves the kinds of the built-in one', async () => {
    const kinds = { api: { survives: ['user', 'member'] } } as const;
    const realm = new Realm({ kinds, triggers: { passwordReset: 'others', passwordChanged: 'everywhere' } });
    const [page, api] = [await realm.signIn(), await realm.signIn('ann', { kind: 'api' })];
    await realm.sessions.trigger('passwordChanged', { user: 'ann' });
    expect(await words(realm, page, api)).toEqual(['revoked', 'live']);
    await realm.sessions.trigger('passwordReset', { user: 'ann' });
    expect(await words(realm, api)).toEqual(['revoked']);
  });

  test('is taken once: what was given may change', async () => {
    const rule = { revoke: 'others' as const, kinds: ['api'] };
    const realm = new Realm({ triggers: { left: rule } });
    rule.kinds.push('browser');
    const page = await realm.signIn();
    await realm.sessions.trigger('left', { user: 'ann' });
    expect(await words(realm, page)).toEqual(['live']);
  });
});

describe('a call', () => {
  test.each(['passwordchanged', 'toString', 'constructor', '__proto__', '', undefined, null, 7])(
    'of a trigger %o that nobody knows is misuse, and names those that there are',
    async (name) => {
      const realm = new Realm({ triggers: { movedOut: 'everywhere' } });
      await expect(realm.sessions.trigger(name as never, { user: 'ann' })).rejects.toThrow(
        /there is no trigger .*; (did you mean \w+\? K|k)nown are passwordChanged, .*memberRemoved, movedOut$/,
      );
      expect(realm.calls).toEqual([]);
    },
  );

  test.each<[string, unknown, RegExp]>([
    ['without a request', undefined, /: the second argument must be an object/],
    ['without a user', {}, /: user must be a string/],
    ['of an account alone', { account: 'acme' }, /: user must be a string/],
    ['with a scope of null', { user: 'ann', account: null }, /: the account of the scope is null/],
    ['misspelt', { user: 'ann', keeping: null }, /: the second argument has an unknown option "keeping"/],
    ['by nobody’s text', { user: 'ann', by: '' }, /: by must not be empty/],
  ])('%s is misuse, and revokes nothing', async (_, request, message) => {
    const realm = new Realm();
    const started = await realm.signIn();
    await expect(realm.sessions.trigger('passwordChanged', request as never)).rejects.toThrow(message);
    expect(await words(realm, started)).toEqual(['live']);
  });

  test('of memberRemoved needs the account', async () => {
    const realm = new Realm();
    const [here, there] = [await realm.signIn('ann', AT_ACME), await realm.signIn()];
    await expect(realm.sessions.trigger('memberRemoved', { user: 'ann' })).rejects.toThrow(
      new TypeError('sessions.trigger(name, { user }): memberRemoved needs the account'),
    );
    expect(await words(realm, here, there)).toEqual(['live', 'live']);
    await realm.sessions.trigger('memberRemoved', AT_ACME);
    expect(await words(realm, here, there)).toEqual(['revoked', 'live']);
  });

  test('with a row of a list, a copy, or somebody else’s session to keep is misuse, and revokes nothing', async () => {
    const realm = new Realm();
    const [mine, theirs] = [await realm.signIn(), await realm.signIn('bob')];
    const [row] = (await realm.sessions.list({ user: 'ann' })).sessions;
    for (const keep of [row, { ...mine.session }, theirs.session, mine.token, null]) {
      const request = { user: 'ann', keep } as unknown as TriggerRequest;
      await expect(realm.sessions.trigger('passwordChanged', request)).rejects.toThrow(TypeError);
      await expect(realm.sessions.trigger('passwordReset', request)).rejects.toThrow(TypeError);
    }
    expect(await words(realm, mine, theirs)).toEqual(['live', 'live']);
  });
});

describe('SES-7, SES-16: others', () => {
  test.each(KEPT_BY_DEFAULT)('%s revokes all but the session to keep, which gets a new secret', async (name) => {
    const realm = new Realm();
    const [mine, other, bob] = [await realm.signIn(), await realm.signIn(), await realm.signIn('bob')];
    const result = await realm.sessions.trigger(name, { user: 'ann', keep: mine.session });
    expect(result).toMatchObject({ revoked: true, notKept: null, found: true, effectiveWithin: 0 });
    expect(result.kept?.id).toBe(mine.session.id);
    expect(await words(realm, mine, other, bob)).toEqual(['superseded', 'revoked', 'live']);
    expect(await realm.word(result.token)).toBe('live');
  });

  test('without one to keep revokes all', async () => {
    const realm = new Realm();
    const both = [await realm.signIn(), await realm.signIn()];
    const result = await realm.sessions.trigger('passwordChanged', { user: 'ann' });
    expect(result).toMatchObject({ revoked: true, kept: null, token: null, notKept: null, found: true });
    expect(await words(realm, ...both)).toEqual(['revoked', 'revoked']);
  });

  test.each<[string, (realm: Realm, mine: { session: { id: string } }) => Promise<unknown>]>([
    ['was ended', (realm, { session }) => realm.sessions.end(session.id, { user: 'ann' })],
    ['was revoked', (realm) => realm.sessions.revoke({ user: 'ann' })],
    ['has a new secret', (realm, { session }) => realm.sessions.renew(session as never)],
  ])('goes on where the session to keep %s, and says so', async (_, before) => {
    const realm = new Realm();
    const mine = await realm.signIn();
    await before(realm, mine);
    const others = [await realm.signIn(), await realm.signIn()];
    const result = await realm.sessions.trigger('passwordChanged', { user: 'ann', keep: mine.session });
    expect(result).toMatchObject({ revoked: true, kept: null, token: null, notKept: 'not-live', found: true });
    expect(await words(realm, ...others)).toEqual(['revoked', 'revoked']);
  });

  test('goes on also where the session to keep ends in between', async () => {
    const realm = new Realm();
    const [mine, other] = [await realm.signIn(), await realm.signIn()];
    let beaten = false;
    realm.around = (call, ask) => {
      if (call !== 'advance' || beaten) return ask();
      beaten = true;
      const { id, user } = mine.session;
      return realm.sessions.end(id, { user }).then(ask);
    };
    const result = await realm.sessions.trigger('passwordChanged', { user: 'ann', keep: mine.session });
    expect(result).toMatchObject({ revoked: true, notKept: 'not-live' });
    expect(await words(realm, mine, other)).toEqual(['ended', 'revoked']);
  });

  test('stays within the account where one is named', async () => {
    const realm = new Realm();
    const [here, too, there] = [
      await realm.signIn('ann', AT_ACME),
      await realm.signIn('ann', AT_ACME),
      await realm.signIn(),
    ];
    const result = await realm.sessions.trigger('roleChanged', { ...AT_ACME, keep: here.session });
    expect(result.revocation).toMatchObject({ scope: 'member', ...AT_ACME });
    expect(await words(realm, here, too, there)).toEqual(['superseded', 'revoked', 'live']);
  });

  test('spares the kinds that survive, and covers those that are named', async () => {
    const realm = new Realm({
      kinds: { api: { survives: ['user', 'member'] } },
      triggers: { keysLost: { revoke: 'others', kinds: ['api'] } },
    });
    const [page, api] = [await realm.signIn(), await realm.signIn('ann', { kind: 'api' })];
    await realm.sessions.trigger('passwordChanged', { user: 'ann' });
    expect(await words(realm, page, api)).toEqual(['revoked', 'live']);
    const again = await realm.signIn();
    await realm.sessions.trigger('keysLost', { user: 'ann' });
    expect(await words(realm, again, api)).toEqual(['live', 'revoked']);
  });
});

describe('everywhere', () => {
  test.each(NOBODY_KEPT)('%s revokes all kinds, and also the session that was to be kept', async (name) => {
    const realm = new Realm({ kinds: { api: { survives: ['user', 'member'] } } });
    const [mine, api] = [await realm.signIn('ann', AT_ACME), await realm.signIn('ann', { ...AT_ACME, kind: 'api' })];
    const result = await realm.sessions.trigger(name, { ...AT_ACME, keep: mine.session });
    expect(result).toMatchObject({ revoked: true, kept: null, token: null, notKept: 'everywhere', found: true });
    expect(await words(realm, mine, api)).toEqual(['revoked', 'revoked']);
  });

  test('has nobody to keep where none was named', async () => {
    const realm = new Realm();
    await realm.signIn();
    expect(await realm.sessions.trigger('passwordReset', { user: 'ann' })).toMatchObject({ notKept: null });
  });

  test('goes on where who asks is over itself', async () => {
    const realm = new Realm();
    const [mine, other] = [await realm.signIn(), await realm.signIn()];
    await realm.sessions.end(mine.session.id, { user: 'ann' });
    const result = await realm.sessions.trigger('passwordReset', { user: 'ann', keep: mine.session });
    expect(result).toMatchObject({ revoked: true, kept: null });
    expect(await words(realm, other)).toEqual(['revoked']);
  });
});

test('none revokes nothing, tells nobody, and says whether there was anybody', async () => {
  const realm = new Realm({ triggers: { emailChanged: 'none' }, audit: true });
  const started = await realm.signIn();
  const heard = realm.hearAll();
  const before = realm.store.dump();
  const nothing = { revoked: false, kept: null, token: null, reason: 'none', effectiveWithin: 0, revocation: null };
  expect(await realm.sessions.trigger('emailChanged', { user: 'ann' })).toEqual({ ...nothing, found: true });
  expect(await realm.sessions.trigger('emailChanged', { user: 'bob' })).toEqual({ ...nothing, found: false });
  expect(await words(realm, started)).toEqual(['live']);
  expect([heard, realm.store.dump()]).toEqual([[], before]);
});

describe('found', () => {
  test('is false where nobody was signed in; the scope is advanced all the same', async () => {
    const realm = new Realm();
    const fence = await realm.sessions.fence({ user: 'ann' });
    expect(await realm.sessions.trigger('passwordReset', { user: 'ann' })).toMatchObject({
      revoked: true,
      found: false,
    });
    expect(await realm.sessions.start({ user: 'ann', fence })).toMatchObject({ ok: false, reason: 'superseded' });
  });

  test('is false where only the session is live that was kept', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const result = await realm.sessions.trigger('passwordChanged', { user: 'ann', keep: session });
    expect(result).toMatchObject({ notKept: null, found: false });
  });

  test('is true where that one was live, but under a newer secret, and so was revoked', async () => {
    const realm = new Realm();
    const { session } = await realm.signIn();
    const renewed = await realm.sessions.renew(session);
    const result = await realm.sessions.trigger('passwordChanged', { user: 'ann', keep: session });
    expect(await realm.word(renewed.ok ? renewed.token : '')).toBe('revoked');
    expect(result).toMatchObject({ notKept: 'not-live', found: true });
  });

  test('is null where a hundred younger sessions are not covered: the look goes no further', async () => {
    const realm = new Realm({ kinds: { api: { survives: ['user'] } } });
    for (let nth = 0; nth < 100; nth++) await realm.signIn('ann', { kind: 'api' });
    expect(await realm.sessions.trigger('passwordChanged', { user: 'ann' })).toMatchObject({ found: false });
    realm.now -= 1;
    const { token } = await realm.signIn();
    expect(await realm.sessions.trigger('passwordChanged', { user: 'ann' })).toMatchObject({ found: null });
    expect(await realm.word(token)).toBe('revoked');
  });

  test('counts neither what is over nor a kind that is not covered', async () => {
    const realm = new Realm({ kinds: { api: { survives: ['user'] } } });
    const { session } = await realm.signIn();
    await realm.sessions.end(session.id, { user: 'ann' });
    await realm.signIn('ann', { kind: 'api' });
    expect(await realm.sessions.trigger('passwordChanged', { user: 'ann' })).toMatchObject({ found: false });
    expect(await realm.sessions.trigger('passwordReset', { user: 'ann' })).toMatchObject({ found: true });
  });
});

describe('the attribution', () => {
  test('is the code of the trigger, from the device of who asks, unless other words are given', async () => {
    const realm = new Realm({ triggers: { movedOut: 'everywhere' } });
    const heard = realm.hear('sessions.revoked');
    const { session } = await realm.signIn('ann', { userAgent: CHROME_ON_MAC });
    await realm.sessions.trigger('secondFactorChanged', { user: 'ann', keep: session, by: 'ann' });
    await realm.sessions.trigger('movedOut', { user: 'ann' });
    await realm.sessions.trigger('passwordReset', {
      user: 'ann',
      reason: 'stolen',
      fromDevice: 'the help desk',
      note: 'n',
    });
    expect(heard).toMatchObject([
      { by: 'ann', reason: 'second-factor-changed', fromDevice: 'Chrome on Mac OS', note: null },
      { by: null, reason: 'moved-out', fromDevice: null },
      { reason: 'stolen', fromDevice: 'the help desk', note: 'n' },
    ]);
  });

  test('is what a refused token is told of', async () => {
    const realm = new Realm();
    const { token } = await realm.signIn();
    realm.now += HOUR;
    await realm.sessions.trigger('passwordReset', { user: 'ann', by: 'ann' });
    const revocation = { scope: 'user', at: realm.now, by: 'ann', reason: 'password-reset', fromDevice: null };
    expect(await realm.sessions.check(token)).toMatchObject({ end: { reason: 'revoked', revocation } });
  });
});

test('names are typed by the option: the built-in ones, and the app’s own', async () => {
  const store = new ReferenceStore();
  const plain = createSessions({ store });
  expectTypeOf(plain.trigger).parameter(0).toEqualTypeOf<BuiltInTrigger>();
  const own = createSessions({ store, triggers: { movedOut: 'everywhere', passwordReset: 'none' } });
  expectTypeOf(own.trigger).parameter(0).toEqualTypeOf<BuiltInTrigger | 'movedOut'>();
  expectTypeOf(own.trigger).parameter(1).toEqualTypeOf<TriggerRequest>();
  // @ts-expect-error: not one of them
  await expect(own.trigger('movedIn', { user: 'ann' })).rejects.toThrow(TypeError);
  // @ts-expect-error: no effect
  expect(() => createSessions({ store, triggers: { movedOut: 'later' } })).toThrow(TypeError);
});
