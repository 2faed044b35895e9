import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createSessions, type Sessions } from 'session-revocation';
import { type ExternalTokens, externalTokens } from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { backChannelLogout, nodeListener, type Receiver } from 'session-revocation/receivers';
import { CookieJar } from 'tough-cookie';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Issuer, type SignInAs } from './support/issuer.ts';

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

interface SignIn extends SignInAs {
  readonly client: 'by-sid' | 'by-sub';
  /** Runs after the app got the tokens. */
  readonly beforeStart?: () => Promise<unknown>;
}

describe('a logout at a real OpenID provider', { timeout: TEST_TIMEOUT }, () => {
  const app = express();
  const server = createServer(app);
  const sessions: Sessions = createSessions({ store: memoryStore() });
  const idTokens = new Map<string, ExternalTokens>();
  let issuer: Issuer;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = await Issuer.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (const client of ['by-sid', 'by-sub'] as const) {
      const party = {
        issuer: issuer.url,
        audience: client,
        jwks: `${issuer.url}/jwks`,
        algorithms: ['ES256'],
      } as const;
      const receiver: Receiver = backChannelLogout(sessions, { ...party, typ: 'logout+jwt', timeout: '30s' });
      app.post(`/${client}`, nodeListener(receiver));
      idTokens.set(client, externalTokens({ ...party, typ: 'JWT', timeout: '30s' }));
    }
  }, TEST_TIMEOUT);
  afterAll(async () => {
    await issuer.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Signs in like the callback of an app, and returns the result of `start`. */
  async function signIn(user: string, { beforeStart, ...how }: SignIn) {
    const fence = await sessions.fence({ issuer: issuer.url });
    const { id_token } = await issuer.signIn(user, how);
    const verified = await idTokens.get(how.client)!.verify(id_token);
    if (!verified.ok) throw new Error(verified.reason);
    const { sid, sub } = verified.claims as { sid?: string; sub: string };
    await beforeStart?.();
    const federated = { issuer: issuer.url, sid, sub, fence };
    return sessions.start({ user, fence: await sessions.fence({ user }), federated });
  }

  async function started(user: string, how: SignIn): Promise<string> {
    const result = await signIn(user, how);
    if (!result.ok) throw new Error(result.reason);
    return result.token;
  }

  const live = async (...tokens: string[]): Promise<boolean[]> =>
    Promise.all(tokens.map(async (token) => (await sessions.check(token)).ok));

  test('BCL-9: by sid ends the session of that browser, and no other of the user', async () => {
    const [phone, laptop] = [new CookieJar(), new CookieJar()];
    const tokens = [
      await started('ann', { client: 'by-sid', jar: phone }),
      await started('ann', { client: 'by-sid', jar: laptop }),
      await started('bob', { client: 'by-sid' }),
    ];
    await issuer.signOut(phone);
    expect(await live(...tokens)).toEqual([false, true, true]);
    expect(await sessions.check(tokens[0])).toMatchObject({ end: { ended: { reason: 'signed-out-at-provider' } } });
  });

  test('BCL-9: by sub ends all sessions of the user that began from this provider', async () => {
    const jar = new CookieJar();
    const tokens = [
      await started('eve', { client: 'by-sub', jar }),
      await started('eve', { client: 'by-sub' }),
      await started('joe', { client: 'by-sub' }),
    ];
    const issuerElsewhere = 'https://other.example.org';
    const federated = { issuer: issuerElsewhere, sub: 'eve', fence: await sessions.fence({ issuer: issuerElsewhere }) };
    const elsewhere = await sessions.start({ user: 'eve', fence: await sessions.fence({ user: 'eve' }), federated });
    await issuer.signOut(jar);
    expect(await live(...tokens)).toEqual([false, false, true]);
    expect(elsewhere.ok && (await live(elsewhere.token))).toEqual([true]);
    // A new sign-in is a new authentication.
    expect(await live(await started('eve', { client: 'by-sub' }))).toEqual([true]);
  });

  test.each(['by-sid', 'by-sub'] as const)(
    '%s: a logout between the callback and the start leaves no session',
    async (client) => {
      const jar = new CookieJar();
      const beforeStart = (): Promise<void> => issuer.signOut(jar);
      expect(await signIn('max', { client, jar, beforeStart })).toMatchObject({ ok: false, reason: 'superseded' });
      expect((await sessions.list({ user: 'max' })).sessions).toEqual([]);
    },
  );
});
