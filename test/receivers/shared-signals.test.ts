import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SharedSignalsOptions, type SimpleSubject, sharedSignals } from 'session-revocation/receivers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { memoryStore } from '../../adapters/engines/memory/index.ts';
import { around } from '../../src/testing/harness/wrappers.ts';
import { MINUTE } from '../frameworks/http/site.ts';
import type { SigningKey } from '../src/jwt/support/issuer.ts';
import type { Answer } from './support/endpoints.ts';
import {
  FederatedRealm,
  OTHER_PROVIDER,
  PROVIDED,
  PROVIDER,
  PROVIDER_KEY,
  post,
  STRANGER,
} from './support/provider.ts';

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const VERIFICATION = 'https://schemas.openid.net/secevent/ssf/event-type/verification';
const REVOKED = `${CAEP}session-revoked`;
const HEADER = { typ: 'secevent+jwt' };
const TYPE = 'application/secevent+jwt';
const EMAIL = { format: 'email', email: 'ann@acme.example' };

class Site extends FederatedRealm {
  readonly signals;
  readonly asked: SimpleSubject[] = [];

  constructor(changes: Partial<SharedSignalsOptions> = {}, ...given: ConstructorParameters<typeof FederatedRealm>) {
    super(...given);
    const user: SharedSignalsOptions['user'] = (subject) => {
      this.asked.push(subject);
      if (subject.format === 'iss_sub') return subject.sub;
      return subject.format === 'email' ? (subject.email.split('@')[0] ?? null) : null;
    };
    this.signals = sharedSignals(this.sessions, { ...PROVIDED, user, ...changes });
  }

  event(changes: object = {}, header: object = HEADER, key: SigningKey = PROVIDER_KEY): string {
    return key.token(this.claims({ exp: undefined, events: { [REVOKED]: {} }, sub_id: EMAIL, ...changes }), header);
  }

  send(token: string, headers: Record<string, string> = {}): Promise<Answer> {
    return post(this.signals.push, TYPE, token, headers);
  }
}

describe('sharedSignals: push', () => {
  test('SET-1, SET-3, SET-16: session-revoked ends all sessions of the user, and is answered 202 with no body', async () => {
    const site = new Site();
    const [mine, other] = [await site.signIn('s1', 'ann'), await site.signIn('s2', 'bob')];
    site.clock.advance(MINUTE);
    const answer = await site.send(site.event());
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([202, '', null]);
    expect([await site.isLive(mine), await site.isLive(other)]).toEqual([false, true]);
  });

  test('SET-5: the same event again is answered as the first time, and acts once', async () => {
    const site = new Site({ actions: { 'account-disabled': 'suspend' } });
    const token = site.event({ events: { [`${RISC}account-disabled`]: {} } });
    expect((await site.send(token)).status).toBe(202);
    await site.sessions.resume({ user: 'ann' });
    expect((await site.send(token)).status).toBe(202);
    await expect(site.signIn('s1', 'ann')).resolves.toBeTypeOf('string');
  });

  test('SET-6: no 202 before the sessions have ended; after an outage the same event acts', async () => {
    let fails = true;
    const store = around(memoryStore(), (verb, ask) => {
      if (fails && verb === 'advance') throw new Error('connection refused');
      return ask();
    });
    fails = false;
    const site = new Site({}, { store });
    const mine = await site.signIn('s1', 'ann');
    fails = true;
    const token = site.event();
    const answer = await site.send(token);
    expect([answer.status, answer.json.err]).toEqual([503, 'temporarily_unavailable']);
    fails = false;
    expect((await site.send(token)).status).toBe(202);
    expect(await site.isLive(mine)).toBe(false);
  });

  test('SET-14: {session} ends the sessions that began from that one', async () => {
    const site = new Site();
    const [one, two] = [await site.signIn('s1', 'ann'), await site.signIn('s2', 'ann')];
    await site.send(site.event({ sub_id: { format: 'complex', session: { format: 'opaque', id: 's1' } } }));
    expect([await site.isLive(one), await site.isLive(two)]).toEqual([false, true]);
  });

  test('SET-14: {user, session} ends nothing if the session is another user’s', async () => {
    const site = new Site();
    const one = await site.signIn('s1', 'ann');
    const user = (sub: string) => ({ format: 'iss_sub', iss: PROVIDER, sub });
    const session = { format: 'opaque', id: 's1' };
    await site.send(site.event({ sub_id: { format: 'complex', user: user('bob'), session } }));
    expect(await site.isLive(one)).toBe(true);
    await site.send(site.event({ sub_id: { format: 'complex', user: user('ann'), session } }));
    expect(await site.isLive(one)).toBe(false);
  });

  test('SET-14: {user, session, tenant} ends the session only in the account of that tenant', async () => {
    const sub_id = {
      ...{ format: 'complex', user: EMAIL, session: { format: 'opaque', id: 's1' } },
      tenant: { format: 'opaque', id: 'acme' },
    };
    for (const account of ['acme', 'beta']) {
      const site = new Site({ user: () => ({ user: 'ann', account: 'acme' }) });
      const [one, two] = [await site.signIn('s1', 'ann', { account }), await site.signIn('s2', 'ann', { account })];
      expect((await site.send(site.event({ sub_id }))).status).toBe(202);
      expect([await site.isLive(one), await site.isLive(two)]).toEqual([account !== 'acme', true]);
    }
  });

  test('a stream whose issuer is not the one of the ID tokens names sessions of that one', async () => {
    const site = new Site({ sessionIssuer: OTHER_PROVIDER });
    const [one, two] = [await site.signIn('s1', 'ann', { issuer: OTHER_PROVIDER }), await site.signIn('s1', 'bob')];
    await site.send(site.event({ sub_id: { format: 'complex', session: { format: 'opaque', id: 's1' } } }));
    expect([await site.isLive(one), await site.isLive(two)]).toEqual([false, true]);
  });

  test('SET-14: {user, tenant} ends only in the account of that tenant; without an account nothing', async () => {
    const tenant = { format: 'opaque', id: 'acme' };
    const sub_id = { format: 'complex', user: EMAIL, tenant };
    const careless = new Site();
    const kept = await careless.signIn('s1', 'ann');
    expect((await careless.send(careless.event({ sub_id }))).status).toBe(202);
    expect(await careless.isLive(kept)).toBe(true);

    const heard: unknown[] = [];
    const site = new Site({
      user(_, event) {
        heard.push(event.tenant);
        return { user: 'ann', account: 'acme' };
      },
    });
    const [acme, beta] = [
      await site.signIn('s1', 'ann', { account: 'acme' }),
      await site.signIn('s2', 'ann', { account: 'beta' }),
    ];
    await site.send(site.event({ sub_id }));
    expect(heard).toEqual([tenant]);
    expect([await site.isLive(acme), await site.isLive(beta)]).toEqual([false, true]);
  });

  test.each([
    ['SET-14: {user, device}', { format: 'complex', user: EMAIL, device: { format: 'opaque', id: 'd' } }],
    [
      'SET-15: a critical member that is unknown',
      { format: 'complex', user: EMAIL, zone: { format: 'opaque', id: 'z' } },
    ],
    ['SET-14: a complex subject without a member', { format: 'complex' }],
    ['a session that is not opaque', { format: 'complex', user: EMAIL, session: { format: 'uri', uri: 'urn:s:1' } }],
    ['an unknown user', { format: 'opaque', id: 'nobody' }],
  ])('%s ends nothing, and is answered 202', async (_, sub_id) => {
    const site = new Site();
    const mine = await site.signIn('s1', 'ann');
    expect((await site.send(site.event({ sub_id }))).status).toBe(202);
    expect(await site.isLive(mine)).toBe(true);
  });

  test('SET-10, SET-11: sub_id decides, and unknown members are ignored', async () => {
    const site = new Site();
    const [ann, bob] = [await site.signIn('s1', 'ann'), await site.signIn('s2', 'bob')];
    const events = { [REVOKED]: { subject: { format: 'email', email: 'bob@acme.example' }, more: 1 } };
    await site.send(site.event({ events, sub_id: { ...EMAIL, name: 'Ann' }, more: 1 }));
    expect([await site.isLive(ann), await site.isLive(bob)]).toEqual([false, true]);
  });

  test('SET-18: an event that arrives late spares sessions that were authenticated after it', async () => {
    const site = new Site();
    const before = await site.signIn('s1', 'ann');
    const at = site.seconds + 1;
    site.clock.advance(10 * MINUTE);
    const after = await site.signIn('s2', 'ann');
    await site.send(site.event({ events: { [REVOKED]: { event_timestamp: at } } }));
    expect([await site.isLive(before), await site.isLive(after)]).toEqual([false, true]);
  });

  test('SET-18: a disabled account loses all sessions, also those that began before the event arrived', async () => {
    const site = new Site();
    const at = site.seconds + 1;
    site.clock.advance(10 * MINUTE);
    const after = await site.signIn('s2', 'ann');
    await site.send(site.event({ events: { [`${RISC}account-disabled`]: { event_timestamp: at } } }));
    expect(await site.isLive(after)).toBe(false);
  });

  test('SET-18: an event from the future counts as one of now, and stops sign-ins that are under way', async () => {
    const site = new Site();
    const mine = await site.signIn('s1', 'ann');
    const fence = await site.sessions.fence({ user: 'ann' });
    await site.send(site.event({ events: { [REVOKED]: { event_timestamp: site.seconds + 1e6 } } }));
    expect(await site.isLive(mine)).toBe(false);
    expect(await site.sessions.start({ user: 'ann', fence })).toMatchObject({ reason: 'superseded' });
    site.clock.advance(MINUTE);
    await expect(site.signIn('s2', 'ann').then((token) => site.isLive(token))).resolves.toBe(true);
  });

  test('SET-17: who and why are in the audit log, as plain text', async () => {
    const site = new Site({}, { audit: true });
    await site.signIn('s1', 'ann');
    const details = { initiating_entity: 'admin', reason_admin: { en: 'Policy <b>7</b>\nforged' } };
    await site.send(site.event({ events: { [REVOKED]: details } }));
    const { entries } = await site.sessions.audit({ user: 'ann', types: ['sessions.revoked'] });
    const note = 'session-revoked: Policy <b>7</b>forged';
    expect(entries).toMatchObject([{ by: PROVIDER, reason: 'signed-out-at-provider', note }]);
  });

  test('SET-22: what an event does is the app’s choice', async () => {
    const heard: unknown[] = [];
    const site = new Site({
      actions: {
        'session-revoked': 'ignore',
        'credential-change': 'revoke',
        'assurance-level-change': (...given) => heard.push(given),
      },
    });
    const mine = await site.signIn('s1', 'ann');
    const send = (type: string, details: object = {}) => site.send(site.event({ events: { [type]: details } }));
    for (const type of [REVOKED, `${CAEP}token-claims-change`, 'https://example.org/unknown']) await send(type);
    await send(`${CAEP}assurance-level-change`, { current_level: 'nist-aal1' });
    expect(heard).toEqual([[{ user: 'ann' }, { current_level: 'nist-aal1' }]]);
    expect(await site.isLive(mine)).toBe(true);
    await send(`${CAEP}credential-change`);
    expect(await site.isLive(mine)).toBe(false);
  });

  test.each(['sessions-revoked', 'account-disabled', 'account-purged'])(
    'SET-22: RISC %s revokes by default',
    async (name) => {
      const site = new Site();
      const mine = await site.signIn('s1', 'ann');
      await site.send(site.event({ events: { [`${RISC}${name}`]: {} } }));
      expect(await site.isLive(mine)).toBe(false);
    },
  );

  test('SET-19: a verification is answered 202, or 400 if the state is not the one that was asked for', async () => {
    const site = new Site({ verification: (state) => state === 'asked' });
    const verify = (details: object) =>
      site.send(site.event({ events: { [VERIFICATION]: details }, sub_id: { format: 'opaque', id: 'stream' } }));
    expect((await verify({ state: 'asked' })).status).toBe(202);
    const wrong = await verify({ state: 'other' });
    expect([wrong.status, wrong.json.err]).toEqual([400, 'invalid_state']);
    expect((await verify({})).status).toBe(400);
  });

  test('SET-20: the Authorization header that was agreed on', async () => {
    const site = new Site({ authorization: 'Bearer agreed' });
    expect((await site.send(site.event(), { authorization: 'Bearer agreed' })).status).toBe(202);
    for (const authorization of ['Bearer other', 'Bearer agreed2', '']) {
      const answer = await site.send(site.event(), { authorization });
      expect([answer.status, answer.json.err]).toEqual([400, 'authentication_failed']);
    }
  });
});

// The negative modules of the OpenID plan `openid-ssf-receiver-test-plan`, and more.
const NEGATIVE: Readonly<Record<string, readonly [err: string, make: (site: Site) => string]>> = {
  'invalid_key: signed by a stranger': ['invalid_key', (site) => site.event({}, HEADER, STRANGER)],
  'invalid_key: another algorithm': ['invalid_key', (site) => site.event({}, { ...HEADER, alg: 'RS256' })],
  invalid_issuer: ['invalid_issuer', (site) => site.event({ iss: OTHER_PROVIDER })],
  invalid_audience: ['invalid_audience', (site) => site.event({ aud: 'app-2' })],
  'SET-8: another type': ['invalid_request', (site) => site.event({}, { typ: 'JWT' })],
  'SET-8: a sub': ['invalid_request', (site) => site.event({ sub: 'ann' })],
  'SET-8: an exp': ['invalid_request', (site) => site.event({ exp: site.seconds + 60 })],
  'SET-7: no jti': ['invalid_request', (site) => site.event({ jti: undefined })],
  'SET-7: no iat': ['invalid_request', (site) => site.event({ iat: undefined })],
  'SET-7: no events': ['invalid_request', (site) => site.event({ events: undefined })],
  'SET-7: two events': ['invalid_request', (site) => site.event({ events: { [REVOKED]: {}, [`${REVOKED}2`]: {} } })],
  'SET-7: an event that is no object': ['invalid_request', (site) => site.event({ events: { [REVOKED]: [] } })],
  'SET-10: no sub_id': ['invalid_request', (site) => site.event({ sub_id: undefined })],
  'SET-12: an unknown format': ['invalid_request', (site) => site.event({ sub_id: { format: 'x', x: 'y' } })],
  'SET-14: a malformed member': ['invalid_request', (site) => site.event({ sub_id: { format: 'complex', user: {} } })],
  'older than 30 days': ['invalid_request', (site) => site.event({ iat: site.seconds - 31 * 86_400 })],
  'no JWT': ['invalid_request', () => 'x'],
};

describe('sharedSignals refuses', () => {
  test.each(Object.entries(NEGATIVE))('SET-4, %s', async (_, [err, make]) => {
    const site = new Site();
    const mine = await site.signIn('s1', 'ann');
    const answer = await site.send(make(site));
    expect([answer.status, answer.json.err]).toEqual([400, err]);
    expect(answer.json.description).toBeTypeOf('string');
    expect(Object.keys(answer.json)).toEqual(['err', 'description']);
    expect(answer.headers.get('content-language')).toBe('en');
    expect(await site.isLive(mine)).toBe(true);
  });

  test('SET-1: another type of body', async () => {
    const site = new Site();
    expect((await post(site.signals.push, 'application/jwt', site.event())).status).toBe(415);
  });

  test('mistakes in the options', () => {
    const { sessions } = new FederatedRealm();
    const options = { ...PROVIDED, user: () => null };
    for (const [change, message] of [
      [{ user: undefined }, 'user must be a function'],
      [{ actions: { 'session-revoked': 'end' } }, "allowed are 'revoke'"],
      [{ actions: { 'session-revoke': 'ignore' } }, 'unknown option'],
      [{ authorization: '' }, 'authorization must be'],
      [{ verification: true }, 'verification must be'],
    ] as const) {
      expect(() => sharedSignals(sessions, { ...options, ...change } as never)).toThrow(message);
    }
  });
});

/** A transmitter that hands out events, and takes their acknowledgements. */
async function transmitter(sets: Record<string, string>, failures = 0) {
  const asked: { ack: string[]; setErrs: Record<string, { err: string }>; authorization: string | undefined }[] = [];
  let left = failures;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    if (left-- > 0) return response.writeHead(500).end();
    const { ack, setErrs } = JSON.parse(text);
    asked.push({ ack, setErrs, authorization: request.headers.authorization });
    for (const jti of [...ack, ...Object.keys(setErrs)]) delete sets[jti];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ sets, moreAvailable: false }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, sets, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/poll` };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries === 1_000) throw new Error('it does not come to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('SET-21: sharedSignals: poll', () => {
  test('acts on events, acknowledges them with the next question, and says what was wrong', async () => {
    const site = new Site();
    const mine = await site.signIn('s1', 'ann');
    const { asked, sets, url } = await transmitter({ good: site.event(), bad: site.event({ aud: 'app-2' }) });
    const stop = new AbortController();
    const polling = site.signals.poll({ endpoint: url, authorization: async () => 'Bearer t', signal: stop.signal });
    await until(() => Object.keys(sets).length === 0);
    stop.abort();
    await polling;
    expect(await site.isLive(mine)).toBe(false);
    expect(asked[0]).toEqual({ ack: [], setErrs: {}, authorization: 'Bearer t' });
    expect(asked[1]).toMatchObject({ ack: ['good'], setErrs: { bad: { err: 'invalid_audience' } } });
  });

  test('an event that fails does not keep back the events behind it', async () => {
    const site = new Site({
      user(subject) {
        if (subject.format === 'opaque') throw new Error('a fault of the app');
        return 'ann';
      },
    });
    const mine = await site.signIn('s1', 'ann');
    const bad = site.event({ sub_id: { format: 'opaque', id: 'x' } });
    const { sets, url } = await transmitter({ bad, good: site.event() });
    const stop = new AbortController();
    const failed = (): void => {
      throw new Error('a fault of the listener');
    };
    const polling = site.signals.poll({ endpoint: url, signal: stop.signal, failed });
    await until(() => !('good' in sets));
    stop.abort();
    await polling;
    expect(await site.isLive(mine)).toBe(false);
    expect(Object.keys(sets)).toEqual(['bad']);
  });

  test('acknowledges nothing that was not done, and goes on after failures of the transmitter and of the store', async () => {
    let fails = true;
    const store = around(memoryStore(), (verb, ask) => {
      if (fails && verb === 'advance') throw new Error('connection refused');
      return ask();
    });
    const site = new Site({}, { store });
    const { asked, sets, url } = await transmitter({ one: site.event() }, 1);
    const stop = new AbortController();
    const failures: unknown[] = [];
    const polling = site.signals.poll({
      ...{ endpoint: url, signal: stop.signal },
      failed(error) {
        failures.push(error);
        if (failures.length === 2) fails = false;
      },
    });
    await until(() => Object.keys(sets).length === 0);
    stop.abort();
    await polling;
    expect(failures).toHaveLength(2);
    expect(asked.map(({ ack }) => ack)).toEqual([[], [], ['one']]);
  });

  test('mistakes', async () => {
    const { signals } = new Site();
    const { signal } = new AbortController();
    await expect(signals.poll({ endpoint: 'http://id.example.org', signal })).rejects.toThrow('must be an https URL');
    await expect(signals.poll({ endpoint: 'https://id.example.org' } as never)).rejects.toThrow('signal must be');
  });
});
