import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type NotDelivered, newWebhookSecret, type WebhookOptions, webhook } from 'session-revocation/transmitters';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test, vi } from 'vitest';
import { IssuingRealm } from './support/issuing.ts';
import { type Received, ReceiverServer } from './support/receiver-server.ts';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes.ok!').toString('base64')}`;

/** A realm, and a receiver of its webhooks. */
async function begin(changes: Partial<WebhookOptions> = {}) {
  const [realm, server] = [new IssuingRealm(), await ReceiverServer.start()];
  const transmitter = realm.to(webhook({ url: server.url, secret: SECRET, ...changes }));
  return { realm, server, transmitter };
}

const verified = (secret: string, { body, headers }: Received): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

describe('webhook', () => {
  test('sends exactly these bytes', async () => {
    const { realm, server, transmitter } = await begin();
    const session = await realm.signIn('ann', 'acme');
    await realm.sessions.end(session, { user: 'ann', by: 'ann', reason: 'signed-out' });
    const [message] = await realm.waiting();
    const before = Math.floor(Date.now() / 1000);
    await transmitter.flush();
    const [received] = server.received;
    const { headers, body } = received!;
    expect(body).toBe(
      `{"type":"session.ended","timestamp":"${new Date(message!.at).toISOString()}","data":{"user":"ann","account":"acme",` +
        `"session":"${session}","scope":null,"kinds":null,"kept":null,"token":null,"realm":"default","reason":"signed-out",` +
        '"initiator":"user"}}',
    );
    expect([received!.method, received!.path, headers['content-type']]).toEqual(['POST', '/hook', 'application/json']);
    expect(headers['webhook-id']).toBe(message!.id);
    expect(Number(headers['webhook-timestamp'])).toBeGreaterThanOrEqual(before);
    const signed = `${message!.id}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from('a secret of thirty-two bytes.ok!');
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  });

  test('a receiver with another secret refuses it', async () => {
    const { realm, server, transmitter } = await begin({ secret: newWebhookSecret() });
    await realm.revoke('ann');
    await transmitter.flush();
    expect(() => verified(SECRET, server.received[0]!)).toThrow('No matching signature');
  });

  test('the library of Standard Webhooks verifies it, with each of two secrets, and with no other', async () => {
    const secrets = [newWebhookSecret(), SECRET];
    const { realm, server, transmitter } = await begin({ secret: secrets });
    await realm.revoke('ann');
    await transmitter.flush();
    const [received] = server.received;
    expect(received!.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
    for (const secret of secrets) {
      expect(verified(secret, received!)).toMatchObject({
        type: 'sessions.revoked',
        data: { user: 'ann', scope: 'user' },
      });
    }
    expect(() => verified(newWebhookSecret(), received!)).toThrow('No matching signature');
    expect(() => verified(SECRET, { ...received!, body: received!.body.replace('ann', 'bob') })).toThrow();
  });

  test('each attempt has the same id and body, and the time of the attempt', async () => {
    const { realm, server, transmitter } = await begin();
    server.answerWith(500, 200);
    await realm.revoke('ann');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    try {
      const answer = server.answer;
      server.answer = (...given) => {
        vi.setSystemTime(Date.now() + 60_000);
        return answer(...given);
      };
      await transmitter.flush();
    } finally {
      vi.useRealTimers();
    }
    const [one, two] = server.received;
    expect(two!.body).toBe(one!.body);
    expect(two!.headers['webhook-id']).toBe(one!.headers['webhook-id']);
    expect(Number(two!.headers['webhook-timestamp']) - Number(one!.headers['webhook-timestamp'])).toBe(60);
    expect(two!.headers['webhook-signature']).not.toBe(one!.headers['webhook-signature']);
  });

  test.each([200, 201, 202, 204, 299])('%i is a success', async (status) => {
    const { realm, server, transmitter } = await begin();
    server.answerWith(status);
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    expect(server.received).toHaveLength(1);
  });

  test.each([301, 302, 307, 400, 401, 404, 429, 500, 503])(
    '%i is tried again, and no redirect is followed',
    async (status) => {
      const { realm, server, transmitter } = await begin();
      const elsewhere = await ReceiverServer.start();
      let left = 1;
      server.answer = (response) =>
        left-- > 0 ? response.writeHead(status, { location: elsewhere.url }).end('why') : response.end();
      await realm.revoke('ann');
      expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
      expect([server.received.length, elsewhere.received.length]).toEqual([2, 0]);
      const { host } = new URL(server.url);
      expect(realm.failures).toMatchObject([{ error: { message: `${host} answered ${status}` }, isDead: false }]);
    },
  );

  test('410 sets the message aside at once', async () => {
    const { realm, server, transmitter } = await begin();
    server.answerWith(410);
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 1 });
    expect(server.received).toHaveLength(1);
    expect(await realm.dead()).toEqual(['ann']);
  });

  test.each([
    ['in seconds', () => '120', 120_000],
    ['as a date', () => new Date(Date.now() + 120_000).toUTCString(), 119_000],
    ['of nonsense, and one of the past', () => 'soon', 0],
  ])('heeds Retry-After %s', async (_, header, pause) => {
    const { realm, server, transmitter } = await begin();
    server.answer = (response) => response.writeHead(503, { 'retry-after': header() }).end();
    await realm.revoke('ann');
    await transmitter.flush();
    const error = realm.failures[0]!.error as NotDelivered;
    expect(error.pause).toBeLessThanOrEqual(120_000);
    expect(error.pause).toBeGreaterThanOrEqual(Math.max(0, pause - 1_000));
    expect(await realm.dead()).toEqual(pause === 0 ? ['ann'] : []);
  });

  test('no answer: the error names the host and the reason, and not the rest of the URL', async () => {
    const realm = new IssuingRealm();
    const server = await ReceiverServer.start((response) => response.destroy());
    const transmitter = realm.to(webhook({ url: `${server.url}?key=secret`, secret: SECRET }));
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 1 });
    const texts = realm.failures.map(({ error }) => String(error));
    expect(texts[0]).toMatch(/^NotDelivered: 127\.0\.0\.1:\d+ gave no answer: /);
    expect(texts.join()).not.toContain('secret');
  });

  test('a receiver that is silent costs the time limit of an attempt, and is asked again', async () => {
    const { realm, server, transmitter } = await begin();
    const answer = server.answer;
    server.answer = (...given) => {
      if (server.received.length > 1) answer(...given);
    };
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
    expect(realm.failures).toMatchObject([{ error: { message: 'no answer within 1000 ms' } }]);
  });

  test.each([
    [200, 1],
    [500, 0],
  ])('a body without an end: %i counts, and the connection is closed after 64 KiB', async (status, delivered) => {
    const { realm, server, transmitter } = await begin();
    const closed: Promise<unknown>[] = [];
    server.answer = (response) => {
      closed.push(once(response, 'close'));
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.writeHead(status).on('drain', more);
      more();
    };
    await realm.revoke('ann');
    expect((await transmitter.flush()).delivered).toBe(delivered);
    expect(closed).not.toEqual([]);
    await Promise.all(closed);
  });

  test('sends more headers', async () => {
    const { realm, server, transmitter } = await begin({ headers: { Authorization: 'Bearer x', 'X-Tenant': 'acme' } });
    await realm.revoke('ann');
    await transmitter.flush();
    expect(server.received[0]!.headers).toMatchObject({ authorization: 'Bearer x', 'x-tenant': 'acme' });
  });

  test('newWebhookSecret: 256 bits, each time others', () => {
    const [one, two] = [newWebhookSecret(), newWebhookSecret()];
    expect(one).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(one).not.toBe(two);
    expect(() => new Webhook(one)).not.toThrow();
  });
});

describe('mistakes', () => {
  const options = { url: 'https://hook.example.org', secret: SECRET };
  const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes).toString('base64')}`;
  test.each([
    [{ url: 'http://hook.example.org' }, 'url is "http://hook.example.org"; allowed is an https URL'],
    [{ url: 'hook' }, 'url is "hook"'],
    [{ url: 'https://ann:pw@hook.example.org' }, 'url must hold no user name and no password'],
    [{ secret: undefined }, 'secret must be text'],
    [{ secret: [] }, '1 to 8'],
    [{ secret: secretOf(23) }, '24 to 64 bytes'],
    [{ secret: secretOf(65) }, '24 to 64 bytes'],
    [{ secret: secretOf(32).slice(6) }, "'whsec_'"],
    [{ headers: { 'Webhook-Id': 'x' } }, 'headers has "webhook-id"'],
    [{ headers: { 'content-type': 'x' } }, 'headers has "content-type"'],
    [{ headers: { 'a b': 'x' } }, 'HTTP does not allow'],
    [{ headers: 'x' }, 'headers must be an object'],
    [{ secrets: [SECRET] }, 'unknown option "secrets"'],
  ])('%j', (change, message) => {
    expect(() => webhook({ ...options, ...change } as never)).toThrow(message);
  });

  test('no message shows a secret', () => {
    const secret = 'whsec_not-base64-but-secret';
    expect(() => webhook({ ...options, secret })).toThrow(TypeError);
    expect(() => webhook({ ...options, secret })).not.toThrow(secret);
  });

  test.each([24, 64])('%i bytes are allowed', (bytes) => {
    expect(() => webhook({ ...options, secret: secretOf(bytes) })).not.toThrow();
  });
});
