import { createSessions } from 'session-revocation';
import {
  type ExternalTokens,
  externalTokens,
  type TokenClaims,
  type TokenGuard,
  tokenGuard,
} from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { API, Issuer } from './support/issuer.ts';

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;
const SECOND = 1_000;

describe('the access tokens of a real OpenID provider', { timeout: TEST_TIMEOUT }, () => {
  let issuer: Issuer;
  let tokens: ExternalTokens;
  // Time stands still until a test moves it, here and at the provider.
  let now = Date.UTC(2030, 0, 1);
  const pass = (ms: number): void => {
    now += ms;
    vi.setSystemTime(now);
  };

  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now });
    issuer = await Issuer.start();
    tokens = externalTokens({
      ...{ issuer: issuer.url, audience: API, algorithms: ['ES256'], jwks: `${issuer.url}/jwks`, timeout: '30s' },
    });
  }, TEST_TIMEOUT);
  afterAll(async () => {
    await issuer.stop();
    vi.useRealTimers();
  });
  beforeEach(() => pass(SECOND));

  async function app(authTime: 'auth_time' | 'iat' = 'auth_time') {
    const sessions = createSessions({ store: memoryStore() });
    const guard = tokenGuard(sessions, { issuer: issuer.url, authTime });
    await guard.setup();
    return { sessions, guard };
  }

  async function claimsIn(jwt: string): Promise<TokenClaims> {
    const verified = await tokens.verify(jwt);
    if (!verified.ok) throw new Error(verified.reason);
    return verified.claims;
  }

  /** Returns the user if an API accepts the token, or the reason of its refusal. */
  async function word(guard: TokenGuard, jwt: string): Promise<string> {
    const verdict = await guard.check(await claimsIn(jwt));
    return verdict.ok ? verdict.user : verdict.reason;
  }

  test('SES-12: pass, and stop at Sign out everywhere, refreshed ones too; those of a new sign-in pass', async () => {
    const { sessions, guard } = await app();
    const ann = await issuer.signIn('ann');
    const bob = await issuer.signIn('bob');
    expect([await word(guard, ann.access_token), await word(guard, bob.access_token)]).toEqual(['ann', 'bob']);

    pass(SECOND);
    await sessions.revoke({ user: 'ann' }, { by: 'ann', reason: 'signed-out-everywhere' });
    expect([await word(guard, ann.access_token), await word(guard, bob.access_token)]).toEqual(['revoked', 'bob']);
    pass(10 * SECOND);
    const refreshed = await issuer.refresh(ann);
    expect(refreshed.access_token).not.toBe(ann.access_token);
    expect(await word(guard, refreshed.access_token), 'a refresh is no authentication').toBe('revoked');
    const again = await issuer.signIn('ann');
    expect(await word(guard, again.access_token)).toBe('ann');
  });

  test('by iat, a refresh would bring them back', async () => {
    const { sessions, guard } = await app('iat');
    const ann = await issuer.signIn('ann');
    pass(SECOND);
    await sessions.revoke({ user: 'ann' });
    expect(await word(guard, ann.access_token)).toBe('revoked');
    pass(10 * SECOND);
    expect(await word(guard, (await issuer.refresh(ann)).access_token)).toBe('ann');
  });

  test('of one browser are spared where the others are signed out', async () => {
    const { guard } = await app();
    const [here, there] = [await issuer.signIn('ann'), await issuer.signIn('ann')];
    pass(SECOND);
    expect(await guard.signOutOthers(await claimsIn(here.access_token))).toMatchObject({ revoked: true });
    pass(10 * SECOND);
    expect(await word(guard, here.access_token)).toBe('ann');
    expect(await word(guard, (await issuer.refresh(here)).access_token)).toBe('ann');
    expect(await word(guard, there.access_token)).toBe('revoked');
    expect(await word(guard, (await issuer.refresh(there)).access_token)).toBe('revoked');
  });

  test('JWT-10: one of them is denied by its jti', async () => {
    const { guard } = await app();
    const ann = await issuer.signIn('ann');
    const { jti, exp } = await claimsIn(ann.access_token);
    await guard.revoke({ jti: jti as string, expiresAt: (exp as number) * 1000 });
    expect(await word(guard, ann.access_token)).toBe('denied');
    expect(await word(guard, (await issuer.refresh(ann)).access_token)).toBe('ann');
  });

  test('are no access tokens for another API, nor from another issuer', async () => {
    const { access_token } = await issuer.signIn('ann');
    const options = { audience: API, algorithms: ['ES256'], jwks: `${issuer.url}/jwks`, timeout: '30s' } as const;
    const other = externalTokens({ ...options, issuer: issuer.url, audience: 'https://other.example' });
    const elsewhere = externalTokens({ ...options, issuer: 'https://other.example' });
    expect(await other.verify(access_token)).toMatchObject({ reason: 'invalid' });
    expect(await elsewhere.verify(access_token)).toMatchObject({ reason: 'invalid' });
  });
});
