import type { SessionEvent } from 'session-revocation';
import { realmTag } from 'session-revocation/adapter';
import { describe, expect, test } from 'vitest';
import { parseRefreshToken } from '../../../../src/model/refresh-token.ts';
import { CHROME_ON_MAC, DAY, FIREFOX_ON_WINDOWS, HOUR, MINUTE, NOW, SECOND } from '../../support/realm.ts';
import { claimsOf, TokenRealm } from '../support/tokens.ts';

const TAG = realmTag('default');
const THIEF = { userAgent: FIREFOX_ON_WINDOWS, ip: '203.0.113.9' };
/** The result of a refusal. It names no session and no end. */
const refusal = (reason: string) => ({ ok: false, session: null, reason, end: null });
const UNKNOWN = refusal('unknown');

/** Replaces the character at a position by another one of base64url. */
const flip = (token: string, at: number): string =>
  `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;

/** Replaces the nth part of a token, counted from 0. */
const withPart = (token: string, nth: number, part: string): string => token.split('.').with(nth, part).join('.');

describe('mint with refresh', () => {
  test('hands the session to an app: its token is dead, and the refresh token is of the session', async () => {
    const realm = new TokenRealm();
    const { session, token } = await realm.signIn('ann', { attributes: { theme: 'dark' } });
    const minted = await realm.tokens.mint(session, {
      client: { id: 'app', name: 'An app' },
      refresh: true,
      scope: 'a b',
    });
    expect(minted.refreshToken).toMatch(/^rt1\.[\w-]{22}\.\.[\w-]{22}\.[\w-]{43}\.[\w-]{43}$/);
    expect(minted.session).toMatchObject({ id: session.id, client: { id: 'app', name: 'An app' } });
    expect(minted.session.attributes).toEqual({ theme: 'dark' });
    expect([await realm.word(token), await realm.access(minted.accessToken)]).toEqual(['unknown', 'live']);
    const [row] = (await realm.sessions.list({ user: 'ann' })).sessions;
    expect(row).toMatchObject({ client: { id: 'app', name: 'An app' }, attributes: { theme: 'dark' } });
    expect(row?.attributes).toEqual({ theme: 'dark' });
  });

  test('needs the session as it was judged: over, or renewed since, it is SESSION_REQUIRED and nothing changes', async () => {
    const realm = new TokenRealm();
    const { session } = await realm.signIn();
    const renewed = await realm.sessions.renew(session);
    const mint = (one: typeof session) => realm.tokens.mint(one, { client: 'app', refresh: true });
    await expect(mint(session)).rejects.toMatchObject({ code: 'SESSION_REQUIRED', status: 401 });
    expect(await realm.word(renewed.ok ? renewed.token : null)).toBe('live');
    await realm.sessions.revoke({ user: 'ann' });
    await expect(mint(renewed.session!)).rejects.toMatchObject({ code: 'SESSION_REQUIRED' });
  });

  test('twice at once returns one refresh token, and refuses the second request', async () => {
    const realm = new TokenRealm();
    const { session } = await realm.signIn();
    const mint = () => realm.tokens.mint(session, { client: 'app', refresh: true });
    const answers = await Promise.allSettled([mint(), mint()]);
    // Both calls found the session before one of them wrote it.
    expect(realm.calls.slice(-4)).toEqual(['find', 'find', 'renew', 'renew']);
    const won = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value);
    const lost = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => reason.code);
    expect([won.length, lost]).toEqual([1, ['SESSION_REQUIRED']]);
    expect(await realm.refreshed(won[0]?.refreshToken ?? '')).toMatch(/^rt1/);
  });

  test('twice starts a new lineage, and a token of the first one is refused and ends no session', async () => {
    const realm = new TokenRealm();
    const first = await realm.grant();
    const second = await realm.tokens.mint(first.session, { client: 'other', refresh: true });
    expect(await realm.tokens.refresh(first.refreshToken)).toEqual(UNKNOWN);
    expect(await realm.tokens.refresh(second.refreshToken, { client: 'other' })).toMatchObject({ ok: true });
    await expect(realm.tokens.mint(first.session, { client: 'app', refresh: true })).rejects.toMatchObject({
      code: 'SESSION_REQUIRED',
    });
  });

  test('leaves every name of an attribute to the app', async () => {
    const realm = new TokenRealm();
    const attributes = { $client: { id: 'x', name: 'x', scope: 'admin' }, client: 'x' };
    const { session, token } = await realm.signIn('ann', { attributes });
    expect(session).toMatchObject({ attributes, client: null });
    expect(await realm.sessions.check(token)).toMatchObject({ ok: true, session: { attributes, client: null } });
    const { session: granted } = await realm.tokens.mint(session, { client: 'app', refresh: true });
    expect(granted).toMatchObject({ attributes, client: { id: 'app', name: 'app' } });
    const renewed = await realm.sessions.renew(granted, { attributes: { $client: null } });
    expect(renewed.session).toMatchObject({ attributes: { $client: null }, client: { id: 'app', name: 'app' } });
  });

  test('costs the app none of its 4,096 bytes of attributes', async () => {
    const realm = new TokenRealm();
    const attributes = { text: 'x'.repeat(4096 - '{"text":""}'.length) };
    const { session } = await realm.signIn('ann', { attributes });
    const client = { id: 'i'.repeat(256), name: '\u20ac'.repeat(256) };
    const { session: granted } = await realm.tokens.mint(session, { client, refresh: true, scope: 's'.repeat(1024) });
    const renewed = await realm.sessions.renew(granted, { attributes });
    expect(renewed.session).toMatchObject({ attributes, client });
  });
});

describe('a refresh that the store fails to answer', () => {
  const lost = (realm: TokenRealm, isWritten: boolean): void => {
    realm.around = async (call, ask) => {
      if (call !== 'renew') return ask();
      if (isWritten) await ask();
      throw new Error('the connection is lost');
    };
  };

  test('but has written: the tokens are given, since the one that was used is good for nothing now', async () => {
    const realm = new TokenRealm();
    const { refreshToken } = await realm.grant();
    lost(realm, true);
    const next = await realm.tokens.refresh(refreshToken);
    realm.around = (_, ask) => ask();
    expect(next).toMatchObject({ ok: true });
    expect(await realm.refreshed(next.ok ? next.refreshToken : '')).toMatch(/^rt1/);
  });

  test('and has not written: an outage, after which the token is as good as before', async () => {
    const realm = new TokenRealm();
    const { refreshToken } = await realm.grant();
    lost(realm, false);
    await expect(realm.tokens.refresh(refreshToken)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    realm.around = (_, ask) => ask();
    expect(await realm.refreshed(refreshToken)).toMatch(/^rt1/);
  });
});

describe('where a refresh token is kept', () => {
  test('is told with each access token of its session, and by whom it was granted', async () => {
    const realm = new TokenRealm();
    const minted = await realm.grant({ refresh: 'cookie', scope: 'a' });
    const verdict = await realm.tokens.check(minted.accessToken);
    const grant = { id: 'app', name: 'app', scope: 'a', kept: 'cookie' };
    expect(verdict).toMatchObject({ ok: true, grant, session: { client: { id: 'app', name: 'app' } } });
    const { session } = await realm.signIn();
    const { accessToken } = await realm.tokens.mint(session, { client: 'web' });
    expect(await realm.tokens.check(accessToken)).toMatchObject({ ok: true, grant: null });
  });

  test('whether it is the present one is known without a question', async () => {
    const realm = new TokenRealm();
    const [mine, other] = [await realm.grant(), await realm.grant({}, 'bob')];
    realm.calls.length = 0;
    const isToken = (token: unknown): boolean => realm.tokens.isTokenOf(token, mine.session);
    expect([mine.refreshToken, other.refreshToken, mine.accessToken, '', undefined].map(isToken)).toEqual([
      ...[true, false, false, false, false],
    ]);
    for (const part of [-1, -2]) {
      const [own, alien] = [mine, other].map(({ refreshToken }) => refreshToken.split('.'));
      expect(isToken(own?.with(part, alien?.at(part) ?? '').join('.'))).toBe(false);
    }
    expect(realm.calls).toEqual([]);
    const next = await realm.tokens.refresh(mine.refreshToken);
    if (!next.ok) throw new Error(next.reason);
    expect(realm.tokens.isTokenOf(mine.refreshToken, next.session)).toBe(false);
    expect(realm.tokens.isTokenOf(next.refreshToken, next.session)).toBe(true);
  });
});

describe('refresh', () => {
  test('RTR-1: gives the next refresh token and an access token, and the one that was used is dead', async () => {
    const realm = new TokenRealm();
    const { refreshToken, accessToken, session } = await realm.grant({ scope: 'a b' });
    realm.now += 10 * MINUTE;
    const result = await realm.tokens.refresh(refreshToken);
    expect(result).toMatchObject({ ok: true, session: { id: session.id }, expiresIn: 300, scope: 'a b' });
    if (!result.ok) throw new Error(result.reason);
    expect(result.refreshToken).not.toBe(refreshToken);
    expect([await realm.access(accessToken), await realm.access(result.accessToken)]).toEqual(['expired', 'live']);
    expect(await realm.refreshed(result.refreshToken)).toMatch(/^rt1\./);
  });

  test('JWT-9, RTR-5: moves neither how and when the user was authenticated, nor the end of the session', async () => {
    const lifetime = { absolute: '1d', idle: '3h' } as const;
    const realm = new TokenRealm({ acr: () => 'aal1' }, { lifetime });
    let { refreshToken, accessToken } = await realm.grant({}, 'ann', { amr: ['pwd'] });
    const { auth_time, amr, acr, stamps } = claimsOf(accessToken);
    for (realm.now += 2 * HOUR; realm.now < NOW + DAY; realm.now += 2 * HOUR) {
      const result = await realm.tokens.refresh(refreshToken);
      if (!result.ok) throw new Error(result.reason);
      expect(claimsOf(result.accessToken)).toMatchObject({ auth_time, amr, acr, stamps });
      expect(result.session).toMatchObject({ authenticatedAt: NOW, expiresAt: NOW + DAY, lastUsedAt: realm.now });
      ({ refreshToken } = result);
    }
    realm.now = NOW + DAY - 1;
    refreshToken = await realm.refreshed(refreshToken);
    realm.now = NOW + DAY;
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ ok: false, reason: 'expired' });
  });

  test('RTR-5: a refresh is a use, and without one the session idles out', async () => {
    const realm = new TokenRealm({}, { lifetime: { absolute: null, idle: '1h' } });
    let { refreshToken } = await realm.grant();
    realm.now += 59 * MINUTE;
    refreshToken = await realm.refreshed(refreshToken);
    realm.now += 59 * MINUTE;
    refreshToken = await realm.refreshed(refreshToken);
    realm.now += HOUR;
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ reason: 'expired' });
  });

  test('RTR-6: not for another client, nor for more than was granted; both change nothing', async () => {
    const realm = new TokenRealm();
    const { refreshToken } = await realm.grant({ client: { id: 'app', name: 'An app' }, scope: 'read write' });
    const refused = async (request: object) => {
      const result = await realm.tokens.refresh(refreshToken, request);
      return result.ok ? 'ok' : result.reason;
    };
    for (const client of ['other', 'An app', 'app ', '']) expect(await refused({ client })).toBe('client');
    for (const scope of ['admin', 'read admin', 'READ', 'read  write', '', 'rea']) {
      expect(await refused({ client: 'app', scope }), scope).toBe('scope');
    }
    const narrow = await realm.tokens.refresh(refreshToken, { client: 'app', scope: 'read' });
    if (!narrow.ok) throw new Error(narrow.reason);
    expect([narrow.scope, claimsOf(narrow.accessToken).scope]).toEqual(['read', 'read']);
    // Only this access token has the narrow scope. The next one may have the full granted scope.
    const wide = await realm.tokens.refresh(narrow.refreshToken, { scope: 'write read' });
    expect(wide).toMatchObject({ ok: true, scope: 'write read' });
  });

  test('RTR-6: a session that was granted nothing gets nothing', async () => {
    const realm = new TokenRealm();
    const { refreshToken } = await realm.grant();
    expect(await realm.tokens.refresh(refreshToken, { scope: 'read' })).toMatchObject({ reason: 'scope' });
    const result = await realm.tokens.refresh(refreshToken);
    expect(result).toMatchObject({ ok: true, scope: null });
    if (result.ok) expect(claimsOf(result.accessToken)).not.toHaveProperty('scope');
  });

  test('RTR-2: what was used before ends the session: thief and owner are both out, and it is told once, with the device', async () => {
    const realm = new TokenRealm();
    const heard = realm.hear('session.reused', 'session.ended', 'session.refused');
    const { session, refreshToken } = await realm.grant({ client: { id: 'app', name: 'An app' } }, 'ann', {
      ...{ account: 'acme', userAgent: CHROME_ON_MAC, ip: '192.0.2.7' },
    });
    const next = await realm.tokens.refresh(refreshToken);
    if (!next.ok) throw new Error(next.reason);
    expect(await realm.tokens.refresh(refreshToken, THIEF)).toEqual(refusal('reused'));
    const about = { session: session.id, user: 'ann', account: 'acme' };
    expect(heard).toEqual([
      {
        ...{ type: 'session.ended', realm: 'default', at: NOW, ...about, by: null, reason: 'token-reused', note: null },
        ...{ fromDevice: 'Firefox on Windows', device: session.device },
      },
      {
        ...{ type: 'session.reused', realm: 'default', at: NOW, ...about, client: { id: 'app', name: 'An app' } },
        device: expect.objectContaining({ label: 'Firefox on Windows', ip: '203.0.113.9' }),
      },
    ]);
    expect(await realm.tokens.refresh(next.refreshToken)).toMatchObject({ reason: 'ended' });
    expect(await realm.tokens.refresh(refreshToken, THIEF)).toMatchObject({ reason: 'ended' });
    expect(await realm.access(next.accessToken)).toBe('ended');
    expect(heard.filter(({ type }) => type === 'session.reused')).toHaveLength(1);
    const [row] = (await realm.sessions.list({ user: 'ann' }, { ended: true })).sessions;
    expect(row?.end).toMatchObject({
      reason: 'ended',
      ended: { reason: 'token-reused', fromDevice: 'Firefox on Windows' },
    });
    expect(realm.sessions.explain(row!.end!)).toBe('token-reused');
  });

  test('RTR-3: fifty generations later, the first one still does', async () => {
    const realm = new TokenRealm();
    const { refreshToken: first } = await realm.grant();
    let token = first;
    for (let generation = 0; generation < 50; generation++) token = await realm.refreshed(token);
    expect(await realm.tokens.refresh(first)).toMatchObject({ reason: 'reused' });
    expect(await realm.tokens.refresh(token)).toMatchObject({ reason: 'ended' });
  });

  test('RTR-8: a made-up token with the right public id changes nothing', async () => {
    const realm = new TokenRealm();
    const mine = await realm.grant();
    const other = await realm.grant({}, 'bob');
    const events = realm.hear('session.ended', 'session.reused');
    const family = mine.refreshToken.length - 87;
    const forged = [
      withPart(mine.refreshToken, 4, 'A'.repeat(43)),
      flip(mine.refreshToken, family),
      flip(mine.refreshToken, family + 42),
      // Secrets of another session, and references to another session or user.
      withPart(withPart(mine.refreshToken, 4, other.refreshToken.split('.')[4]!), 5, other.refreshToken.split('.')[5]!),
      withPart(mine.refreshToken, 3, other.session.id),
      withPart(mine.refreshToken, 1, other.refreshToken.split('.')[1]!),
      withPart(mine.refreshToken, 4, mine.refreshToken.split('.')[5]!),
    ];
    for (const token of forged) expect(await realm.tokens.refresh(token), token).toEqual(UNKNOWN);
    expect(events).toEqual([]);
    expect(await realm.refreshed(mine.refreshToken)).toMatch(/^rt1/);
    expect(await realm.refreshed(other.refreshToken)).toMatch(/^rt1/);
  });

  test('with the right family, every token but the latest counts as reused', async () => {
    const realm = new TokenRealm();
    const { refreshToken } = await realm.grant();
    expect(await realm.tokens.refresh(flip(refreshToken, refreshToken.length - 1))).toMatchObject({ reason: 'reused' });
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ reason: 'ended' });
  });

  test('a value that is not a refresh token never reaches the store', async () => {
    const realm = new TokenRealm();
    const { refreshToken, accessToken } = await realm.grant();
    const { token } = await realm.signIn('bob');
    const { length } = realm.calls;
    for (const odd of [
      ...[null, undefined, '', 1, {}, [refreshToken], accessToken, token, `${refreshToken}\n`, ` ${refreshToken}`],
      ...[
        refreshToken.replace('rt1', 'rt2'),
        refreshToken.toUpperCase(),
        `${refreshToken}.x`,
        refreshToken.slice(0, -1),
      ],
      ...[token.replace('sr1', 'rt1'), 'rt1.'.padEnd(10_485_760, 'A')],
    ]) {
      expect(await realm.tokens.refresh(odd as string)).toEqual(refusal('malformed'));
    }
    expect(realm.calls.length).toBe(length);
    await expect(realm.tokens.refresh(refreshToken, { clientId: 'app' } as object)).rejects.toThrow('unknown option');
  });

  test('a realm that shares the store does not know it', async () => {
    const buyers = new TokenRealm({}, { realm: 'buyer' });
    const { refreshToken } = await buyers.grant();
    const staff = new TokenRealm({}, { realm: 'staff', over: buyers });
    expect(await staff.tokens.refresh(refreshToken)).toEqual(UNKNOWN);
    expect(await buyers.refreshed(refreshToken)).toMatch(/^rt1/);
  });

  test('RTR-7, SES-12: every end of a session also ends its refresh token', async () => {
    const ways: [string, (realm: TokenRealm, id: string) => Promise<unknown>][] = [
      ['ended', (realm, id) => realm.sessions.end(id, { user: 'ann' })],
      ['revoked', (realm) => realm.sessions.trigger('passwordChanged', { user: 'ann' })],
      ['revoked', (realm) => realm.sessions.revoke({ realm: true })],
      ['revoked', (realm) => realm.sessions.suspend({ user: 'ann' })],
    ];
    for (const [reason, end] of ways) {
      const realm = new TokenRealm();
      const { refreshToken, session } = await realm.grant();
      await end(realm, session.id);
      expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ ok: false, session: null, reason });
    }
  });

  test('OPS-2, OPS-5: no event and no record holds a secret, and a record is not a credential', async () => {
    const realm = new TokenRealm({ grace: '10s' }, { audit: true });
    const heard = realm.hearAll();
    const { refreshToken: first } = await realm.grant({ scope: 'a' });
    const second = await realm.refreshed(first);
    await realm.tokens.refresh(second, { client: 'other' });
    realm.now += MINUTE;
    await realm.tokens.refresh(first, THIEF);
    const stored = JSON.stringify([...realm.store.find(TAG, [parseRefreshToken(first)!.ref])]);
    const told = JSON.stringify([heard, (await realm.sessions.audit()).entries, stored]);
    for (const token of [first, second]) {
      const { family, rotating } = parseRefreshToken(token)!.secrets;
      expect(told).not.toContain(family);
      expect(told).not.toContain(rotating);
    }
    expect(stored).toContain('"credential"');
  });

  test('OPS-3: the reuse stands in the log, beside the ending', async () => {
    const realm = new TokenRealm({}, { audit: true });
    const { refreshToken } = await realm.grant({ client: 'app' });
    await realm.refreshed(refreshToken);
    await realm.tokens.refresh(refreshToken, THIEF);
    const { entries } = await realm.sessions.audit();
    const ending = entries.filter(({ type }) => type === 'session.ended' || type === 'session.reused');
    expect(ending.map(({ type }) => type).sort()).toEqual(['session.ended', 'session.reused']);
    expect(entries.find(({ type }) => type === 'session.reused')).toMatchObject({
      ...{
        user: 'ann',
        reason: 'token-reused',
        device: 'Firefox on Windows',
        ip: '203.0.113.9',
        details: { client: 'app' },
      },
    });
  });

  test('refusals are told, but for a retry', async () => {
    const realm = new TokenRealm({ grace: '10s' });
    const heard: SessionEvent<'session.refused'>[] = realm.hear('session.refused');
    const { refreshToken } = await realm.grant();
    await realm.tokens.refresh('x', THIEF);
    await realm.tokens.refresh(withPart(refreshToken, 4, 'A'.repeat(43)), THIEF);
    await realm.tokens.refresh(refreshToken, { client: 'other', ...THIEF });
    await realm.refreshed(refreshToken);
    await realm.tokens.refresh(refreshToken, THIEF);
    expect(heard.map(({ during, reason, user }) => [during, reason, user])).toEqual([
      ['refresh', 'malformed', null],
      ['refresh', 'unknown', null],
      ['refresh', 'client', 'ann'],
    ]);
  });

  test('a failure before the write leaves the token good', async () => {
    let fails = true;
    const realm = new TokenRealm({
      acr() {
        if (fails) throw new Error('no acr');
        return undefined;
      },
    });
    fails = false;
    const { refreshToken } = await realm.grant();
    fails = true;
    await expect(realm.tokens.refresh(refreshToken)).rejects.toThrow('no acr');
    fails = false;
    expect(await realm.refreshed(refreshToken)).toMatch(/^rt1/);
  });

  test('an outage is not a refusal', async () => {
    const realm = new TokenRealm();
    const { refreshToken } = await realm.grant();
    realm.around = () => Promise.reject(new Error('down'));
    await expect(realm.tokens.refresh(refreshToken)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
  });
});

describe('RTR-4: the grace interval', () => {
  test('is off by default, and then a second use at once is a reuse', async () => {
    const realm = new TokenRealm();
    const { refreshToken } = await realm.grant();
    await realm.refreshed(refreshToken);
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ reason: 'reused' });
  });

  test('answers a second use with retry, never with a second lineage, until the grace interval ends', async () => {
    const realm = new TokenRealm({ grace: '10s' });
    const { refreshToken } = await realm.grant();
    const next = await realm.refreshed(refreshToken);
    for (const later of [0, 9999]) {
      realm.now = NOW + later;
      expect(await realm.tokens.refresh(refreshToken)).toEqual(refusal('retry'));
    }
    realm.now = NOW + 10 * SECOND;
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ reason: 'reused' });
    expect(await realm.tokens.refresh(next)).toMatchObject({ reason: 'ended' });
  });

  test('is for the last one only', async () => {
    const realm = new TokenRealm({ grace: '10s' });
    const { refreshToken: first } = await realm.grant();
    const second = await realm.refreshed(first);
    await realm.refreshed(second);
    expect(await realm.tokens.refresh(second)).toMatchObject({ reason: 'retry' });
    expect(await realm.tokens.refresh(first)).toMatchObject({ reason: 'reused' });
  });

  test('counts the difference of two clocks against it, whichever is ahead', async () => {
    for (const [skew, reason] of [
      [-9999, 'retry'],
      [-10_000, 'reused'],
      [-DAY, 'reused'],
    ] as const) {
      const realm = new TokenRealm({ grace: '10s' }, { lifetime: { absolute: null, idle: null } });
      const { refreshToken } = await realm.grant();
      await realm.refreshed(refreshToken);
      realm.now = NOW + skew;
      expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ reason });
    }
  });

  test('is forgotten where the next process has none', async () => {
    const realm = new TokenRealm({ grace: '10s' });
    const { refreshToken } = await realm.grant();
    await realm.refreshed(refreshToken);
    const strict = new TokenRealm({}, { over: realm });
    expect(await strict.tokens.refresh(refreshToken)).toMatchObject({ reason: 'reused' });
  });
});

describe('a rotation by the core keeps the form', () => {
  test('"sign out all others" in the name of an app gives it its next refresh token, and ends the old ones', async () => {
    const realm = new TokenRealm();
    const { refreshToken, accessToken, session } = await realm.grant({
      client: { id: 'app', name: 'An app' },
      scope: 'a',
    });
    const browser = await realm.signIn();
    const done = await realm.sessions.revoke({ user: 'ann' }, { keep: session });
    if (!done.revoked) throw new Error(done.reason);
    expect(done.token).toMatch(/^rt1\./);
    expect(done.kept).toMatchObject({ id: session.id, client: { id: 'app', name: 'An app' } });
    expect([await realm.word(browser.token), await realm.access(accessToken)]).toEqual(['revoked', 'superseded']);
    const next = await realm.tokens.refresh(done.token, { client: 'app' });
    expect(next).toMatchObject({ ok: true, scope: 'a', session: { client: { id: 'app', name: 'An app' } } });
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ ok: false, reason: 'reused' });
  });

  test('RTR-2: no thief can hide behind it: six of them later, the token that was stolen ends the session still', async () => {
    const realm = new TokenRealm();
    const heard = realm.hear('session.reused');
    const { refreshToken } = await realm.grant();
    const stolen = await realm.tokens.refresh(refreshToken, THIEF);
    let session = stolen.session;
    let token = stolen.ok ? stolen.refreshToken : '';
    for (let times = 0; times < 6; times++) {
      if (session === null) throw new Error('it is over');
      const done = await realm.sessions.revoke({ user: 'ann' }, { keep: session });
      token = done.token ?? '';
      session = done.kept;
    }
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ ok: false, reason: 'reused' });
    expect(heard).toHaveLength(1);
    expect(await realm.tokens.refresh(token)).toMatchObject({ ok: false, reason: 'ended' });
  });

  test('within the grace interval, the token from before it is told to try again', async () => {
    const realm = new TokenRealm({ grace: '10s' });
    const { refreshToken, session } = await realm.grant();
    const done = await realm.sessions.revoke({ user: 'ann' }, { keep: session });
    realm.now += 9 * SECOND;
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ reason: 'retry' });
    const next = await realm.tokens.refresh(done.token);
    expect(next.ok).toBe(true);
    realm.now += 2 * SECOND;
    expect(await realm.tokens.refresh(refreshToken)).toMatchObject({ reason: 'reused' });
  });

  test('so do renew, a new authentication and a switch of account', async () => {
    const realm = new TokenRealm();
    const { session } = await realm.grant({ client: { id: 'app', name: 'An app' }, scope: 'a' }, 'ann', {
      attributes: { theme: 'dark' },
    });
    const renewed = await realm.sessions.renew(session, { attributes: { theme: 'light' } });
    if (!renewed.ok) throw new Error(renewed.reason);
    expect(renewed.token).toMatch(/^rt1\./);
    expect(renewed.session).toMatchObject({ attributes: { theme: 'light' }, client: { id: 'app', name: 'An app' } });
    expect(renewed.session.attributes).toEqual({ theme: 'light' });

    const fence = await realm.sessions.fence({ user: 'ann' });
    const again = await realm.sessions.reauthenticate(renewed.session, { fence, amr: ['pwd', 'otp'] });
    if (!again.ok) throw new Error(again.reason);
    expect(again.token).toMatch(/^rt1\./);

    const other = await realm.sessions.fence({ user: 'ann', account: 'beta' });
    const moved = await realm.sessions.renew(again.session, { account: 'beta', fence: other });
    if (!moved.ok) throw new Error(moved.reason);
    expect(moved.token).toMatch(/^rt1\.[\w-]{22}\.[\w-]{22}\./);
    expect(await realm.tokens.refresh(again.token)).toEqual(UNKNOWN);
    const result = await realm.tokens.refresh(moved.token, { client: 'app', scope: 'a' });
    if (!result.ok) throw new Error(result.reason);
    expect(claimsOf(result.accessToken)).toMatchObject({ account: 'beta', amr: ['pwd', 'otp'], scope: 'a' });
    expect(await realm.access(result.accessToken)).toBe('live');
  });

  test('and a session without an app keeps its own', async () => {
    const realm = new TokenRealm();
    const { session } = await realm.signIn();
    const renewed = await realm.sessions.renew(session);
    expect(renewed.ok && renewed.token).toMatch(/^sr1\./);
    expect(renewed.session?.client).toBeNull();
  });
});
