import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { memoryStore } from 'session-revocation/memory';
import { newClientSecret, nodeListener } from 'session-revocation/receivers';
import { type SharedSignalsPollOptions, sharedSignalsPoll, sharedSignalsPush } from 'session-revocation/transmitters';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseMessage } from '../../adapters/transmitters/delivery.ts';
import { parseState } from '../../adapters/transmitters/message-state.ts';
import { around } from '../../src/testing/harness/wrappers.ts';
import { until } from '../services/until.ts';
import { AUDIENCE, ISSUER, IssuingRealm, KEY, partsOf, QUEUE } from './support/issuing.ts';
import { listening, ReceiverServer } from './support/receiver-server.ts';
import { RelyingParty } from './support/relying.ts';

const { secret, secretHash } = newClientSecret();
const ENDPOINT = 'https://id.example.org/poll';
const OPTIONS = { queue: QUEUE, issuer: ISSUER, audience: AUDIENCE, keys: [KEY], endpoint: ENDPOINT, secretHash };
const NOW = { returnImmediately: true };
const USERS = Array.from({ length: 130 }, (_, at) => `user-${at}`);

interface Polled {
  readonly status: number;
  readonly headers: Headers;
  readonly json: { sets: Record<string, string>; moreAvailable?: boolean; err?: string };
}

/** A realm that serves a stream over the network, and asks it. */
class Site extends IssuingRealm {
  readonly stream;
  readonly close;
  readonly #url: Promise<string>;

  constructor(changes: Partial<SharedSignalsPollOptions> = {}, ...given: ConstructorParameters<typeof IssuingRealm>) {
    super(...given);
    const polling = sharedSignalsPoll(this.sessions, {
      ...{ ...OPTIONS, every: '50ms', failed: (failure) => this.failures.push(failure) },
      ...changes,
    });
    this.stream = polling.stream;
    this.close = () => polling.close();
    this.#url = listening(createServer(nodeListener(polling.poll)));
  }

  get url(): Promise<string> {
    return this.#url;
  }

  async ask(body: object | string, headers: Record<string, string> = {}, method = 'POST'): Promise<Polled> {
    const response = await fetch(await this.#url, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}`, ...headers },
      ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text === '' ? {} : JSON.parse(text) };
  }

  async ids(body: object = NOW): Promise<readonly string[]> {
    return Object.keys((await this.ask(body)).json.sets);
  }
}

describe('sharedSignalsPoll', () => {
  test('RFC 8936, 2.3: hands out events in their order, as JSON that no cache keeps, and says whether there are more', async () => {
    const site = new Site();
    await site.revoke(...USERS);
    const { status, headers, json } = await site.ask({ ...NOW, maxEvents: 3 });
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      ...[200, 'application/json', 'no-store'],
    ]);
    expect(Object.keys(json)).toEqual(['sets', 'moreAvailable']);
    const queued = (await site.waiting()).map(({ id }) => id);
    expect(Object.keys(json.sets)).toEqual(queued.slice(0, 3));
    const all = await site.ask(NOW);
    expect([Object.keys(all.json.sets), all.json.moreAvailable]).toEqual([queued.slice(0, 100), true]);
    expect((await site.ids({ ...NOW, maxEvents: 1_000 })).length).toBe(100);
    const rest = await site.ask({ ...NOW, ack: queued.slice(0, 100) });
    expect(Object.keys(rest.json.sets)).toEqual(queued.slice(100));
    expect(rest.json).not.toHaveProperty('moreAvailable');
  });

  test('an event is the same in each answer until it is acknowledged, and is the one that a push sends', async () => {
    const site = new Site();
    await site.revoke('ann');
    const [first, second] = [await site.ask(NOW), await site.ask(NOW)];
    const [[jti, token]] = Object.entries(first.json.sets) as [[string, string]];
    const claims = partsOf(token).claims;
    expect(claims.jti).toBe(jti);
    expect(partsOf(second.json.sets[jti]!).claims).toEqual(claims);
    const server = await ReceiverServer.start();
    server.answerWith(202);
    const push = sharedSignalsPush({ issuer: ISSUER, audience: AUDIENCE, keys: [KEY], endpoint: server.url });
    const [message] = await site.waiting();
    await push.deliver(parseMessage(message!), AbortSignal.timeout(5_000));
    expect(partsOf(server.received[0]!.body).claims).toEqual(claims);
    expect((await site.ask({ ...NOW, ack: [jti] })).json).toEqual({ sets: {} });
    expect(await site.waiting()).toEqual([]);
  });

  test('acknowledges in any order, more than once, and ids that are unknown', async () => {
    const site = new Site();
    await site.revoke('ann', 'bob', 'eve');
    const [ann, bob, eve] = await site.ids();
    expect(await site.ids({ ...NOW, ack: [eve, 'unknown', ann, ann, '__proto__'] })).toEqual([bob]);
    expect(await site.ids({ ...NOW, ack: [ann, bob] })).toEqual([]);
  });

  test('maxEvents 0 acknowledges alone, and answers at once', async () => {
    const site = new Site({ wait: '2m' });
    await site.revoke('ann', 'bob');
    const [ann] = await site.ids();
    expect((await site.ask({ maxEvents: 0, ack: [ann] })).json).toEqual({ sets: {}, moreAvailable: true });
    expect(await site.usersIn()).toEqual(['bob']);
  });

  test('what the receiver refuses is set aside with its reason', async () => {
    const site = new Site();
    await site.revoke('ann', 'bob');
    const [ann, bob] = (await site.ids()) as [string, string];
    const setErrs = { [ann]: { err: 'invalid_audience', description: 'not for us' }, [bob]: {} };
    expect(await site.ids({ ...NOW, setErrs, ack: [ann] })).toEqual([]);
    expect(await site.dead()).toEqual(['ann', 'bob']);
    const states = (await site.waiting(`${QUEUE}.dead`)).map(({ state }) => parseState(state));
    expect(states).toMatchObject([
      { attempts: 1, error: 'invalid_audience: not for us' },
      { attempts: 1, error: 'the receiver gave no reason' },
    ]);
    expect(site.failures).toMatchObject([
      { receiver: QUEUE, id: ann, attempts: 1, error: { name: 'Undeliverable' }, isDead: true },
      { id: bob },
    ]);
  });

  test('what cannot be said is set aside, what the receiver must not hear of is dropped, and neither holds back others', async () => {
    const site = new Site({
      subject: ({ user }) => (user === 'bob' ? null : { format: 'iss_sub', iss: ISSUER, sub: `${user}` }),
    });
    await site.revoke('bob', 'ann');
    expect(await site.ids()).toHaveLength(1);
    expect([await site.usersIn(), await site.dead()]).toEqual([['ann'], []]);

    const other = new Site();
    await other.sessions.revoke({ realm: true });
    await other.revoke('ann');
    expect(await other.ids()).toHaveLength(1);
    expect([await other.usersIn(), await other.dead()]).toEqual([['ann'], [null]]);
    expect(String(other.failures[0]!.error)).toContain('give the option subject');
  });

  test('a message that another process takes out meanwhile is no failure', async () => {
    const store = memoryStore();
    const [one, two] = [new Site({}, { store }), new Site({}, { store })];
    await one.revoke('ann');
    const [ann] = await one.ids();
    expect(await two.ids({ ...NOW, ack: [ann] })).toEqual([]);
    expect(await one.ids({ ...NOW, ack: [ann], setErrs: { [`${ann}`]: { err: 'late' } } })).toEqual([]);
    expect(await one.dead()).toEqual([]);
  });
});

describe('long polling', () => {
  test('a revocation in this process ends the wait, and one in another process does so within `every`', async () => {
    const store = memoryStore();
    const other = new IssuingRealm({ store });
    for (const [every, by] of [
      ['1h', null],
      ['50ms', other],
    ] as const) {
      const site = new Site({ every, wait: '2m' }, { store });
      const asked = site.ask({});
      await wait(200);
      await (by ?? site).revoke('ann');
      const { sets } = (await asked).json;
      expect(Object.keys(sets)).toHaveLength(1);
      await site.ask({ ...NOW, ack: Object.keys(sets) });
    }
  });

  test('ends after `wait`', async () => {
    const site = new Site({ wait: '300ms', every: '1h' });
    const begun = performance.now();
    expect((await site.ask({})).json).toEqual({ sets: {} });
    expect(performance.now() - begun).toBeGreaterThan(290);
  });

  test('sixteen requests wait, and the next is answered at once; clients that have gone make room', async () => {
    const site = new Site({ wait: '2m', every: '1h' });
    const gone = new AbortController();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
    const request = { method: 'POST', headers, body: '{}', signal: gone.signal };
    const url = await site.url;
    const asked = Array.from({ length: 16 }, () => fetch(url, request).catch(() => 'gone'));
    await wait(300);
    expect((await site.ask({})).json).toEqual({ sets: {} });
    gone.abort();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['gone']));
    await wait(300);
    const waiting = Array.from({ length: 16 }, () => site.ask({}));
    await wait(300);
    await site.revoke('ann');
    for (const { json } of await Promise.all(waiting)) expect(Object.keys(json.sets)).toHaveLength(1);
  });

  test('ends by close, after which none waits', async () => {
    const site = new Site({ wait: '2m', every: '1h' });
    const asked = site.ask({});
    await wait(100);
    site.close();
    expect((await asked).json).toEqual({ sets: {} });
    expect((await site.ask({})).json).toEqual({ sets: {} });
  });
});

describe('the status of a stream that is fetched', () => {
  test('paused: events wait in the queue, and acknowledgements count', async () => {
    const site = new Site();
    await site.revoke('ann', 'bob');
    const [ann] = await site.ids();
    await site.stream.writeStatus({ status: 'paused' });
    expect(await site.ids({ ...NOW, ack: [ann] })).toEqual([]);
    await site.revoke('eve');
    await site.stream.writeStatus({ status: 'enabled' });
    expect(await site.usersIn()).toEqual(['bob', 'eve']);
    expect(await site.ids()).toHaveLength(2);
  });

  test('disabled: nothing is handed out, and what waits is dropped when it is enabled again', async () => {
    const site = new Site();
    await site.stream.writeStatus({ status: 'disabled' });
    await site.revoke(...USERS);
    expect(await site.ids()).toEqual([]);
    await site.stream.writeStatus({ status: 'paused' });
    await site.revoke('bob');
    await site.stream.writeStatus({ status: 'enabled' });
    expect([await site.usersIn(), await site.dead()]).toEqual([['bob'], []]);
  });
});

describe('a verification', () => {
  const stateOf = (token: string): unknown => Object.values(partsOf(token).claims.events as object)[0];

  test('ends the wait, comes first, and waits until it is acknowledged', async () => {
    const site = new Site({ wait: '2m', every: '1h', id: 'crm-1' });
    const asked = site.ask({});
    await wait(100);
    expect(await site.stream.verify('asked')).toBe(true);
    const { sets } = (await asked).json;
    const [[jti, token]] = Object.entries(sets) as [[string, string]];
    expect(partsOf(token).claims).toMatchObject({ jti, sub_id: { format: 'opaque', id: 'crm-1' } });
    expect(stateOf(token)).toEqual({ state: 'asked' });
    await site.revoke('ann');
    expect((await site.ids())[0]).toBe(jti);
    expect(await site.ids({ ...NOW, maxEvents: 1 })).toEqual([jti]);
    expect(await site.ids({ ...NOW, ack: [jti] })).toHaveLength(1);
  });

  test('one that the receiver refuses is told to `failed`, and touches no queue', async () => {
    const site = new Site();
    await site.stream.verify();
    const [jti] = (await site.ids()) as [string];
    const setErrs = { [jti]: { err: 'invalid_state', description: 'none was asked for' } };
    expect(await site.ids({ ...NOW, setErrs })).toEqual([]);
    expect(site.failures).toMatchObject([{ id: jti, error: { message: 'invalid_state: none was asked for' } }]);
    expect(await site.dead()).toEqual([]);
  });

  test('sixteen may wait', async () => {
    const site = new Site();
    for (let at = 0; at < 16; at++) expect(await site.stream.verify(`${at}`)).toBe(true);
    expect(await site.stream.verify('one too many')).toBe(false);
    const { sets } = (await site.ask({ ...NOW, maxEvents: 20 })).json;
    expect(Object.values(sets).map(stateOf)).toEqual(Array.from({ length: 16 }, (_, at) => ({ state: `${at}` })));
  });
});

describe('sharedSignalsPoll and sharedSignals.poll of two instances', () => {
  test('sessions end at the receiver, which acknowledges; what it refuses is set aside', async () => {
    const site = new Site({ wait: '5s', subject: undefined });
    const party = new RelyingParty(site);
    const [one, two, bob] = [await party.signIn('ann'), await party.signIn('ann'), await party.signIn('bob')];
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const polling = party.signals.poll({
      ...{ endpoint: await site.url, authorization: `Bearer ${secret}`, signal: stop.signal },
    });
    await site.sessions.end(one.sid, { user: 'ann' });
    await until('the session', async () => !(await party.live(one))[0]);
    expect(await party.live(two, bob)).toEqual([true, true]);
    await site.revoke('ann');
    await until('the user', async () => !(await party.live(two))[0]);
    expect(await party.live(bob)).toEqual([true]);
    await until('the acknowledgement', async () => (await site.waiting()).length === 0);
    stop.abort();
    await polling;
    expect(site.failures).toEqual([]);
  });

  test('a receiver that stops before it acknowledges gets the event again, and it acts once', async () => {
    const site = new Site({ wait: 0 });
    const party = new RelyingParty(site);
    const before = await party.signIn('ann');
    await site.revoke('ann');
    const round = async (isOver: () => Promise<boolean>): Promise<void> => {
      const stop = new AbortController();
      const polling = party.signals.poll({
        ...{ endpoint: await site.url, authorization: `Bearer ${secret}`, signal: stop.signal },
      });
      await until('the round', isOver);
      stop.abort();
      await polling;
    };
    await round(async () => !(await party.live(before))[0]);
    expect(await site.usersIn()).toEqual(['ann']);
    const after = await party.signIn('ann');
    await round(async () => (await site.waiting()).length === 0);
    expect(await party.live(after)).toEqual([true]);
  });
});

describe('sharedSignalsPoll refuses', () => {
  test.each([
    ['no credentials', { authorization: '' }],
    ['a wrong secret', { authorization: `Bearer ${newClientSecret().secret}` }],
    ['another scheme', { authorization: `Basic ${secret}` }],
  ])('%s, before the store is asked', async (_, headers) => {
    let isAsked = false;
    const store = around(memoryStore(), (verb, ask) => {
      isAsked ||= verb.startsWith('outbox.');
      return ask();
    });
    const site = new Site({}, { store });
    const { status, headers: answered, json } = await site.ask({ ack: ['x'] }, headers);
    expect([status, json.err]).toEqual([401, 'authentication_failed']);
    expect(answered.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(isAsked).toBe(false);
  });

  test('two secrets are accepted while one replaces the other', async () => {
    const next = newClientSecret();
    const site = new Site({ secretHash: [secretHash, next.secretHash] });
    for (const one of [secret, next.secret]) {
      expect((await site.ask(NOW, { authorization: `Bearer ${one}` })).status).toBe(200);
    }
  });

  test.each([
    ['[]', 400],
    ['x', 400],
    [{ maxEvents: -1 }, 400],
    [{ maxEvents: 1.5 }, 400],
    [{ maxEvents: '3' }, 400],
    [{ returnImmediately: 1 }, 400],
    [{ ack: 'x' }, 400],
    [{ ack: [7] }, 400],
    [{ setErrs: [] }, 400],
    [{ setErrs: { x: 'wrong' } }, 400],
    [{ more: 'x'.repeat(40_000) }, 413],
  ])('%j', async (body, status) => {
    const site = new Site();
    const answer = await site.ask(body);
    expect([answer.status, answer.json.err]).toEqual([status, 'invalid_request']);
  });

  test('another type of body, another method, and an outage', async () => {
    let fails = false;
    const store = around(memoryStore(), (verb, ask) => {
      if (fails && verb === 'outbox.read') throw new Error('connection refused');
      return ask();
    });
    const site = new Site({}, { store });
    expect((await site.ask({}, { 'content-type': 'text/plain' })).status).toBe(415);
    const get = await site.ask({}, {}, 'GET');
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    fails = true;
    const answer = await site.ask(NOW);
    expect([answer.status, answer.json.err, answer.headers.get('retry-after')]).toEqual([
      ...[503, 'temporarily_unavailable', '5'],
    ]);
  });
});

describe('mistakes', () => {
  const { sessions } = new IssuingRealm();
  test.each([
    [
      { queue: 'other' },
      'queue "other" has no queue: name it in createSessions({ audit: { outbox: ["crm", "other"] } })',
    ],
    [{ queue: 7 }, 'queue is 7; allowed is a name in audit.outbox'],
    [{ secretHash: undefined }, 'secretHash is missing'],
    [{ secretHash: secret }, 'secretHash must be a hash'],
    [{ endpoint: undefined }, 'endpoint is "undefined"'],
    [{ wait: '3m' }, 'wait is'],
    [{ every: 0 }, 'every is'],
    [{ authorization: 'x' }, 'unknown option "authorization"'],
  ])('%j', (change, message) => {
    expect(() => sharedSignalsPoll(sessions, { ...OPTIONS, ...change } as never)).toThrow(message);
  });
});
