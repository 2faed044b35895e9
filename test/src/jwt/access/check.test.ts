import { aal } from 'session-revocation';
import { adapterHandle } from 'session-revocation/adapter';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, NOW, SECOND, settle } from '../../support/realm.ts';
import {
  ALGORITHMS,
  AUDIENCE,
  changed,
  claimsOf,
  ISSUER,
  keyOf,
  otherSignature,
  signAnything,
  TokenRealm,
} from '../support/tokens.ts';

const KEY = keyOf('EdDSA');
const S = NOW / SECOND;

describe('mint', () => {
  test('JWT-8: signs what RFC 9068 asks for, and the session’s own stamps, and asks the store nothing', async () => {
    const realm = new TokenRealm({ acr: () => 'aal2' });
    const { session } = await realm.signIn('ann', { account: 'acme', amr: ['pwd', 'otp'] });
    realm.now += 3 * MINUTE;
    const { length } = realm.calls;
    const minted = await realm.tokens.mint(session, { client: { id: 'app', name: 'An app' }, scope: 'read write' });
    expect(realm.calls.length).toBe(length);
    expect(minted).toEqual({ accessToken: expect.any(String), expiresIn: 300, session });
    expect(claimsOf(minted.accessToken)).toEqual({
      ...{ iss: ISSUER, aud: AUDIENCE, sub: 'ann', client_id: 'app', sid: session.id },
      jti: expect.stringMatching(/^[\w-]{22}$/),
      ...{ iat: S + 180, exp: S + 480, auth_time: S, amr: ['pwd', 'otp'], acr: 'aal2' },
      ...{ scope: 'read write', account: 'acme' },
      stamps: [0, ...Array.from({ length: 4 }, () => expect.stringMatching(/^[\w-]{8}\.[\da-z]+$/))],
    });
  });

  test('JWT-8: leaves out unknown claims, and never repeats a jti', async () => {
    const realm = new TokenRealm({ audience: ['a', 'b'] });
    const { session } = await realm.signIn();
    const all = await Promise.all(Array.from({ length: 200 }, () => realm.tokens.mint(session, { client: 'app' })));
    expect(new Set(all.map(({ accessToken }) => claimsOf(accessToken).jti)).size).toBe(200);
    const claims = claimsOf(all[0]!.accessToken);
    expect(claims).toMatchObject({ aud: ['a', 'b'] });
    for (const name of ['amr', 'acr', 'scope', 'account']) expect(claims).not.toHaveProperty(name);

    const adoption = adapterHandle(realm.sessions).adoption({ until: new Date(NOW + DAY) });
    const verdict = await realm.sessions.check(await adoption.begin({ user: 'old', credential: 'theirs' }));
    const adopted = await realm.tokens.mint(verdict.session!, { client: 'app' });
    expect(claimsOf(adopted.accessToken)).not.toHaveProperty('auth_time');
  });

  test('never beyond the end of the session', async () => {
    const realm = new TokenRealm({ lifetime: '1h' }, { lifetime: { absolute: '90m', idle: null } });
    const { session } = await realm.signIn();
    realm.now += 80 * MINUTE;
    const minted = await realm.tokens.mint(session, { client: 'app' });
    expect([claimsOf(minted.accessToken).exp, minted.expiresIn]).toEqual([S + 90 * 60, 600]);
    realm.now += 20 * MINUTE;
    expect((await realm.tokens.mint(session, { client: 'app' })).expiresIn).toBe(0);
  });

  test.each<[string, object, string]>([
    ['no client', {}, 'client must be an object'],
    ['an empty client', { client: '' }, 'client must not be empty'],
    ['a client without id', { client: { name: 'An app' } }, 'client.id must be a string'],
    ['a client with something else', { client: { id: 'app', secret: 'x' } }, 'unknown option "secret"'],
    ['a name that forges lines', { client: { id: 'app', name: 'a\nb' } }, 'client.name must be well-formed'],
    ['a scope that is none', { client: 'app', scope: 'a  b' }, 'scope must be one scope or several'],
    ['a scope with quotes', { client: 'app', scope: 'a"b' }, 'scope must be one scope or several'],
    ['a scope without an end', { client: 'app', scope: 'a'.repeat(1025) }, 'scope must be one scope or several'],
    ['a switch that is none', { client: 'app', refresh: 'yes' }, 'refresh must be a boolean'],
    ['an unknown option', { client: 'app', audience: 'x' }, 'unknown option "audience"'],
  ])('refuses %s', async (_, request, message) => {
    const realm = new TokenRealm();
    const { session } = await realm.signIn();
    await expect(realm.tokens.mint(session, request as { client: string })).rejects.toThrow(message);
    await expect(realm.tokens.mint(session, request as { client: string })).rejects.toThrow(TypeError);
  });

  test('refuses a row of a list, an acr that is not a string, and a token that is too long', async () => {
    const realm = new TokenRealm();
    const { session } = await realm.signIn();
    const [row] = (await realm.sessions.list({ user: 'ann' })).sessions;
    await expect(realm.tokens.mint(row as unknown as typeof session, { client: 'app' })).rejects.toThrow(
      'a row of a list',
    );
    const odd = new TokenRealm({ acr: () => '' });
    await expect(odd.mint()).rejects.toThrow('what acr gives must not be empty');
    const long = new TokenRealm({ audience: Array.from({ length: 16 }, (_, at) => `${at}`.padEnd(256, '\u00e9')) });
    await expect(long.mint({}, '\u00e9'.repeat(256))).rejects.toThrow(/has \d+ characters; at most 8192 are read/);
  });

  test('takes a level of assurance by the session', async () => {
    const realm = new TokenRealm({ acr: ({ amr }) => (amr.length > 1 ? 'aal2' : undefined) }, { lifetime: aal(2) });
    expect(claimsOf((await realm.mint()).accessToken)).not.toHaveProperty('acr');
    const { accessToken } = await realm.mint({}, 'bob', { amr: ['pwd', 'otp'] });
    expect(claimsOf(accessToken).acr).toBe('aal2');
  });
});

describe.each(ALGORITHMS)('check, of %s', (alg) => {
  const key = keyOf(alg);

  test('gives the session and what the token says', async () => {
    const realm = new TokenRealm({ keys: [key] });
    const { accessToken, session } = await realm.mint({ scope: 'read' }, 'ann', { account: 'acme' });
    const verdict = await realm.tokens.check(accessToken);
    expect(verdict).toMatchObject({
      ok: true,
      session: { id: session.id, user: 'ann', account: 'acme', client: null },
    });
    expect(verdict).toMatchObject({ claims: { client_id: 'app', scope: 'read', sid: session.id } });
  });

  test('JWT-10: identifies a token by its claims, so that another spelling ends with the session, too', async () => {
    const realm = new TokenRealm({ keys: [key] });
    const { accessToken, session } = await realm.mint();
    const twin = alg === 'ES256' ? otherSignature(accessToken) : changed(key, accessToken, {});
    expect(twin === accessToken).toBe(alg !== 'ES256' && alg !== 'PS256');
    expect([await realm.access(accessToken), await realm.access(twin)]).toEqual(['live', 'live']);
    await realm.sessions.end(session.id, { user: 'ann' });
    expect([await realm.access(accessToken), await realm.access(twin)]).toEqual(['ended', 'ended']);
  });

  test('JWT-1, JWT-13: asks the store nothing where the signature is not right', async () => {
    const realm = new TokenRealm({ keys: [key] });
    const { accessToken } = await realm.mint();
    const { length } = realm.calls;
    const [header, claims, signature = ''] = accessToken.split('.');
    const flipped = `${header}.${claims}.${signature.slice(0, 10)}${signature[10] === 'A' ? 'B' : 'A'}${signature.slice(11)}`;
    const stranger = signAnything(
      keyOf(alg, 'a stranger’s'),
      { alg, kid: key.kid, typ: 'at+jwt' },
      claimsOf(accessToken),
    );
    for (const jwt of [flipped, stranger, `${header}.${claims}.AAAA`]) expect(await realm.access(jwt)).toBe('invalid');
    expect(realm.calls.length).toBe(length);
  });
});

describe('check', () => {
  test('JWT-4: goes by exp, to the second, with the tolerance that is configured', async () => {
    for (const [clockTolerance, last] of [
      [0, 299_999],
      ['1m', 359_999],
    ] as const) {
      for (const verified of [0, 1000]) {
        const realm = new TokenRealm({ clockTolerance, verified });
        const { accessToken } = await realm.mint();
        realm.now = NOW + last;
        expect(await realm.access(accessToken)).toBe('live');
        const { length } = realm.calls;
        realm.now++;
        expect(await realm.access(accessToken)).toBe('expired');
        expect(realm.calls.length).toBe(length);
      }
    }
  });

  test.each([0, '1m'] as const)(
    'JWT-4: refuses a token that was issued more than a minute in the future, with a clockTolerance of %s',
    async (clockTolerance) => {
      for (const verified of [0, 1000]) {
        const realm = new TokenRealm({ clockTolerance, verified });
        const { accessToken } = await realm.mint();
        realm.calls.length = 0;
        // From the second check on, the signature may be remembered. The token's times are compared at each check.
        for (const [behind, expected] of [
          [MINUTE, 'live'],
          [MINUTE + 1, 'invalid'],
          [HOUR, 'invalid'],
          [0, 'live'],
        ] as const) {
          realm.now = NOW - behind;
          expect(await realm.access(accessToken), `${behind} ms behind`).toBe(expected);
        }
        expect(realm.calls).toEqual(['find', 'find']);
        for (const iat of [S + 61, S + 3600, Number.MAX_SAFE_INTEGER]) {
          const ahead = changed(KEY, accessToken, { claims: { iat, exp: S + 7200 } });
          expect(await realm.access(ahead), `${iat}`).toBe('invalid');
        }
        expect(await realm.access(changed(KEY, accessToken, { claims: { iat: S + 60 } }))).toBe('live');
      }
    },
  );

  test('JWT-4: goes by nbf, and refuses a token without exp or with one that is no whole number', async () => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    const late = changed(KEY, accessToken, { claims: { nbf: S + 10 } });
    expect(await realm.access(late)).toBe('invalid');
    realm.now += 10 * SECOND;
    expect(await realm.access(late)).toBe('live');
    // The clock is set back. The token was verified before, but is now too early again.
    realm.now -= 5 * SECOND;
    expect(await realm.access(late)).toBe('invalid');
    for (const exp of [undefined, 'never', 1e300, S + 300.5, null]) {
      expect(await realm.access(changed(KEY, accessToken, { claims: { exp } })), `${exp}`).toBe('invalid');
    }
    const { exp: _, ...claims } = claimsOf(accessToken);
    const endless = JSON.stringify(claims).replace(/}$/, ',"exp":1e999}');
    expect(await realm.access(signAnything(KEY, { alg: 'EdDSA', kid: KEY.kid, typ: 'at+jwt' }, endless))).toBe(
      'invalid',
    );
  });

  test('JWT-5: takes at+jwt however it is written, and no other typ', async () => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    const typed = (typ: unknown) => realm.access(changed(KEY, accessToken, { header: { typ } }));
    for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])
      expect(await typed(typ)).toBe('live');
    for (const typ of ['JWT', 'jwt', 'at', 'logout+jwt', 'secevent+jwt', 'statuslist+jwt', 'dpop+jwt', 'rt+jwt']) {
      expect(await typed(typ), typ).toBe('invalid');
    }
    expect(await typed(undefined)).toBe('invalid');
  });

  test.each<[string, object]>([
    ['JWT-6: security events', { events: {} }],
    ['JWT-6: a logout', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    ['JWT-7: another issuer', { iss: 'https://id.example/' }],
    ['JWT-7: no issuer', { iss: undefined }],
    ['JWT-7: another audience', { aud: 'https://other.example' }],
    ['JWT-7: other audiences', { aud: ['https://other.example', 'x'] }],
    ['JWT-7: no audience', { aud: undefined }],
    ['JWT-7: an audience that only begins alike', { aud: `${AUDIENCE}.evil.example` }],
    ['no time of issue', { iat: undefined }],
    ['no user', { sub: undefined }],
    ['no client', { client_id: undefined }],
    ['no session', { sid: undefined }],
    ['a session that is no id', { sid: '../../x' }],
    ['no jti', { jti: undefined }],
    ['no stamps', { stamps: undefined }],
    ['stamps that are too few', { stamps: [0, 'a.1'] }],
    ['stamps without a user’s', { stamps: [0, 'a.1', null, null, null] }],
    ['a serial that is none', { stamps: ['0', 'a.1', 'b.2', null, null] }],
    ['a scope that is none', { scope: ['read'] }],
  ])('refuses %s, and asks the store nothing', async (_, claims) => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    const { length } = realm.calls;
    expect(await realm.access(changed(KEY, accessToken, { claims }))).toBe('invalid');
    expect(realm.calls.length).toBe(length);
    expect(await realm.access(changed(KEY, accessToken, {}))).toBe('live');
  });

  test('JWT-7: takes a token that is for one of its audiences, whichever others it names', async () => {
    const realm = new TokenRealm({ audience: ['a', 'b'] });
    const { accessToken } = await new TokenRealm({ audience: ['b', 'c'] }, { over: realm }).mint();
    expect(claimsOf(accessToken)).toMatchObject({ aud: ['b', 'c'] });
    expect(await realm.access(accessToken)).toBe('live');
    const audience = (aud: unknown) => realm.access(changed(KEY, accessToken, { claims: { aud } }));
    expect(await Promise.all(['a', ['a'], ['x', 'b']].map(audience))).toEqual(['live', 'live', 'live']);
    expect(await Promise.all(['c', ['c', 'd'], [], [['a']]].map(audience))).toEqual(Array(4).fill('invalid'));
  });

  test('JWT-2: takes the algorithm of the key by its own name alone: jose knows EdDSA as Ed25519, too', async () => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    const named = (alg: string) => realm.access(changed(KEY, accessToken, { header: { alg } }));
    expect([await named('EdDSA'), await named('Ed25519')]).toEqual(['live', 'invalid']);
  });

  test('JWT-14: refuses a token of more than 8,192 characters, though it is signed', async () => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    const padded = (length: number) => changed(KEY, accessToken, { claims: { pad: 'x'.repeat(length) } });
    let room = 5000;
    while (padded(room + 1).length <= 8192) room++;
    expect(padded(room).length).toBeGreaterThan(8190);
    expect([await realm.access(padded(room)), await realm.access(padded(room + 1))]).toEqual(['live', 'malformed']);
  });

  test.each<[string, object, string]>([
    ['another user', { sub: 'bob' }, 'unknown'],
    ['another account', { account: 'beta' }, 'unknown'],
    ['no account', { account: undefined }, 'unknown'],
    ['another session', { sid: 'A'.repeat(22) }, 'unknown'],
    ['another stamp', { stamps: [0, 'a.1', 'b.2', 'c.3', 'd.4'] }, 'unknown'],
    ['another serial', { stamps: [1, 'a.1', 'b.2', 'c.3', 'd.4'] }, 'superseded'],
  ])('SES-12: does not take the word of the token for %s, though it is signed', async (_, claims, reason) => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint({}, 'ann', { account: 'acme' });
    await realm.signIn('bob', { account: 'acme' });
    expect(await realm.access(changed(KEY, accessToken, { claims }))).toBe(reason);
  });

  test('JWT-7: keeps realms that share a store, an issuer and keys apart', async () => {
    const buyers = new TokenRealm({}, { realm: 'buyer' });
    const { accessToken } = await buyers.mint();
    const staff = new TokenRealm({}, { realm: 'staff', over: buyers });
    await staff.mint();
    expect([await buyers.access(accessToken), await staff.access(accessToken)]).toEqual(['live', 'unknown']);
  });

  test('SES-12: refuses at the next question what was ended, revoked, expired, replaced or suspended', async () => {
    const ways: [string, (realm: TokenRealm, id: string) => Promise<unknown>][] = [
      ['ended', (realm, id) => realm.sessions.end(id, { user: 'ann', reason: 'lost' })],
      ['revoked', (realm) => realm.sessions.revoke({ user: 'ann' }, { by: 'admin' })],
      ['revoked', (realm) => realm.sessions.revoke({ user: 'ann', account: 'acme' })],
      ['revoked', (realm) => realm.sessions.revoke({ account: 'acme' })],
      ['revoked', (realm) => realm.sessions.revoke({ realm: true })],
      ['revoked', (realm) => realm.sessions.trigger('passwordReset', { user: 'ann' })],
      ['revoked', (realm) => realm.sessions.suspend({ user: 'ann' })],
      ['unknown', (realm) => realm.sessions.forgetUser('ann')],
      ['ended', (realm) => realm.signIn('ann', { account: 'acme' })],
    ];
    for (const [reason, end] of ways) {
      const options = { limit: { perUser: 1, overflow: 'end-oldest' } } as const;
      const realm = new TokenRealm({}, options);
      const { accessToken, session } = await realm.mint({}, 'ann', { account: 'acme' });
      // One process has verified the token before. The other one has not.
      const other = new TokenRealm({}, { ...options, over: realm });
      expect(await realm.access(accessToken)).toBe('live');
      await end(realm, session.id);
      expect([await realm.access(accessToken), await other.access(accessToken)], `${end}`).toEqual([reason, reason]);
    }
    const realm = new TokenRealm({ lifetime: '1h' }, { lifetime: { absolute: null, idle: '10m' } });
    const { accessToken } = await realm.mint();
    realm.now += 10 * MINUTE;
    expect(await realm.access(accessToken)).toBe('expired');
  });

  test('SES-15: who is suspended gets no token, by any way, until resumed', async () => {
    const realm = new TokenRealm();
    const { accessToken, refreshToken, session } = await realm.grant();
    await realm.sessions.suspend({ user: 'ann' });
    expect(await realm.access(accessToken)).toBe('revoked');
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ ok: false, reason: 'revoked' });
    await expect(realm.tokens.mint(session, { client: 'app', refresh: true })).rejects.toMatchObject({
      code: 'SESSION_REQUIRED',
    });
    // `mint` without `refresh` does not read the store, so it still returns a token. The token is as dead as its
    // session.
    expect(await realm.access((await realm.tokens.mint(session, { client: 'app' })).accessToken)).toBe('revoked');
    await realm.sessions.resume({ user: 'ann' });
    expect(await realm.access(accessToken)).toBe('revoked');
    expect(await realm.access((await realm.mint()).accessToken)).toBe('live');
  });

  test('tells of the ending and of the revocation', async () => {
    const realm = new TokenRealm();
    const { accessToken, session } = await realm.mint();
    await realm.sessions.end(session.id, { user: 'ann', by: 'admin', reason: 'lost' });
    expect(await realm.tokens.check(accessToken)).toEqual({
      ...{ ok: false, session: null, reason: 'ended' },
      end: { reason: 'ended', ended: { at: NOW, by: 'admin', reason: 'lost', fromDevice: null } },
    });
    const other = await realm.mint({}, 'bob');
    await realm.sessions.revoke({ user: 'bob' }, { by: 'bob' });
    expect(await realm.tokens.check(other.accessToken)).toMatchObject({
      reason: 'revoked',
      end: { reason: 'revoked', revocation: { scope: 'user', by: 'bob' } },
    });
  });

  test('refuses access tokens from before the session’s secret was renewed, in every way, and takes those from after', async () => {
    const realm = new TokenRealm();
    for (const renew of [
      (session: Parameters<typeof realm.sessions.renew>[0]) => realm.sessions.renew(session),
      async (session: Parameters<typeof realm.sessions.renew>[0]) => {
        const fence = await realm.sessions.fence({ user: 'ann' });
        return realm.sessions.reauthenticate(session, { fence, amr: ['pwd'] });
      },
      async (session: Parameters<typeof realm.sessions.renew>[0]) => {
        const { kept } = await realm.sessions.revoke({ user: 'ann' }, { keep: session });
        return { session: kept };
      },
    ]) {
      const { accessToken, session } = await realm.mint();
      const renewed = await renew(session);
      expect(await realm.access(accessToken)).toBe('superseded');
      const { accessToken: next } = await realm.tokens.mint(renewed.session!, { client: 'app' });
      expect(await realm.access(next)).toBe('live');
    }
  });

  test('JWT-15: what was verified before is judged anew each time, and only the signature is remembered', async () => {
    const realm = new TokenRealm({ verified: 4 });
    const { accessToken, session } = await realm.mint();
    const { length } = realm.calls;
    for (let times = 1; times <= 3; times++) {
      expect(await realm.access(accessToken)).toBe('live');
      expect(realm.calls.slice(length)).toEqual(Array.from({ length: times }, () => 'find'));
    }
    // The forged token has the same length and signature, but is not the remembered one. Later, other tokens displace
    // it.
    const [header, claims, signature] = accessToken.split('.');
    const forged = Buffer.from(JSON.stringify({ ...claimsOf(accessToken), scope: 'admin' })).toString('base64url');
    expect(await realm.access(`${header}.${forged}.${signature}`)).toBe('invalid');
    expect(await realm.access(`${header}.${claims}.${signature}`)).toBe('live');
    for (let nth = 0; nth < 20; nth++) await realm.access((await realm.mint()).accessToken);
    expect(await realm.access(accessToken)).toBe('live');
    // Another process ends the session, and does not notify this one.
    await new TokenRealm({}, { over: realm }).sessions.end(session.id, { user: 'ann' });
    expect(await realm.access(accessToken)).toBe('ended');
  });

  test('returns claims whose changes do not affect later checks', async () => {
    for (const verified of [0, 10]) {
      const realm = new TokenRealm({ verified });
      const { accessToken } = await realm.mint({ scope: 'read' }, 'ann', { amr: ['pwd'] });
      for (let times = 0; times < 3; times++) {
        const verdict = await realm.tokens.check(accessToken);
        if (!verdict.ok) throw new Error(verdict.reason);
        expect(verdict.claims).toMatchObject({ scope: 'read', amr: ['pwd'] });
        const claims = verdict.claims as unknown as { scope: string; amr: string[] };
        Reflect.set(claims, 'scope', 'admin');
        Reflect.set(claims.amr, 0, 'otp');
      }
    }
  });

  test('never throws for what a client sent', async () => {
    const realm = new TokenRealm();
    for (const jwt of [null, undefined, '', 'x', 1, {}, [], 'a.b.c', `${'a.'.repeat(5000)}`]) {
      expect(await realm.access(jwt as string)).toBe('malformed');
    }
    await expect(realm.tokens.check('x', { agent: 'x' } as object)).rejects.toThrow('unknown option "agent"');
  });

  test('an outage is not a refusal', async () => {
    const realm = new TokenRealm();
    const { accessToken } = await realm.mint();
    realm.around = () => Promise.reject(new Error('down'));
    await expect(realm.tokens.check(accessToken)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    await expect(realm.tokens.check(accessToken)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    realm.around = (_, ask) => ask();
    expect(await realm.access(accessToken)).toBe('live');
  });

  test('SES-25: does not count as a use of the session, unless countsAsUse is set', async () => {
    for (const countsAsUse of [false, true]) {
      const options = { lifetime: { absolute: null, idle: '1h' } } as const;
      const realm = new TokenRealm({ lifetime: '1h', countsAsUse }, options);
      const { session, token } = await realm.signIn();
      realm.now += 50 * MINUTE;
      const { accessToken } = await realm.tokens.mint(session, { client: 'app' });
      expect(await realm.access(accessToken)).toBe('live');
      await settle();
      expect(realm.calls.includes('touch')).toBe(countsAsUse);
      realm.now = NOW + HOUR;
      expect([await realm.access(accessToken), await realm.word(token)]).toEqual(
        countsAsUse ? ['live', 'live'] : ['expired', 'expired'],
      );
    }
  });

  test('OPS-2: tells of what is refused as of any token, with the device and without a word of the token', async () => {
    const realm = new TokenRealm();
    const heard = realm.hear('session.refused', 'session.suspicious');
    const { accessToken, session } = await realm.mint();
    const client = { userAgent: 'curl/8.0', ip: '192.0.2.7' };
    await realm.tokens.check('x', client);
    await realm.tokens.check(`${accessToken.slice(0, -4)}AAAA`, client);
    const { kept } = await realm.sessions.revoke({ user: 'ann' }, { keep: session });
    await realm.tokens.check(accessToken, client);
    const { accessToken: next } = await realm.tokens.mint(kept!, { client: 'app' });
    await realm.sessions.revoke({ user: 'ann' });
    await realm.tokens.check(next, client);
    realm.now += HOUR;
    // An expired access token is no event, because every access token expires.
    await realm.tokens.check(next, client);
    const device = { label: 'curl', ip: '192.0.2.7' };
    expect(heard).toMatchObject([
      { type: 'session.refused', during: 'check', reason: 'malformed', user: null, session: null, device },
      { type: 'session.refused', reason: 'invalid', user: null, session: null },
      { type: 'session.refused', reason: 'superseded', user: 'ann', session: session.id },
      { type: 'session.refused', reason: 'revoked', user: 'ann', session: session.id, revocation: { scope: 'user' } },
    ]);
    const told = JSON.stringify(heard);
    for (const part of [accessToken, next].flatMap((jwt) => jwt.split('.'))) expect(told).not.toContain(part);
  });
});
