import { beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../src/session.ts';
import { createSessions, type Sessions } from '../../src/sessions.ts';
import { around } from '../../src/testing/wrappers.ts';
import { referenceStore } from '../contract/reference-store.ts';

let asked: string[];
let sessions: Sessions;
let session: Session;
let fence: string;

beforeEach(async () => {
  asked = [];
  const store = around(referenceStore(), (verb, ask) => {
    asked.push(verb);
    return ask();
  });
  sessions = createSessions({ store, kinds: { 'tv-app': {} } });
  fence = await sessions.fence({ user: 'ann', account: 'acme' });
  const started = await sessions.start({ user: 'ann', account: 'acme', fence });
  if (!started.ok) throw new Error(started.reason);
  ({ session } = started);
  asked.length = 0;
});

describe('misuse is a TypeError that says what is wrong, before the store is asked', () => {
  const cases: [string, () => Promise<unknown>, RegExp][] = [
    ['fence of nothing', () => sessions.fence(undefined as never), /^fence must be an object, not undefined$/],
    ['fence of nobody', () => sessions.fence({} as never), /^user must be a string, not undefined$/],
    ['fence of a number', () => sessions.fence({ user: 7 } as never), /^user must be a string, not number$/],
    [
      'fence misspelt',
      () => sessions.fence({ user: 'ann', acount: 'x' } as never),
      /^fence has an unknown option "acount"; known are user, account$/,
    ],
    [
      'start without a fence',
      () => sessions.start({ user: 'ann' } as never),
      /^fence must be what sessions\.fence\(\) gave, as it was$/,
    ],
    [
      'start of another user',
      () => sessions.start({ user: 'bob', account: 'acme', fence }),
      /^fence was taken for another user, account or realm$/,
    ],
    ['start in another account', () => sessions.start({ user: 'ann', fence }), /^fence was taken for another user/],
    [
      'start of an unknown kind',
      () => sessions.start({ user: 'ann', account: 'acme', fence, kind: 'phone' }),
      /^kind "phone" is unknown; there are browser, remembered, api, mcp, tv-app$/,
    ],
    [
      'start of a kind of every object',
      () => sessions.start({ user: 'ann', account: 'acme', fence, kind: 'constructor' }),
      /^kind "constructor" is unknown/,
    ],
    [
      'start with a date',
      () => sessions.start({ user: 'ann', account: 'acme', fence, attributes: { at: new Date() } as never }),
      /^attributes\.at must be JSON/,
    ],
    [
      'start with an empty device',
      () => sessions.start({ user: 'ann', account: 'acme', fence, deviceId: '' }),
      /^deviceId must not be empty$/,
    ],
    ['end of nothing', () => sessions.end(session.id, undefined as never), /^end must be an object, not undefined$/],
    ['end without a user', () => sessions.end(session.id, {} as never), /^user must be a string, not undefined$/],
    ['end of no id', () => sessions.end(undefined as never, { user: 'ann' }), /^the id of a session must be a string$/],
    [
      'end by a number',
      () => sessions.end(session.id, { user: 'ann', by: 7 as never }),
      /^by must be a string, not number$/,
    ],
    [
      'end with a log line',
      () => sessions.end(session.id, { user: 'ann', reason: 'x\n[admin] y' }),
      /^reason must be well-formed text without control characters$/,
    ],
    [
      'revoke of nothing',
      () => sessions.revoke(undefined as never),
      /^a scope must be \{ user \}, \{ user, account \}, \{ account \} or \{ realm: true \}$/,
    ],
    [
      'revoke of everything by accident',
      () => sessions.revoke({} as never),
      /^a scope must name a user, an account, or the realm$/,
    ],
    ['revoke of a name', () => sessions.revoke('ann' as never), /^a scope must be/],
    ['revoke misspelt', () => sessions.revoke({ usr: 'ann' } as never), /^a scope has an unknown option "usr"/],
    [
      'revoke of a user and the realm',
      () => sessions.revoke({ user: 'ann', realm: true } as never),
      /^the scope of a realm is \{ realm: true \} and nothing else$/,
    ],
    ['revoke of no realm', () => sessions.revoke({ realm: false } as never), /^the scope of a realm is/],
    ['revoke of null', () => sessions.revoke({ user: null } as never), /^user must be a string, not null$/],
    ['revoke of an empty name', () => sessions.revoke({ user: '' }), /^user must not be empty$/],
    [
      'revoke of no kinds',
      () => sessions.revoke({ user: 'ann' }, { kinds: [] }),
      /^kinds must be 'all' or a non-empty array of kinds$/,
    ],
    ['revoke of a kind', () => sessions.revoke({ user: 'ann' }, { kinds: 'api' as never }), /^kinds must be 'all' or/],
    [
      'revoke of an unknown kind',
      () => sessions.revoke({ user: 'ann' }, { kinds: ['api', 'phone'] }),
      /^kind "phone" is unknown/,
    ],
    [
      'revoke misspelt',
      () => sessions.revoke({ user: 'ann' }, { keeps: session } as never),
      /^revoke has an unknown option "keeps"/,
    ],
    [
      'keep of an id',
      () => sessions.revoke({ user: 'ann' }, { keep: session.id as never }),
      /^keep must be a session from start, check or renew/,
    ],
    [
      'keep of a copy',
      () => sessions.revoke({ user: 'ann' }, { keep: { ...session } as never }),
      /^keep must be a session from start/,
    ],
    [
      'keep of another user',
      () => sessions.revoke({ user: 'bob' }, { keep: session }),
      /^keep must be a session of the scope that is revoked$/,
    ],
    [
      'keep of another member',
      () => sessions.revoke({ user: 'ann', account: 'beta' }, { keep: session }),
      /^keep must be a session of the scope/,
    ],
    [
      'keep with an account',
      () => sessions.revoke({ account: 'acme' }, { keep: session }),
      /^keep goes with a user or a member, not with an account or a realm$/,
    ],
    [
      'ifLive with a realm',
      () => sessions.revoke({ realm: true }, { ifLive: session }),
      /^ifLive goes with a user or a member/,
    ],
    [
      'keep and ifLive',
      () => sessions.revoke({ user: 'ann' }, { keep: session, ifLive: session }),
      /^keep and ifLive do not go together$/,
    ],
    [
      'suspend with kinds',
      () => sessions.suspend({ user: 'ann' }, { kinds: 'all' } as never),
      /^suspend has an unknown option "kinds"; known are by, reason$/,
    ],
    [
      'resume with a note',
      () => sessions.resume({ user: 'ann' }, { note: 'x' } as never),
      /^resume has an unknown option "note"/,
    ],
    ['renew of a token', () => sessions.renew('sr1.x' as never), /^renew must be a session from start/],
    [
      'renew into an account without a fence',
      () => sessions.renew(session, { account: 'beta' }),
      /^account and fence go together/,
    ],
    ['renew with a fence alone', () => sessions.renew(session, { fence }), /^account and fence go together/],
    [
      'renew with the fence of another account',
      () => sessions.renew(session, { account: 'beta', fence }),
      /^fence was taken for another user, account or realm$/,
    ],
    [
      'renew of what a new authentication renews',
      () => sessions.renew(session, { amr: ['otp'] } as never),
      /^renew has an unknown option "amr"; known are attributes, account, fence$/,
    ],
    [
      'reauthenticate without a fence',
      () => sessions.reauthenticate(session, {} as never),
      /^fence must be what sessions\.fence\(\) gave/,
    ],
    ['list of nobody', () => sessions.list({ account: 'acme' } as never), /^user must be a string, not undefined$/],
  ];

  test.each(cases)('%s', async (_, call, words) => {
    const error = await call().then(
      () => null,
      (failure: unknown) => failure,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toMatch(words);
    expect(asked).toEqual([]);
  });
});

describe('what a client sends is never misuse', () => {
  test.each([undefined, null, '', 'x', 'x'.repeat(10_240), ['sr1'], 7])(
    'SES-5: a token of %o is malformed, and the store is not asked',
    async (token) => {
      const refused: unknown[] = [];
      sessions.on('session.refused', ({ during, reason, session: id }) => refused.push([during, reason, id]));
      expect(await sessions.check(token as string)).toEqual({
        ok: false,
        session: null,
        reason: 'malformed',
        ended: null,
        revocation: null,
      });
      expect(refused).toEqual([['check', 'malformed', null]]);
      expect(asked).toEqual([]);
    },
  );

  test.each(['', 'x', '../..', 'x'.repeat(23), "' OR 1=1"])(
    'SES-21: an id of %j is no session, and the store is not asked',
    async (id) => {
      expect(await sessions.end(id, { user: 'ann' })).toEqual({ ended: false, effectiveWithin: 0 });
      expect(asked).toEqual([]);
    },
  );

  test.each(['x'.repeat(65), 'a b', '<script>', '\n', 7, {}])(
    'an address of %o is left out, and fails nothing',
    async (ip) => {
      const started = await sessions.start({
        user: 'ann',
        account: 'acme',
        fence,
        ip: ip as string,
        userAgent: 7 as never,
      });
      expect(started.ok && started.session.device.ip).toBeNull();
    },
  );

  test('SES-4: an unknown token makes no session, and signing in gives another one', async () => {
    const unknown = `sr1.${'u'.repeat(22)}.${'a'.repeat(22)}.${'i'.repeat(22)}.${'s'.repeat(43)}`;
    expect(await sessions.check(unknown)).toMatchObject({ ok: false, reason: 'unknown' });
    const started = await sessions.start({ user: 'ann', account: 'acme', fence });
    expect(started.ok && started.token).not.toBe(unknown);
    expect(await sessions.check(unknown)).toMatchObject({ ok: false, reason: 'unknown' });
  });
});

describe('arguments', () => {
  test('are not changed, and are not looked at again', async () => {
    const request = { user: 'ann', account: 'acme', fence, amr: ['pwd'], attributes: { list: [1] } };
    const before = structuredClone(request);
    const started = await sessions.start(request);
    expect(request).toEqual(before);
    request.amr.push('otp');
    request.attributes.list.push(2);
    expect(started.ok && [started.session.amr, started.session.attributes]).toEqual([['pwd'], { list: [1] }]);
    const [row] = (await sessions.list({ user: 'ann' })).sessions.filter(({ amr }) => amr.length > 0);
    expect([row?.amr, row?.attributes]).toEqual([['pwd'], { list: [1] }]);
  });
});
