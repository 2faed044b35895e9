import {
  type GlobalTokenRevocationOptions,
  globalTokenRevocation,
  type SimpleSubject,
} from 'session-revocation/receivers';
import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../adapters/engines/memory/index.ts';
import { around } from '../../src/testing/harness/wrappers.ts';
import type { SigningKey } from '../src/jwt/support/issuer.ts';
import type { Answer } from './support/endpoints.ts';
import { CLIENT, FederatedRealm, OTHER_PROVIDER, PROVIDED, PROVIDER_KEY, post, STRANGER } from './support/provider.ts';

const ENDPOINT = 'https://app.example.org/global-token-revocation';
const HEADER = { typ: 'global-token-revocation+jwt' };
const USERS: Readonly<Record<string, string>> = { 'ann@acme.example': 'ann', 'bob@acme.example': 'bob' };
const EMAIL = { format: 'email', email: 'ann@acme.example' };

class Site extends FederatedRealm {
  readonly receive;
  readonly asked: SimpleSubject[] = [];

  constructor(
    changes: Partial<GlobalTokenRevocationOptions> = {},
    ...given: ConstructorParameters<typeof FederatedRealm>
  ) {
    super(...given);
    const user = (subject: SimpleSubject): string | null => {
      this.asked.push(subject);
      if (subject.format === 'email') return USERS[subject.email] ?? null;
      return subject.format === 'iss_sub' ? subject.sub : null;
    };
    this.receive = globalTokenRevocation(this.sessions, {
      ...{ ...PROVIDED, draft: '06', audience: ENDPOINT, client: CLIENT, user },
      ...changes,
    });
  }

  bearer(changes: object = {}, header: object = HEADER, key: SigningKey = PROVIDER_KEY): Record<string, string> {
    const token = key.token(this.claims({ aud: ENDPOINT, sub: CLIENT, ...changes }), header);
    return { authorization: `Bearer ${token}` };
  }

  send(body: unknown, headers: Record<string, string> = this.bearer()): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return post(this.receive, 'application/json', text, headers);
  }
}

describe('globalTokenRevocation', () => {
  test('GTR-1, GTR-6, GTR-8: all sessions of the user end, of every kind; 204, again 204, and 204 without a session', async () => {
    const site = new Site({}, { kinds: { api: { survives: ['user'] } } });
    const cookie = await site.signIn('s1', 'ann');
    const who = { user: 'ann', kind: 'api' };
    const api = await site.sessions.start({ ...who, fence: await site.sessions.fence({ user: 'ann' }) });
    const other = await site.signIn('s2', 'bob');
    const answer = await site.send({ sub_id: EMAIL });
    expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([204, '', 'no-store']);
    expect(await site.isLive(cookie)).toBe(false);
    expect(api.ok && (await site.isLive(api.token))).toBe(false);
    expect(await site.isLive(other)).toBe(true);
    expect((await site.send({ sub_id: EMAIL })).status).toBe(204);
    expect((await site.send({ sub_id: { format: 'email', email: 'bob@acme.example' } })).status).toBe(204);
  });

  test('GTR-5: a sign-in that is under way is refused, too', async () => {
    const site = new Site();
    const fence = await site.sessions.fence({ user: 'ann' });
    await site.send({ sub_id: EMAIL });
    expect(await site.sessions.start({ user: 'ann', fence })).toMatchObject({ ok: false, reason: 'superseded' });
  });

  test('SET-12: every format of a subject reaches the app as it is', async () => {
    const site = new Site();
    const subjects = [
      { format: 'account', uri: 'acct:ann@acme.example' },
      { format: 'did', url: 'did:example:ann' },
      { format: 'iss_sub', iss: OTHER_PROVIDER, sub: 'ann' },
      { format: 'opaque', id: '7' },
      { format: 'phone_number', phone_number: '+12065550100' },
      { format: 'uri', uri: 'urn:example:ann' },
    ];
    for (const sub_id of subjects) await site.send({ sub_id });
    expect(site.asked).toEqual(subjects);
  });

  test('SET-12: all aliases must be of one user', async () => {
    const site = new Site();
    const token = await site.signIn('s1', 'ann');
    const aliases = (...identifiers: object[]) => site.send({ sub_id: { format: 'aliases', identifiers } });
    expect((await aliases(EMAIL, { format: 'email', email: 'bob@acme.example' })).status).toBe(404);
    expect((await aliases(EMAIL, { format: 'opaque', id: 'unknown' })).status).toBe(404);
    expect(await site.isLive(token)).toBe(true);
    expect((await aliases(EMAIL, { format: 'iss_sub', iss: OTHER_PROVIDER, sub: 'ann' })).status).toBe(204);
    expect(await site.isLive(token)).toBe(false);
  });

  test('GTR-4: a user in one account ends there only', async () => {
    const site = new Site({ user: () => ({ user: 'ann', account: 'acme' }) });
    const [acme, beta] = [
      await site.signIn('s1', 'ann', { account: 'acme' }),
      await site.signIn('s2', 'ann', { account: 'beta' }),
    ];
    await site.send({ sub_id: EMAIL });
    expect([await site.isLive(acme), await site.isLive(beta)]).toEqual([false, true]);
  });

  test('GTR-7: an unknown user is 404, and nothing ends', async () => {
    const site = new Site();
    const answer = await site.send({ sub_id: { format: 'email', email: 'eve@acme.example' } });
    expect(answer.status).toBe(404);
  });

  test.each<[string, unknown]>([
    ['bad JSON', '{'],
    ['an array', []],
    ['no sub_id', {}],
    ['a second property', { sub_id: EMAIL, more: 1 }],
    ['an unknown format', { sub_id: { format: 'ip', ip: '192.0.2.1' } }],
    ['a format of another object', { sub_id: { format: 'toString' } }],
    ['a missing member', { sub_id: { format: 'iss_sub', iss: OTHER_PROVIDER } }],
    ['an empty member', { sub_id: { format: 'email', email: '' } }],
    ['SET-11: a member that is not described', { sub_id: { ...EMAIL, name: 'Ann' } }],
    ['no alias', { sub_id: { format: 'aliases', identifiers: [] } }],
    ['a nested alias', { sub_id: { format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [EMAIL] }] } }],
    ['too many aliases', { sub_id: { format: 'aliases', identifiers: Array(17).fill(EMAIL) } }],
  ])('GTR-1, GTR-7: 400 for %s', async (_, body) => {
    const site = new Site();
    expect((await site.send(body)).status).toBe(400);
    expect(site.asked).toEqual([]);
  });

  test.each<[string, (site: Site) => Record<string, string>]>([
    ['no token', () => ({})],
    ['another scheme', () => ({ authorization: 'Basic YTpi' })],
    ['a token of another type', (site) => site.bearer({}, { typ: 'at+jwt' })],
    ['no type', (site) => site.bearer({}, { typ: undefined })],
    ['another issuer', (site) => site.bearer({ iss: OTHER_PROVIDER })],
    ['another endpoint', (site) => site.bearer({ aud: `${ENDPOINT}/2` })],
    ['another client', (site) => site.bearer({ sub: 'app-2' })],
    ['no exp', (site) => site.bearer({ exp: undefined })],
    ['an old token', (site) => site.bearer({ exp: site.seconds - 60 })],
    ['a token that is not valid yet', (site) => site.bearer({ nbf: site.seconds + 60 })],
    ['no jti', (site) => site.bearer({ jti: undefined })],
    ['a stranger', (site) => site.bearer({}, HEADER, STRANGER)],
  ])(
    'GTR-2, GTR-3: 401 for %s, the same for a user who exists and one who does not, before the app is asked',
    async (_, make) => {
      const site = new Site();
      const answers = [];
      for (const email of ['ann@acme.example', 'nobody@acme.example']) {
        answers.push(await site.send({ sub_id: { format: 'email', email } }, make(site)));
      }
      const [known, unknown] = answers as [Answer, Answer];
      expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
      expect(known.status).toBe(401);
      expect(known.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(site.asked).toEqual([]);
    },
  );

  test('GTR-3: a token is valid once', async () => {
    const site = new Site();
    const bearer = site.bearer();
    expect((await site.send({ sub_id: EMAIL }, bearer)).status).toBe(204);
    const since = await site.signIn('s9', 'ann');
    expect((await site.send({ sub_id: EMAIL }, bearer)).status).toBe(401);
    expect(await site.isLive(since)).toBe(true);
  });

  test('in an outage 503, and never 204', async () => {
    const store = around(memoryStore(), (verb, ask) => {
      if (verb === 'advance') throw new Error('connection refused');
      return ask();
    });
    const site = new Site({}, { store });
    expect((await site.send({ sub_id: EMAIL })).status).toBe(503);
  });

  test('mistakes', async () => {
    const { sessions } = new FederatedRealm();
    const options = { ...PROVIDED, draft: '06', client: CLIENT, user: () => null } as const;
    for (const [change, message] of [
      [{ draft: undefined }, 'draft is'],
      [{ client: '' }, 'client must be'],
      [{ user: 'ann' }, 'user must be a function'],
    ] as const) {
      expect(() => globalTokenRevocation(sessions, { ...options, ...change } as never)).toThrow(message);
    }
    const site = new Site({ user: (() => 7) as never });
    await expect(site.send({ sub_id: EMAIL })).rejects.toThrow('user must give the id of a user');
  });
});
