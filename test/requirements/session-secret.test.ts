import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newSecret } from '../../src/model/token.ts';
import { size } from '../ci-only.ts';
import { fc } from '../src/support/fast-check.ts';
import { judge, openRealm, signIn } from './realm.ts';

// Matches lower-case UUIDs only. With both cases, random texts would match too often.
const UUID = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/;
const partsOf = (token: string): { tag: string; id: string; secret: string } => {
  const [, tag = '', , id = '', secret = ''] = token.split('.');
  return { tag, id, secret };
};

describe('SES-1: the secret comes from a CSPRNG and has at least 128 bits', () => {
  const MINTS = size('model: secrets without a duplicate');

  test(`${MINTS} of them have no duplicate, are no UUIDs, and every bit is set in about half of them`, () => {
    const secrets = new Set<string>();
    const ones = new Uint32Array(256);
    for (let minted = 0; minted < MINTS; minted++) {
      const secret = newSecret();
      secrets.add(secret);
      const bytes = Buffer.from(secret, 'base64url');
      for (let bit = 0; bit < 256; bit++) ones[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1;
    }
    expect(secrets.size).toBe(MINTS);
    expect([...secrets].filter((secret) => UUID.test(secret))).toEqual([]);
    // The limit is eight standard deviations. A fair source exceeds it less than once in a million million runs.
    const deviation = 8 * Math.sqrt(MINTS / 4);
    expect([...ones].filter((count) => Math.abs(count - MINTS / 2) > deviation)).toEqual([]);
  });

  test('each start, renewal, authentication and kept session has one of its own', async () => {
    const { sessions } = openRealm();
    const tokens: (string | null)[] = [];
    for (let round = 0; round < 50; round++) {
      const { session, token } = await signIn(sessions);
      const renewed = await sessions.renew(session);
      if (!renewed.ok) throw new Error(renewed.reason);
      const again = await sessions.reauthenticate(renewed.session, { fence: await sessions.fence({ user: 'alice' }) });
      if (!again.ok) throw new Error(again.reason);
      const kept = await sessions.revoke({ user: 'alice' }, { keep: again.session });
      tokens.push(token, renewed.token, again.token, kept.token);
    }
    expect(new Set(tokens.map((token) => partsOf(token ?? '').secret)).size).toBe(200);
  });

  test('it decodes to 32 bytes, and the public id to 16 of its own', async () => {
    const { token, session } = await signIn(openRealm().sessions);
    const { id, secret } = partsOf(token);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(Buffer.from(id, 'base64url')).toHaveLength(16);
    expect(session.id).toBe(id);
    expect(token).not.toMatch(UUID);
  });
});

describe('SES-2: a token says nothing that can be decoded', () => {
  test('no user, no account, no time, in no usual spelling', async () => {
    const { sessions, clock } = openRealm({ realm: 'dashboard' });
    const haystacks: string[] = [];
    for (let token = 0; token < 5; token++) {
      haystacks.push(textsOf((await signIn(sessions, { user: 'alice@example.org', account: 'acme-corp' })).token));
    }
    // A single token may contain any short text by chance, but not all five.
    const said = (text: string): boolean => haystacks.every((haystack) => haystack.includes(text.toLowerCase()));
    for (const name of ['alice@example.org', 'alice', 'acme-corp', 'dashboard']) {
      const buffer = Buffer.from(name);
      for (const spelling of [name, buffer.toString('hex'), buffer.toString('base64url')]) {
        expect([spelling, said(spelling)]).toEqual([spelling, false]);
      }
    }
    for (const unit of [1, 1000]) {
      for (const base of [10, 16, 36]) {
        const time = Math.floor(clock.now() / unit).toString(base);
        expect([time, said(time)]).toEqual([time, false]);
      }
    }
    expect(said('sr1')).toBe(true);
  });

  /** Returns a token and its decoded parts, in lower case. */
  function textsOf(token: string): string {
    const decoded = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    return [token, ...decoded, Buffer.from(decoded.join(), 'latin1').toString('hex')].join(' ').toLowerCase();
  }

  test('the public id is no part or digest of the secret', async () => {
    const { id, secret } = partsOf((await signIn(openRealm().sessions)).token);
    expect(secret).not.toContain(id);
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
      expect(createHash(algorithm).update(secret).digest('base64url')).not.toContain(id);
    }
  });
});

describe('SES-5: what is malformed is refused before the store is asked, and nothing is thrown', () => {
  test('whatever a client sends', async () => {
    const { sessions, store } = openRealm();
    const { token } = await signIn(sessions);
    store.forget();
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme' }));
    const edited = fc
      .tuple(fc.nat(token.length), fc.nat(2), text)
      .map(([at, cut, piece]) => token.slice(0, at) + piece + token.slice(at + cut))
      .filter((value) => !/^sr1\.[\w-]{22}\.([\w-]{22})?\.[\w-]{22}\.[\w-]{43}$/.test(value));
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, edited), async (value) => {
        expect(await judge(sessions, value)).toBe('malformed');
      }),
      { numRuns: 500 },
    );
    expect(store.calls).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['10 kB', 'x'.repeat(10_000)],
    ['NUL', '\0'],
    ['quotes', 'sr1.\'"` OR 1=1'],
    ['an array, as from a doubled header', ['sr1.a', 'sr1.b']],
    ['an object', { $gt: '' }],
    ['a number', 1],
    ['null', null],
    ['nothing', undefined],
  ])('%s', async (_, value) => {
    const { sessions, store } = openRealm();
    expect(await judge(sessions, value as string)).toBe('malformed');
    expect(store.calls).toEqual([]);
  });

  test('an id in a list’s or a URL’s place likewise', async () => {
    const { sessions, store } = openRealm();
    for (const id of ['', "' OR 1=1 --", '\0', '../..', 'x'.repeat(10_000)]) {
      expect(await sessions.end(id, { user: 'alice' })).toMatchObject({ ended: false });
    }
    expect(store.calls).toEqual([]);
  });
});

describe('SES-11: only a new authentication changes how and when somebody authenticated', () => {
  test('renew keeps both, and cannot be told otherwise', async () => {
    const { sessions, clock } = openRealm();
    const { session } = await signIn(sessions, { user: 'alice', amr: ['pwd'] });
    clock.advance(60e3);
    for (const claim of [{ amr: ['pwd', 'otp'] }, { authenticatedAt: clock.now() }, { acr: 'aal3' }]) {
      await expect(sessions.renew(session, claim as object)).rejects.toThrow(TypeError);
    }
    const renewed = await sessions.renew(session, { attributes: { amr: ['otp'] } });
    expect(renewed.session).toMatchObject({ amr: ['pwd'], authenticatedAt: session.authenticatedAt });
  });

  test('reauthenticate replaces both: nothing of the old methods carries over', async () => {
    const { sessions, clock } = openRealm();
    const { session } = await signIn(sessions, { user: 'alice', amr: ['pwd', 'otp'] });
    clock.advance(60e3);
    const fence = await sessions.fence({ user: 'alice' });
    const again = await sessions.reauthenticate(session, { fence, amr: ['hwk'] });
    expect(again.session).toMatchObject({ amr: ['hwk'], authenticatedAt: clock.now() });
  });

  test('what a session says of itself is frozen', async () => {
    const { session } = await signIn(openRealm().sessions, { user: 'alice', amr: ['pwd'] });
    expect(() => (session.amr as string[]).push('otp')).toThrow(TypeError);
  });
});
