import { type BackChannelLogoutOptions, backChannelLogout } from 'session-revocation/receivers';
import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../adapters/engines/memory/index.ts';
import { sqliteStore } from '../../adapters/engines/sqlite/index.ts';
import { around } from '../../src/testing/harness/wrappers.ts';
import { base64url, KeyServer, SigningKey } from '../src/jwt/support/issuer.ts';
import { type Answer, answerOf } from './support/endpoints.ts';
import {
  CLIENT,
  FederatedRealm,
  OTHER_PROVIDER,
  PROVIDED,
  PROVIDER,
  PROVIDER_KEY,
  post,
  STRANGER,
} from './support/provider.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const FORM = 'application/x-www-form-urlencoded';
const HEADER = { typ: 'logout+jwt' };

class Site extends FederatedRealm {
  readonly receive;

  constructor(changes: Partial<BackChannelLogoutOptions> = {}, ...given: ConstructorParameters<typeof FederatedRealm>) {
    super(...given);
    this.receive = backChannelLogout(this.sessions, { ...PROVIDED, ...changes });
  }

  token(changes: object, header: object = HEADER, key: SigningKey = PROVIDER_KEY): string {
    return key.token(this.claims({ events: { [EVENT]: {} }, ...changes }), header);
  }

  send(token: string, more: Record<string, string> = {}): Promise<Answer> {
    return post(this.receive, FORM, new URLSearchParams({ logout_token: token, ...more }).toString());
  }
}

const refusal = (description: string) => ({ error: 'invalid_request', error_description: description });

describe('backChannelLogout', () => {
  test('BCL-1, BCL-9, BCL-11: by sid ends that session, and answers 200 with no-store', async () => {
    const site = new Site();
    const [one, two] = [await site.signIn('s1', 'u1'), await site.signIn('s2', 'u1')];
    const answer = await site.send(site.token({ sid: 's1', sub: 'u1' }), { state: 'ignored' });
    expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
    expect([await site.isLive(one), await site.isLive(two)]).toEqual([false, true]);
  });

  test('BCL-9: by sub ends all of that user at this provider, and nothing of another provider', async () => {
    const site = new Site();
    const mine = [await site.signIn('s1', 'u1'), await site.signIn('s2', 'u1')];
    const others = [await site.signIn('s3', 'u2'), await site.signIn('s1', 'u1', { issuer: OTHER_PROVIDER })];
    expect((await site.send(site.token({ sub: 'u1' }))).status).toBe(200);
    for (const token of mine) expect(await site.isLive(token)).toBe(false);
    for (const token of others) expect(await site.isLive(token)).toBe(true);
  });

  test('BCL-9: a sid and the sub of another user are refused, and nothing ends', async () => {
    const site = new Site();
    const token = await site.signIn('s1', 'u1');
    const answer = await site.send(site.token({ sid: 's1', sub: 'u2' }));
    expect([answer.status, answer.json]).toEqual([400, refusal('the sid belongs to another sub')]);
    expect(await site.isLive(token)).toBe(true);
  });

  test('BCL-10: an unknown session, and one that is over, are a success', async () => {
    const site = new Site();
    await site.signIn('s1', 'u1');
    for (const sid of ['s1', 's1', 'unknown']) expect((await site.send(site.token({ sid }))).status).toBe(200);
  });

  test('BCL-8: a token is valid once, so that a replay does not end sessions that began since', async () => {
    const site = new Site();
    await site.signIn('s1', 'u1');
    const logout = site.token({ sub: 'u1' });
    expect((await site.send(logout)).status).toBe(200);
    const again = await site.signIn('s2', 'u1');
    expect((await site.send(logout)).json).toEqual(refusal('the logout token was used before'));
    expect(await site.isLive(again)).toBe(true);
  });

  test('BCL-3: times may have fractions, on a store that keeps whole numbers, too', async () => {
    const site = new Site({}, { store: sqliteStore(':memory:') });
    const token = await site.signIn('s1', 'u1');
    const logout = site.token({ sid: 's1', exp: site.seconds + 100.0005 });
    expect((await site.send(logout)).status).toBe(200);
    expect(await site.isLive(token)).toBe(false);
    expect((await site.send(logout)).status).toBe(400);
  });

  test('BCL-8: after an outage, the provider may send the same token again', async () => {
    let fails = false;
    const store = around(memoryStore(), (verb, ask) => {
      if (fails && verb === 'list') throw new Error('connection refused');
      return ask();
    });
    const site = new Site({}, { store });
    const token = await site.signIn('s1', 'u1');
    const logout = site.token({ sid: 's1' });
    fails = true;
    const answer = await site.send(logout);
    expect([answer.status, answer.json.error]).toEqual([503, 'temporarily_unavailable']);
    expect(answer.headers.get('retry-after')).toBe('5');
    fails = false;
    expect((await site.send(logout)).status).toBe(200);
    expect(await site.isLive(token)).toBe(false);
  });

  test('BCL-2: keys from a URL, and new ones after the provider changed them; without them 503', async () => {
    const next = new SigningKey('two');
    const server = await KeyServer.start(PROVIDER_KEY.jwk);
    const site = new Site({ jwks: server.url });
    expect((await site.send(site.token({ sid: 's1' }))).status).toBe(200);
    server.keys = [next.jwk];
    // Unknown keys cause a request at most every 30 s, so another receiver stands for the time after that.
    const later = new Site({ jwks: server.url });
    expect((await later.send(later.token({ sid: 's1' }, { ...HEADER, kid: 'two' }, next))).status).toBe(200);
    const jwks = server.url;
    await server.stop();
    const cut = new Site({ jwks, timeout: '1s' });
    expect((await cut.send(cut.token({ sid: 's1' }))).status).toBe(503);
  });

  test('BCL-7: a token without a type, or of type JWT, is accepted; with the option typ it is not', async () => {
    const [site, strict] = [new Site(), new Site({ typ: 'logout+jwt' })];
    for (const typ of [undefined, 'JWT', 'application/logout+jwt']) {
      expect((await site.send(site.token({ sid: 's1' }, { typ }))).status).toBe(200);
    }
    for (const typ of [undefined, 'JWT']) {
      expect((await strict.send(strict.token({ sid: 's1' }, { typ }))).status).toBe(400);
    }
    expect((await strict.send(strict.token({ sid: 's1' }))).status).toBe(200);
  });

  test('the end is by the provider, for a reason that the user may see', async () => {
    const site = new Site({}, { audit: true });
    await site.signIn('s1', 'u1');
    await site.send(site.token({ sid: 's1' }));
    const { entries } = await site.sessions.audit({ user: 'u1', types: ['session.ended'] });
    expect(entries).toMatchObject([{ by: PROVIDER, reason: 'signed-out-at-provider', note: 'back-channel logout' }]);
  });
});

// The modules of the OpenID conformance plan `oidcc-client-back-channel-logout-rp`, and more.
const NEGATIVE: Readonly<Record<string, (site: Site) => string>> = {
  'alg-none': (site) => {
    const claims = site.claims({ events: { [EVENT]: {} }, sid: 's1' });
    return `${base64url({ alg: 'none', typ: 'logout+jwt' })}.${base64url(claims)}.`;
  },
  'with-nonce (BCL-6)': (site) => site.token({ sid: 's1', nonce: 'n' }),
  'with a nonce that is null (BCL-6)': (site) => site.token({ sid: 's1', nonce: null }),
  'wrong-iss (BCL-3)': (site) => site.token({ sid: 's1', iss: OTHER_PROVIDER }),
  'wrong-aud (BCL-3)': (site) => site.token({ sid: 's1', aud: 'app-2' }),
  'wrong-alg (BCL-2)': (site) => site.token({ sid: 's1' }, { ...HEADER, alg: 'HS256' }),
  'no event (BCL-5)': (site) => site.token({ sid: 's1', events: undefined }),
  'wrong event (BCL-5)': (site) => site.token({ sid: 's1', events: { 'http://schemas.openid.net/event/other': {} } }),
  'an event that is no object (BCL-5)': (site) => site.token({ sid: 's1', events: { [EVENT]: [] } }),
  'events that are no object (BCL-5)': (site) => site.token({ sid: 's1', events: [EVENT] }),
  'neither sid nor sub (BCL-4)': (site) => site.token({}),
  'no jti (BCL-3)': (site) => site.token({ sid: 's1', jti: undefined }),
  'no iat (BCL-3)': (site) => site.token({ sid: 's1', iat: undefined }),
  'no exp (BCL-3)': (site) => site.token({ sid: 's1', exp: undefined }),
  'expired (BCL-3)': (site) => site.token({ sid: 's1', exp: site.seconds - 10 }),
  'from the future (BCL-3)': (site) => site.token({ sid: 's1', iat: site.seconds + 300, exp: site.seconds + 400 }),
  'valid for longer than a day': (site) => site.token({ sid: 's1', exp: site.seconds + 90_000 }),
  'of another type (BCL-7)': (site) => site.token({ sid: 's1' }, { typ: 'at+jwt' }),
  'signed by a stranger (BCL-2)': (site) => site.token({ sid: 's1' }, HEADER, STRANGER),
  'a sid that is too long': (site) => site.token({ sid: 's'.repeat(257) }),
  'a sub that is no text': (site) => site.token({ sub: 7 }),
  'encrypted (BCL-13)': () => 'a.b.c.d.e',
  'no JWT': () => 'x',
};

describe('backChannelLogout refuses', () => {
  test.each(Object.entries(NEGATIVE))('%s', async (_, make) => {
    const site = new Site();
    const token = await site.signIn('s1', 'u1');
    const answer = await site.send(make(site));
    expect([answer.status, answer.json.error]).toEqual([400, 'invalid_request']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await site.isLive(token)).toBe(true);
  });

  test('BCL-1: no logout_token, two of them, another type of body, and GET', async () => {
    const site = new Site();
    expect((await post(site.receive, FORM, 'token=x')).json).toEqual(refusal('logout_token is missing'));
    expect((await post(site.receive, FORM, 'logout_token=x&logout_token=y')).status).toBe(400);
    expect((await post(site.receive, 'application/json', '{}')).status).toBe(415);
    expect((await answerOf(site.receive, new Request('https://app.example.org/'))).status).toBe(405);
  });
});

describe('mistakes in the options', () => {
  const { sessions } = new FederatedRealm();
  test.each([
    [{ audience: undefined }, 'audience'],
    [{ algorithms: [] }, 'algorithms must be'],
    [{ issuer: 'id.example.org' }, 'issuer'],
    [{ typ: 'JWT' }, "; allowed is 'logout+jwt'"],
    [{ client: CLIENT }, 'unknown option "client"'],
  ])('%j', (change, message) => {
    expect(() => backChannelLogout(sessions, { ...PROVIDED, ...change } as never)).toThrow(message);
  });
});
