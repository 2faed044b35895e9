import { createServer } from 'node:http';
import { tokenGuard } from 'session-revocation/jwt';
import { nodeListener, type SharedSignalsOptions } from 'session-revocation/receivers';
import { type SharedSignalsPushOptions, type StreamStatus, sharedSignalsPush } from 'session-revocation/transmitters';
import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../adapters/transmitters/delivery.ts';
import { until } from '../services/until.ts';
import { AUDIENCE, ISSUER, IssuingRealm, KEY, partsOf } from './support/issuing.ts';
import { listening, ReceiverServer } from './support/receiver-server.ts';
import { RelyingParty } from './support/relying.ts';

const REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const OPTIONS = { issuer: ISSUER, audience: AUDIENCE, keys: [KEY] };
const issSub = (sub: string) => ({ format: 'iss_sub', iss: ISSUER, sub });

/** A transmitter, and a receiver that accepts everything. */
async function begin(changes: Partial<SharedSignalsPushOptions> = {}) {
  const [realm, server] = [new IssuingRealm(), await ReceiverServer.start()];
  server.answerWith(202);
  const push = sharedSignalsPush({ ...OPTIONS, endpoint: server.url, ...changes });
  return {
    realm,
    server,
    push,
    transmitter: realm.to(push),
    claims: () => server.received.map(({ body }) => partsOf(body).claims),
  };
}

describe('sharedSignalsPush', () => {
  test('SET-16, SET-17, SET-21, SET-23: sends one event, with txn, its time in seconds, who caused it, and why', async () => {
    const { realm, server, transmitter } = await begin({ authorization: 'Bearer agreed' });
    const session = await realm.signIn('ann', 'acme');
    await realm.sessions.end(session, { user: 'ann', by: 'root', reason: 'laptop-stolen' });
    const [message] = await realm.waiting();
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    const [{ method, headers, body }] = server.received as [(typeof server.received)[number]];
    expect([method, headers['content-type'], headers.accept, headers.authorization]).toEqual([
      ...['POST', 'application/secevent+jwt', 'application/json', 'Bearer agreed'],
    ]);
    const { header, claims } = partsOf(body);
    const seconds = Math.floor(message!.at / 1000);
    expect(header).toEqual({ alg: 'ES256', kid: KEY.kid, typ: 'secevent+jwt' });
    expect(claims).toEqual({
      ...{ iss: ISSUER, aud: AUDIENCE, iat: seconds, jti: message!.id, txn: message!.id },
      sub_id: { format: 'complex', user: issSub('ann'), session: { format: 'opaque', id: session } },
      events: {
        [REVOKED]: {
          ...{ event_timestamp: seconds, initiating_entity: 'admin' },
          reason_admin: { en: 'laptop-stolen' },
        },
      },
    });
  });

  test('SET-14: names a user, or a user in an account; the reason for administrators is never empty', async () => {
    const { realm, transmitter, claims } = await begin({ audience: ['a', 'b'] });
    await realm.revoke('ann');
    await realm.sessions.revoke({ user: 'bob', account: 'acme' }, { by: 'bob' });
    await transmitter.flush();
    expect(claims().map(({ sub_id }) => sub_id)).toEqual([
      issSub('ann'),
      { format: 'complex', user: issSub('bob'), tenant: { format: 'opaque', id: 'acme' } },
    ]);
    expect(claims().map(({ aud }) => aud)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(claims().map(({ events }) => (events as Record<string, object>)[REVOKED])).toMatchObject([
      { initiating_entity: 'system', reason_admin: { en: 'sessions.revoked' } },
      { initiating_entity: 'user' },
    ]);
  });

  test('the same claims are sent again after a failure', async () => {
    const { realm, server, transmitter, claims } = await begin();
    server.answerWith(503, 202);
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    const [one, two] = claims();
    expect(two).toEqual(one);
  });

  test('an account, the realm and another issuer’s token are set aside; `subject` can name them, or say nothing', async () => {
    const silent = await begin();
    await silent.realm.sessions.revoke({ account: 'acme' });
    await silent.realm.sessions.revoke({ realm: true });
    const guard = tokenGuard(silent.realm.sessions);
    await guard.setup();
    await guard.revoke({ issuer: 'https://other.example.org', jti: 'token-1', expiresAt: Date.now() + 60_000 });
    expect(await silent.transmitter.flush()).toEqual({ delivered: 0, dead: 3 });
    expect(silent.server.received).toEqual([]);
    expect(silent.realm.failures.map(({ error }) => String(error))).toEqual([
      'Undeliverable: the subject of sessions.revoked is no user (account): give the option subject',
      'Undeliverable: the subject of sessions.revoked is no user (realm): give the option subject',
      'Undeliverable: the subject of token.revoked is no user (a token of another issuer): give the option subject',
    ]);

    const { realm, transmitter, claims } = await begin({
      async subject({ account, user }) {
        if (account === null) return null;
        const tenant = { format: 'opaque', id: account };
        return user === null ? { format: 'complex', tenant } : { format: 'email', email: `${user}@acme.example` };
      },
    });
    await realm.sessions.revoke({ account: 'acme' });
    await realm.sessions.revoke({ realm: true });
    await realm.sessions.revoke({ user: 'ann', account: 'acme' });
    expect(await transmitter.flush()).toEqual({ delivered: 3, dead: 0 });
    expect(claims().map(({ sub_id }) => sub_id)).toEqual([
      { format: 'complex', tenant: { format: 'opaque', id: 'acme' } },
      { format: 'email', email: 'ann@acme.example' },
    ]);
  });

  test('a subject without a format is no answer', async () => {
    const { realm, transmitter } = await begin({ subject: () => 'ann' as never });
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 1 });
    expect(String(realm.failures[0]!.error)).toContain('an object with a format');
  });

  test.each([200, 204, 302, 401, 403, 404, 429, 500, 503])('%i is tried again', async (status) => {
    const { realm, server, transmitter } = await begin();
    server.answerWith(status, 202);
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    expect(server.received).toHaveLength(2);
  });

  test('SET-4: 400 sets the message aside, with both texts of the receiver', async () => {
    const { realm, server, transmitter } = await begin();
    const text = JSON.stringify({ err: 'invalid_audience', description: 'not for us' });
    server.answer = (response) => response.writeHead(400, { 'content-type': 'application/json' }).end(text);
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 1 });
    const message = `${new URL(server.url).host} answered 400 (invalid_audience: not for us)`;
    expect(realm.failures).toMatchObject([{ error: { message }, isDead: true }]);
  });

  test('a paused stream keeps its messages, in order; a disabled one drops them', async () => {
    const { realm, server, push, transmitter } = await begin();
    expect(await push.stream.readStatus()).toEqual({ status: 'enabled' });
    await push.stream.writeStatus({ status: 'paused', reason: 'maintenance' });
    await realm.revoke('ann', 'bob');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 0 });
    expect(await realm.usersIn()).toEqual(['ann', 'bob']);
    await push.stream.writeStatus({ status: 'enabled' });
    expect(await transmitter.flush()).toEqual({ delivered: 2, dead: 0 });
    expect(server.received).toHaveLength(2);

    await push.stream.writeStatus({ status: 'disabled' });
    await realm.revoke('eve');
    await transmitter.flush();
    expect([server.received.length, await realm.waiting(), await realm.dead()]).toEqual([2, [], []]);
  });

  test('the app may keep the status: what it cannot read counts as a failure, and nothing is sent', async () => {
    let kept: unknown = { status: 'enabled' };
    const { realm, server, push, transmitter } = await begin({
      status: { read: async () => kept as StreamStatus, write: async (status) => (kept = status) },
    });
    await push.stream.writeStatus({ status: 'paused' });
    expect(kept).toEqual({ status: 'paused' });
    kept = { status: 'off' };
    await realm.revoke('ann');
    await expect(transmitter.flush()).rejects.toThrow('status.read() must give');
    expect(server.received).toEqual([]);
    kept = { status: 'enabled' };
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
  });
});

describe('sharedSignalsPush and sharedSignals of two instances', () => {
  async function pair(changes: Partial<SharedSignalsOptions> = {}) {
    const realm = new IssuingRealm();
    const party = new RelyingParty(realm, { authorization: 'Bearer agreed', ...changes });
    const url = await listening(createServer(nodeListener(party.signals.push)));
    const push = sharedSignalsPush({ ...OPTIONS, endpoint: `${url}/signals`, authorization: 'Bearer agreed' });
    return { realm, party, transmitter: realm.to(push) };
  }

  test('a session, a user, and a user in an account end at the receiver, and no others', async () => {
    const { realm, party, transmitter } = await pair();
    const [one, two, bob] = [await party.signIn('ann'), await party.signIn('ann'), await party.signIn('bob')];
    const [acme, beta] = [await party.signIn('eve', 'acme'), await party.signIn('eve', 'beta')];
    const all = () => party.live(one, two, bob, acme, beta);
    await realm.sessions.end(one.sid, { user: 'ann' });
    await transmitter.flush();
    expect(await all()).toEqual([false, true, true, true, true]);
    await realm.revoke('ann');
    await realm.sessions.revoke({ user: 'eve', account: 'acme' });
    expect(await transmitter.flush()).toEqual({ delivered: 2, dead: 0 });
    expect(await all()).toEqual([false, false, true, false, true]);
  });

  test('SET-5: a message that is delivered twice acts once', async () => {
    const { realm, party, transmitter } = await pair();
    const before = await party.signIn('ann');
    await realm.revoke('ann');
    const [message] = await realm.waiting();
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    const after = await party.signIn('ann');
    expect(await party.live(before, after)).toEqual([false, true]);
    const url = await listening(createServer(nodeListener(party.signals.push)));
    const push = sharedSignalsPush({ ...OPTIONS, endpoint: url, authorization: 'Bearer agreed' });
    await push.deliver(parseMessage(message!), AbortSignal.timeout(10_000));
    expect(await party.live(after)).toEqual([true]);
  });

  test('what the receiver refuses is set aside with its reason', async () => {
    const { realm, party, transmitter } = await pair({ audience: 'https://other.example.org' });
    const ann = await party.signIn('ann');
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 1 });
    expect(await party.live(ann)).toEqual([true]);
    expect(String(realm.failures[0]!.error)).toContain('(invalid_audience: the audience is not this receiver)');
  });

  test('a verification reaches the receiver, with the state that it asked for', async () => {
    const states: unknown[] = [];
    const realm = new IssuingRealm();
    const party = new RelyingParty(realm, { verification: (state) => states.push(state) > 0 });
    const url = await listening(createServer(nodeListener(party.signals.push)));
    const { stream } = sharedSignalsPush({ ...OPTIONS, endpoint: url });
    expect([await stream.verify('asked'), await stream.verify()]).toEqual([true, true]);
    await until('both states', () => states.length === 2);
    expect(states).toEqual(['asked', null]);
  });
});

describe('mistakes', () => {
  const options = { ...OPTIONS, endpoint: 'https://rp.example.org/signals' };
  test.each([
    [{ endpoint: 'http://rp.example.org' }, 'endpoint is "http://rp.example.org"'],
    [{ audience: undefined }, 'audience is missing'],
    [{ authorization: '' }, 'authorization must be the value of a header'],
    [{ id: 'a b' }, 'id is "a b"; allowed are 1 to 64 characters'],
    [{ subject: {} }, 'subject must be a function, not an object'],
    [{ status: { read() {} } }, 'status must be { read(), write(status) }'],
    [{ secretHash: 'x' }, 'secretHash must be a hash'],
    [{ url: 'x' }, 'unknown option "url"'],
  ])('%j', (change, message) => {
    expect(() => sharedSignalsPush({ ...options, ...change } as never)).toThrow(message);
  });
});
