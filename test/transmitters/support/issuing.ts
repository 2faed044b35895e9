import { createSessions, type Sessions, type SessionsOptions } from 'session-revocation';
import { type GeneratedKey, generateKey } from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import type { ProviderOptions } from 'session-revocation/receivers';
import type {
  AccessMessage,
  Delivery,
  FailedDelivery,
  TransmitOptions,
  Transmitter,
} from 'session-revocation/transmitters';
import { transmit } from 'session-revocation/transmitters';
import { onTestFinished } from 'vitest';
import { adapterHandle, type OutboxMessage } from '../../../src/adapter.ts';

export const ISSUER = 'https://id.example.org';
export const AUDIENCE = 'https://rp.example.org';
export const QUEUE = 'crm';

export const KEY: Extract<GeneratedKey, { publicKey: unknown }> = newKey('ES256');

export function newKey(alg: 'ES256' | 'EdDSA' | 'RS256'): Extract<GeneratedKey, { publicKey: unknown }> {
  const key = generateKey(alg);
  if (key.alg === 'HS256') throw new Error('not a pair');
  return key;
}

/** How a receiver verifies the tokens of {@link ISSUER}. */
export const PROVIDED: ProviderOptions = {
  ...{ issuer: ISSUER, audience: AUDIENCE, algorithms: ['ES256'] },
  jwks: [{ ...KEY.publicKey, kid: KEY.kid, alg: KEY.alg }],
};

/** A realm that tells other systems of its revocations. */
export class IssuingRealm {
  readonly sessions: Sessions;
  readonly failures: FailedDelivery[] = [];

  constructor({
    outbox = [QUEUE],
    ...options
  }: Partial<SessionsOptions> & { readonly outbox?: readonly string[] } = {}) {
    this.sessions = createSessions({ store: memoryStore(), ...options, audit: { outbox } });
  }

  /** Returns the public id of a new session. */
  async signIn(user: string, account?: string): Promise<string> {
    const who = account === undefined ? { user } : { user, account };
    const started = await this.sessions.start({ ...who, fence: await this.sessions.fence(who) });
    if (!started.ok) throw new Error(started.reason);
    return started.session.id;
  }

  /** Queues one message for each user, in this order. */
  async revoke(...users: readonly string[]): Promise<void> {
    for (const user of users) await this.sessions.revoke({ user });
  }

  /** Delivers to one receiver. The pauses are short, and the transmitter is closed after the test. */
  to(delivery: Delivery, options: Partial<TransmitOptions> = {}): Transmitter {
    const transmitter = transmit(this.sessions, {
      ...{ receivers: { [QUEUE]: delivery }, pauses: [0, 0], every: '50ms', timeout: '1s' },
      failed: (failure) => this.failures.push(failure),
      ...options,
    });
    onTestFinished(() => transmitter.close());
    return transmitter;
  }

  async waiting(queue: string = QUEUE): Promise<readonly OutboxMessage[]> {
    return (await adapterHandle(this.sessions).outbox.read(queue, 1_000)).messages;
  }

  /** Returns the users of the messages in a queue. */
  async usersIn(queue: string = QUEUE): Promise<readonly (string | null)[]> {
    return (await this.waiting(queue)).map(({ body }) => (JSON.parse(body) as AccessMessage).user);
  }

  dead(): Promise<readonly (string | null)[]> {
    return this.usersIn(`${QUEUE}.dead`);
  }
}

/** A delivery that notes the messages, and does what the test says. */
export class NotedDelivery implements Delivery {
  readonly messages: AccessMessage[] = [];
  readonly #act: (message: AccessMessage, signal: AbortSignal) => unknown;

  constructor(act: (message: AccessMessage, signal: AbortSignal) => unknown = () => {}) {
    this.#act = act;
  }

  get users(): readonly (string | null)[] {
    return this.messages.map(({ user }) => user);
  }

  async deliver(message: AccessMessage, signal: AbortSignal): Promise<void> {
    this.messages.push(message);
    await this.#act(message, signal);
  }
}

/** Parses the parts of a token that nothing has verified. */
export function partsOf(token: string): {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
} {
  const [header, claims] = token
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString() || '{}'));
  return { header, claims };
}
