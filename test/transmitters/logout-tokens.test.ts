import { createSessions, type Sessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { backChannelLogout } from 'session-revocation/receivers';
import { type LogoutTokenOptions, logoutTokens } from 'session-revocation/transmitters';
import { describe, expect, test } from 'vitest';
import { until } from '../services/until.ts';
import { AUDIENCE, ISSUER, IssuingRealm, KEY, newKey, PROVIDED, partsOf } from './support/issuing.ts';
import { ReceiverServer } from './support/receiver-server.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const OPTIONS = { issuer: ISSUER, keys: [KEY], client: AUDIENCE };

/** A provider, and a client that notes its logout tokens. */
async function begin(changes: Partial<LogoutTokenOptions> = {}) {
  const [realm, server] = [new IssuingRealm(), await ReceiverServer.start()];
  const transmitter = realm.to(logoutTokens({ ...OPTIONS, uri: server.url, ...changes }));
  const tokens = () => server.received.map(({ body }) => new URLSearchParams(body).get('logout_token') ?? '');
  return { realm, server, transmitter, tokens, claims: () => tokens().map((token) => partsOf(token).claims) };
}

describe('logoutTokens', () => {
  test('BCL-15: a form with a token of two minutes, of the type logout+jwt, for one client, without a nonce', async () => {
    const { realm, server, transmitter, tokens } = await begin();
    const session = await realm.signIn('ann');
    await realm.sessions.end(session, { user: 'ann' });
    const [message] = await realm.waiting();
    const before = Math.floor(Date.now() / 1000);
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    const [{ method, headers, body }] = server.received as [(typeof server.received)[number]];
    expect([method, headers['content-type']]).toEqual(['POST', 'application/x-www-form-urlencoded']);
    expect(body).toBe(`logout_token=${tokens()[0]}`);
    const { header, claims } = partsOf(tokens()[0]!);
    expect(header).toEqual({ alg: 'ES256', kid: KEY.kid, typ: 'logout+jwt' });
    const iat = claims.iat as number;
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(claims).toEqual({
      ...{ iss: ISSUER, aud: AUDIENCE, iat, exp: iat + 120, jti: message!.id, events: { [EVENT]: {} } },
      ...{ sub: 'ann', sid: session },
    });
  });

  test('BCL-15: all sessions of a user are named by sub alone, also if one was kept, or some kinds were meant', async () => {
    const { realm, transmitter, claims } = await begin();
    await realm.revoke('ann');
    await realm.sessions.revoke({ user: 'bob', account: 'acme' }, { kinds: 'all' });
    await transmitter.flush();
    expect(claims().map(({ sub, sid }) => ({ sub, sid }))).toEqual([{ sub: 'ann' }, { sub: 'bob' }]);
  });

  test.each([
    ['an account', (sessions: Sessions) => sessions.revoke({ account: 'acme' }), 'account'],
    ['the realm', (sessions: Sessions) => sessions.revoke({ realm: true }), 'realm'],
  ])('%s cannot be said: the message is set aside, with the reason', async (_, revoke, scope) => {
    const { realm, server, transmitter } = await begin();
    await revoke(realm.sessions);
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 1 });
    expect([server.received, await realm.dead()]).toEqual([[], [null]]);
    const message = `a logout token cannot name what sessions.revoked is about (${scope}): give the option subject`;
    expect(realm.failures).toMatchObject([{ error: { name: 'Undeliverable', message }, isDead: true }]);
  });

  test('the option `subject` names users as the client knows them, or says nothing', async () => {
    const asked: unknown[] = [];
    const { realm, transmitter, claims } = await begin({
      async subject(message) {
        asked.push(message.scope);
        return message.user === 'ann' ? { sid: 'op-7' } : message.scope === 'realm' ? { sub: 'all-users' } : null;
      },
    });
    await realm.revoke('ann', 'bob');
    await realm.sessions.revoke({ realm: true });
    expect(await transmitter.flush()).toEqual({ delivered: 3, dead: 0 });
    expect(asked).toEqual(['user', 'user', 'realm']);
    expect(claims().map(({ sub, sid }) => ({ sub, sid }))).toEqual([{ sid: 'op-7' }, { sub: 'all-users' }]);
  });

  test.each([{}, { sub: '' }, { sub: 7 }, { sid: 'x'.repeat(257) }])('a subject %j is no answer', async (named) => {
    const { realm, server, transmitter } = await begin({ subject: () => named as never });
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 1 });
    expect(server.received).toEqual([]);
    expect(String(realm.failures[0]!.error)).toContain('subject must give { sub, sid }');
  });

  test.each([200, 204])('BCL-15: %i is a success', async (status) => {
    const { realm, server, transmitter } = await begin();
    server.answerWith(status);
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
  });

  test.each([201, 202, 302, 401, 404, 429, 500, 503])(
    'BCL-15: after %i a new token with the same jti is sent',
    async (status) => {
      const { realm, server, transmitter, claims } = await begin();
      server.answerWith(status, 200);
      await realm.revoke('ann');
      expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
      expect(new Set(claims().map(({ jti }) => jti)).size).toBe(1);
      expect(server.received).toHaveLength(2);
    },
  );

  test.each([
    ['{"error":"invalid_request","error_description":"no\\u0000 such client"}', ' (invalid_request: no such client)'],
    ['<p>bad request</p>', ''],
  ])('BCL-15: 400 with %s is not repeated: the message is set aside with what the client said', async (text, told) => {
    const { realm, server, transmitter } = await begin();
    server.answer = (response) => response.writeHead(400).end(text);
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 1 });
    expect(server.received).toHaveLength(1);
    expect(realm.failures).toMatchObject([{ error: { message: `${new URL(server.url).host} answered 400${told}` } }]);
  });
});

describe('logoutTokens and backChannelLogout of two instances', () => {
  async function pair() {
    const [provider, client] = [new IssuingRealm(), createSessions({ store: memoryStore() })];
    const receiver = backChannelLogout(client, { ...PROVIDED, typ: 'logout+jwt' });
    const server = await ReceiverServer.start();
    /** Number of answers that get lost. */
    let lost = 0;
    server.answer = async (response, { headers, body }) => {
      const type = { 'content-type': headers['content-type'] ?? '' };
      const answer = await receiver(new Request('https://rp.example.org', { method: 'POST', headers: type, body }));
      if (lost-- > 0) response.destroy();
      else response.writeHead(answer.status).end(await answer.text());
    };
    const signIn = async (user: string): Promise<{ readonly sid: string; readonly token: string }> => {
      const sid = await provider.signIn(user);
      const federated = { issuer: ISSUER, sid, sub: user, fence: await client.fence({ issuer: ISSUER }) };
      const started = await client.start({ user, fence: await client.fence({ user }), federated });
      if (!started.ok) throw new Error(started.reason);
      return { sid, token: started.token };
    };
    const live = (...all: readonly { readonly token: string }[]): Promise<boolean[]> =>
      Promise.all(all.map(async ({ token }) => (await client.check(token)).ok));
    const lose = (answers: number): void => {
      lost = answers;
    };
    const transmitter = provider.to(logoutTokens({ ...OPTIONS, uri: server.url }), { pauses: ['1s'] });
    return { provider, signIn, live, lose, transmitter };
  }

  test('a session that ends at the provider ends at the client, and no other', async () => {
    const { provider, signIn, live, transmitter } = await pair();
    const [one, two, bob] = [await signIn('ann'), await signIn('ann'), await signIn('bob')];
    await provider.sessions.end(one.sid, { user: 'ann' });
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    expect(await live(one, two, bob)).toEqual([false, true, true]);
    await provider.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    expect(await live(two, bob)).toEqual([false, true]);
  });

  test('an answer that gets lost: the client refuses the repetition, which ends no session that began since', async () => {
    const { provider, signIn, live, lose, transmitter } = await pair();
    const before = await signIn('ann');
    await provider.revoke('ann');
    lose(1);
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 0 });
    expect(await live(before)).toEqual([false]);
    const after = await signIn('ann');
    await until('the repetition', async () => (await transmitter.flush()).dead === 1);
    expect(await live(after)).toEqual([true]);
    expect(realmErrors(provider)).toEqual([
      expect.stringMatching(/gave no answer/),
      expect.stringMatching(/answered 400 \(invalid_request: the logout token was used before\)$/),
    ]);
  });
});

const realmErrors = ({ failures }: IssuingRealm): string[] => failures.map(({ error }) => String(error));

describe('mistakes', () => {
  const options = { ...OPTIONS, uri: 'https://rp.example.org/logout' };
  test.each([
    [{ issuer: 'http://id.example.org' }, 'issuer is "http://id.example.org"'],
    [{ keys: [] }, 'keys is empty'],
    [{ keys: [{ alg: 'ES256', kid: 'a', publicKey: KEY.publicKey }] }, 'keys[0] has no privateKey'],
    [{ keys: [{ alg: 'HS256', kid: 'a', secret: new Uint8Array(32) }] }, 'keys has secrets for HS256'],
    [{ client: '' }, 'client is ""'],
    [{ uri: 'http://rp.example.org' }, 'uri is "http://rp.example.org"'],
    [{ subject: 'ann' }, 'subject must be a function, not string'],
    [{ clients: [] }, 'unknown option "clients"'],
  ])('%j', (change, message) => {
    expect(() => logoutTokens({ ...options, ...change } as never)).toThrow(message);
  });

  test.each(['EdDSA', 'RS256'] as const)('%s is allowed', (alg) => {
    expect(() => logoutTokens({ ...options, keys: [newKey(alg)] })).not.toThrow();
  });
});
