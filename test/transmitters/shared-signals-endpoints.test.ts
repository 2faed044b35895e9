import { createServer } from 'node:http';
import express from 'express';
import { newClientSecret, nodeListener } from 'session-revocation/receivers';
import {
  type SharedSignalsPushOptions,
  sharedSignalsEndpoints,
  sharedSignalsPoll,
  sharedSignalsPush,
} from 'session-revocation/transmitters';
import { describe, expect, test } from 'vitest';
import { AUDIENCE, ISSUER, IssuingRealm, KEY, newKey, QUEUE } from './support/issuing.ts';
import { listening, ReceiverServer } from './support/receiver-server.ts';
import { RelyingParty } from './support/relying.ts';

const [ours, theirs] = [newClientSecret(), newClientSecret()];
const REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const NEXT = newKey('RS256');
const URLS = {
  jwks: 'https://id.example.org/jwks',
  configuration: 'https://id.example.org/ssf/streams',
  status: 'https://id.example.org/ssf/status',
  verification: 'https://id.example.org/ssf/verification',
};
const STREAM = { issuer: ISSUER, audience: AUDIENCE, keys: [KEY] };
const PUSH = { ...STREAM, id: 'push-1', endpoint: 'https://rp.example.org/signals', secretHash: ours.secretHash };
const POLL = { ...STREAM, id: 'poll-1', queue: QUEUE, endpoint: 'https://id.example.org/ssf/poll' };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

/** An issuer with a stream for us that pushes, and one for others that is fetched, behind Express. */
async function begin(changes: Partial<SharedSignalsPushOptions> = {}) {
  const realm = new IssuingRealm();
  const push = sharedSignalsPush({ ...PUSH, ...changes });
  const poll = sharedSignalsPoll(realm.sessions, { ...POLL, keys: [KEY, NEXT], secretHash: theirs.secretHash });
  const endpoints = sharedSignalsEndpoints({ streams: [push.stream, poll.stream], urls: URLS });
  const app = express();
  app.get('/.well-known/ssf-configuration', nodeListener(endpoints.metadata));
  app.get('/jwks', nodeListener(endpoints.jwks));
  app.all('/ssf/streams', nodeListener(endpoints.configuration));
  app.all('/ssf/status', nodeListener(endpoints.status));
  app.all('/ssf/verification', nodeListener(endpoints.verification));
  const url = await listening(createServer(app));
  const ask = async (
    path: string,
    body?: unknown,
    { method = body === undefined ? 'GET' : 'POST', by = ours } = {},
  ) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${by.secret}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = text === '' ? {} : JSON.parse(text);
    return { status: response.status, headers: response.headers, json } satisfies Answer as Answer;
  };
  return { realm, push, poll, ask };
}

describe('the metadata of a transmitter', () => {
  test('SSF 1.0, 7.1: names the issuer, its keys, the methods of delivery and the endpoints, to all who ask', async () => {
    const { ask } = await begin();
    const { status, headers, json } = await ask('/.well-known/ssf-configuration', undefined, { by: theirs });
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(json).toEqual({
      ...{ spec_version: '1_0', issuer: ISSUER, jwks_uri: URLS.jwks, default_subjects: 'ALL' },
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
      configuration_endpoint: URLS.configuration,
      status_endpoint: URLS.status,
      verification_endpoint: URLS.verification,
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6750' }],
    });
    expect((await ask('/jwks')).json).toEqual({
      keys: [KEY, NEXT].map(({ publicKey, kid, alg }) => ({ ...publicKey, kid, alg, use: 'sig' })),
    });
  });
});

describe('the configuration endpoint', () => {
  const configuration = {
    ...{ stream_id: 'push-1', iss: ISSUER, aud: AUDIENCE },
    ...{ events_supported: [REVOKED], events_requested: [REVOKED], events_delivered: [REVOKED] },
    delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: PUSH.endpoint },
  };

  test('SSF 1.0, 8.1.1.2: gives a stream, or the list of the streams of the receiver', async () => {
    const { ask } = await begin({ authorization: 'Bearer of the receiver' });
    expect((await ask('/ssf/streams?stream_id=push-1')).json).toEqual(configuration);
    expect((await ask('/ssf/streams')).json).toEqual([configuration]);
    const delivery = { method: 'urn:ietf:rfc:8936', endpoint_url: POLL.endpoint };
    expect((await ask('/ssf/streams?stream_id=poll-1', undefined, { by: theirs })).json).toMatchObject({ delivery });
  });

  test('the stream of another receiver is unknown, and a stranger gets 401', async () => {
    const { ask } = await begin();
    const unknown = await ask('/ssf/streams?stream_id=poll-1');
    expect([unknown.status, unknown.json.err]).toEqual([404, 'not_found']);
    const { status, headers, json } = await ask('/ssf/streams', undefined, { by: newClientSecret() });
    expect([status, json.err]).toEqual([401, 'authentication_failed']);
    expect([headers.get('www-authenticate'), headers.get('cache-control')]).toEqual([
      ...['Bearer error="invalid_token"', 'no-store'],
    ]);
  });

  test.each([
    ['POST', 409],
    ['PATCH', 403],
    ['PUT', 403],
    ['DELETE', 403],
  ])('%s is answered %i: streams are made in code', async (method, status) => {
    const { ask } = await begin();
    const answer = await ask('/ssf/streams', { stream_id: 'push-1' }, { method });
    expect([answer.status, answer.json.err]).toEqual([status, 'access_denied']);
    expect((await ask('/ssf/streams', {}, { method, by: newClientSecret() })).status).toBe(401);
  });

  test('other methods are answered 405', async () => {
    const { ask } = await begin();
    const { status, headers } = await ask('/ssf/streams', undefined, { method: 'OPTIONS' });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, POST, PATCH, PUT, DELETE']);
  });
});

describe('the status endpoint', () => {
  test('SSF 1.0, 8.1.2: tells the status, and changes it, with its reason', async () => {
    const { ask, push } = await begin();
    expect((await ask('/ssf/status?stream_id=push-1')).json).toEqual({ stream_id: 'push-1', status: 'enabled' });
    const paused = { stream_id: 'push-1', status: 'paused', reason: 'maintenance' };
    const changed = await ask('/ssf/status', paused);
    expect([changed.status, changed.json]).toEqual([200, paused]);
    expect((await ask('/ssf/status?stream_id=push-1')).json).toEqual(paused);
    expect(await push.isPaused?.()).toBe(true);
    expect((await ask('/ssf/status', { stream_id: 'push-1', status: 'enabled' })).json).toEqual({
      ...{ stream_id: 'push-1', status: 'enabled' },
    });
  });

  test('what a receiver pauses waits, and is sent when it enables the stream again', async () => {
    const server = await ReceiverServer.start();
    server.answerWith(202);
    const { ask, realm, push } = await begin({ endpoint: server.url });
    const transmitter = realm.to(push);
    await ask('/ssf/status', { stream_id: 'push-1', status: 'paused' });
    await realm.revoke('ann');
    expect(await transmitter.flush()).toEqual({ delivered: 0, dead: 0 });
    await ask('/ssf/status', { stream_id: 'push-1', status: 'enabled' });
    expect(await transmitter.flush()).toEqual({ delivered: 1, dead: 0 });
  });

  test.each([
    [{ stream_id: 'poll-1', status: 'paused' }, 404],
    [{ status: 'paused' }, 404],
    [{ stream_id: 'push-1', status: 'off' }, 400],
    [{ stream_id: 'push-1' }, 400],
    [{ stream_id: 'push-1', status: 'paused', reason: 7 }, 400],
    [{ stream_id: 'push-1', status: 'paused', reason: 'x'.repeat(257) }, 400],
    [[], 400],
  ])('%j is refused, and changes nothing', async (body, status) => {
    const { ask } = await begin();
    expect((await ask('/ssf/status', body)).status).toBe(status);
    expect((await ask('/ssf/status?stream_id=push-1')).json).toEqual({ stream_id: 'push-1', status: 'enabled' });
  });

  test('a stream must be named, and a stranger gets 401', async () => {
    const { ask } = await begin();
    expect((await ask('/ssf/status')).status).toBe(404);
    const by = newClientSecret();
    expect((await ask('/ssf/status?stream_id=push-1', undefined, { by })).status).toBe(401);
    expect((await ask('/ssf/status', { stream_id: 'push-1', status: 'disabled' }, { by })).status).toBe(401);
  });
});

describe('the verification endpoint', () => {
  test('SET-19, SSF 1.0, 8.1.4: a stream that pushes has told the receiver when it answers 204', async () => {
    const states: unknown[] = [];
    const party = new RelyingParty(new IssuingRealm(), { verification: (state) => states.push(state) > 0 });
    const endpoint = await listening(createServer(nodeListener(party.signals.push)));
    const { ask } = await begin({ endpoint });
    const { status, json } = await ask('/ssf/verification', { stream_id: 'push-1', state: 'asked' });
    expect([status, json, states]).toEqual([204, {}, ['asked']]);
  });

  test('a receiver that does not accept it gets 503, with the reason', async () => {
    const server = await ReceiverServer.start();
    server.answer = (response) =>
      response.writeHead(400).end('{"err":"invalid_state","description":"none was asked for"}');
    const { ask } = await begin({ endpoint: server.url });
    const { status, json } = await ask('/ssf/verification', { stream_id: 'push-1', state: 'asked' });
    expect([status, json.err]).toEqual([503, 'temporarily_unavailable']);
    expect(json.description).toMatch(/answered 400 \(invalid_state: none was asked for\)$/);
  });

  test('a stream that is fetched hands it out with the next answer; 429 if too many wait', async () => {
    const { ask } = await begin();
    const verify = () => ask('/ssf/verification', { stream_id: 'poll-1' }, { by: theirs });
    for (let times = 0; times < 16; times++) expect((await verify()).status).toBe(204);
    expect((await verify()).status).toBe(429);
  });

  test.each([
    [{ stream_id: 'poll-1' }, 404],
    [{}, 404],
    [{ stream_id: 'push-1', state: 7 }, 400],
    [{ stream_id: 'push-1', state: 'x'.repeat(1_025) }, 400],
  ])('%j is refused', async (body, status) => {
    const { ask } = await begin();
    expect((await ask('/ssf/verification', body)).status).toBe(status);
  });

  test.each(['paused', 'disabled'] as const)('a stream that is %s transmits nothing', async (status) => {
    const server = await ReceiverServer.start();
    const { ask, push } = await begin({ endpoint: server.url });
    await push.stream.writeStatus({ status });
    const answer = await ask('/ssf/verification', { stream_id: 'push-1' });
    expect([answer.status, answer.json.description]).toEqual([400, `the stream is ${status}: nothing is transmitted`]);
    expect(server.received).toEqual([]);
  });
});

describe('mistakes', () => {
  const stream = (changes: object = {}) => sharedSignalsPush({ ...PUSH, ...changes }).stream;
  test.each([
    [{ streams: [] }, 'streams is empty'],
    [{ streams: [sharedSignalsPush(PUSH)] }, 'streams must be an array of streams, such as'],
    [{ streams: [stream({ secretHash: undefined })] }, 'the stream "push-1" has no secretHash'],
    [{ streams: [stream(), stream()] }, 'two streams have the id "push-1"'],
    [{ streams: [stream(), stream({ id: 'b', issuer: 'https://other.example.org' })] }, 'must have one issuer'],
    [{ streams: [stream()], urls: { ...URLS, status: undefined } }, 'urls.status is missing'],
    [{ streams: [stream()], urls: { ...URLS, jwks: 'http://id.example.org' } }, 'urls.jwks is "http://id.example.org"'],
    [{ streams: [stream()], urls: { ...URLS, poll: '' } }, 'urls has an unknown option "poll"'],
  ])('%#', (change, message) => {
    expect(() => sharedSignalsEndpoints({ urls: URLS, ...change } as never)).toThrow(message);
  });
});
