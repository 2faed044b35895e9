import { randomUUID } from 'node:crypto';
import { createSessions, type Sessions, type SessionsOptions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import type { ProviderOptions, Receiver } from 'session-revocation/receivers';
import { TestClock } from '../../frameworks/http/site.ts';
import { SigningKey } from '../../src/jwt/support/issuer.ts';
import { type Answer, answerOf } from './endpoints.ts';

export const PROVIDER = 'https://id.example.org';
export const OTHER_PROVIDER = 'https://other.example.org';
export const CLIENT = 'app-1';
export const PROVIDER_KEY = new SigningKey('one');
export const STRANGER = new SigningKey('one');

/** Options of a receiver of tokens of the provider. */
export const PROVIDED: ProviderOptions = {
  ...{ issuer: PROVIDER, audience: CLIENT, jwks: [PROVIDER_KEY.jwk], algorithms: ['ES256'] },
};

/** A realm whose users sign in at the provider. */
export class FederatedRealm {
  readonly clock: TestClock = new TestClock();
  readonly sessions: Sessions;

  constructor(options: Partial<SessionsOptions> = {}) {
    this.sessions = createSessions({ store: memoryStore(), clock: this.clock, ...options });
  }

  /** Unix seconds. */
  get seconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  async signIn(sid: string, sub: string, { user = sub, issuer = PROVIDER, account = '' } = {}): Promise<string> {
    const federated = { issuer, sid, sub, fence: await this.sessions.fence({ issuer }) };
    const who = account === '' ? { user } : { user, account };
    const started = await this.sessions.start({ ...who, fence: await this.sessions.fence(who), federated });
    if (!started.ok) throw new Error(started.reason);
    return started.token;
  }

  async isLive(token: string): Promise<boolean> {
    return (await this.sessions.check(token)).ok;
  }

  /** Claims that all tokens of the provider have. */
  claims(changes: object = {}): object {
    const iat = this.seconds;
    return { iss: PROVIDER, aud: CLIENT, iat, exp: iat + 120, jti: randomUUID(), ...changes };
  }
}

export const post = (
  receiver: Receiver,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  answerOf(
    receiver,
    new Request('https://app.example.org/', { method: 'POST', headers: { 'content-type': type, ...headers }, body }),
  );
