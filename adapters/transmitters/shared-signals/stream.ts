import { randomBytes } from 'node:crypto';
import { type Awaitable, isPlainObject, kindOf, ofApp, shown } from '../../../src/adapter.ts';
import type { JsonWebKey } from '../../../src/jwt/index.ts';
import { parseAudience } from '../../../src/jwt/issuer.ts';
import { isSecret, parseSecretHashes } from '../../receivers/clients/secret.ts';
import type { AccessMessage } from '../delivery.ts';
import { parseTarget } from '../shared/post.ts';
import { SIGNER_KEYS, Signer, type SignerOptions } from '../shared/signer.ts';
import { parseStatusStore, type StatusStore, type StreamStatus } from './status.ts';
import { type SignalSubject, subjectOf } from './subject.ts';

/** Options of a stream of the Shared Signals Framework 1.0. */
export interface StreamOptions extends SignerOptions {
  /** The `stream_id`: 1 to 64 characters of `A-Z a-z 0-9 . _ ~ -`, unique at this issuer. Default `'default'`. */
  readonly id?: string | undefined;
  /** The receiver (`aud`): 1 to 16 names of one receiver. */
  readonly audience: string | readonly string[];
  /** Where events are sent, or where the receiver fetches them: an https URL; http only on loopback. */
  readonly endpoint: string | URL;
  /**
   * Names the subject of a message. `null` says nothing to this receiver. Default: `iss_sub` of the issuer and the app's id of
   * the user, with the public id of the session that ended alone, or with the account.
   */
  readonly subject?: ((message: AccessMessage) => Awaitable<SignalSubject | null>) | undefined;
  /**
   * Where the status of the stream is kept. Default: the memory of this process, so a status is lost with the process, and other
   * processes do not know it.
   */
  readonly status?: StatusStore | undefined;
}

/** The configuration of a stream, by the names of SSF 1.0, 8.1.1. */
export interface StreamConfiguration {
  /** The id of the stream. */
  readonly stream_id: string;
  /** The issuer. */
  readonly iss: string;
  /** The receiver. */
  readonly aud: string | readonly string[];
  /** The types of events that exist here. */
  readonly events_supported: readonly string[];
  /** The types of events that were agreed on. */
  readonly events_requested: readonly string[];
  /** The types of events that are sent. */
  readonly events_delivered: readonly string[];
  /** How events are sent. */
  readonly delivery: {
    /** `'urn:ietf:rfc:8935'` (push) or `'urn:ietf:rfc:8936'` (poll). */
    readonly method: string;
    /** The endpoint of the receiver (push) or of the transmitter (poll). */
    readonly endpoint_url: string;
  };
}

/** What a way of delivery does for its stream. */
export interface StreamDelivery {
  readonly method: string;
  /** Transmits a verification event. Returns `false` if too many wait. */
  transmit(set: string, jti: string): Promise<boolean>;
  /** Drops what waits. */
  discard?(): Promise<void>;
}

export const STREAM_KEYS: readonly string[] = [
  ...SIGNER_KEYS,
  ...['id', 'audience', 'endpoint', 'subject', 'status', 'secretHash'],
];

const REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const VERIFICATION = 'https://schemas.openid.net/secevent/ssf/event-type/verification';
const TYPE = 'secevent+jwt';
/** RFC 3986, 2.3. */
const ID = /^[\w.~-]{1,64}$/;
const ID_BYTES = 16;

/** A stream of security events to one receiver. {@link sharedSignalsEndpoints} takes streams. */
export class SignalStream {
  /** The `stream_id`. */
  readonly id: string;
  /** The configuration, as the configuration endpoint tells it. */
  readonly configuration: StreamConfiguration;
  /** The URL at which the stream delivers. @internal */
  readonly endpoint: URL;
  readonly #signer: Signer;
  readonly #subject: NonNullable<StreamOptions['subject']>;
  readonly #status: StatusStore;
  readonly #secretHashes: readonly string[] | null;
  readonly #delivery: StreamDelivery;

  /** @internal */
  constructor(
    options: StreamOptions & { readonly secretHash?: string | readonly string[] | undefined },
    delivery: StreamDelivery,
  ) {
    const { id = 'default', audience, endpoint, subject, status, secretHash, issuer, keys } = options;
    if (typeof id !== 'string' || !ID.test(id)) {
      throw new TypeError(`id is ${shown(id)}; allowed are 1 to 64 characters of A-Z a-z 0-9 . _ ~ -`);
    }
    if (subject !== undefined && typeof subject !== 'function') {
      throw new TypeError(`subject must be a function, not ${kindOf(subject)}`);
    }
    this.id = id;
    this.endpoint = parseTarget('endpoint', endpoint);
    this.#signer = new Signer({ issuer, keys });
    this.#subject = subject ?? ((message) => subjectOf(this.#signer.issuer, message));
    this.#status = parseStatusStore(status);
    this.#secretHashes = secretHash === undefined ? null : parseSecretHashes('secretHash', secretHash);
    this.#delivery = delivery;
    const [first, ...others] = parseAudience('audience', audience);
    const events = [REVOKED];
    this.configuration = Object.freeze({
      ...{ stream_id: id, iss: this.#signer.issuer, aud: others.length === 0 ? first : [first, ...others] },
      ...{ events_supported: events, events_requested: events, events_delivered: events },
      delivery: { method: delivery.method, endpoint_url: this.endpoint.href },
    });
  }

  /** The public keys of the issuer. @internal */
  get jwks(): readonly JsonWebKey[] {
    return this.#signer.jwks;
  }

  /** Tells whether the receiver has a secret at all. @internal */
  get hasSecret(): boolean {
    return this.#secretHashes !== null;
  }

  /** Tells whether a secret is the receiver's, in constant time. @internal */
  isReceiver(secret: string): boolean {
    return isSecret(secret, this.#secretHashes);
  }

  /** Reads the status of the stream, which the receiver chooses. */
  async readStatus(): Promise<StreamStatus> {
    return this.#status.read();
  }

  /**
   * Changes the status as the receiver asked. Drops what waits for a receiver that fetches, if the stream was disabled. (A change
   * by the transmitter would have to be told: SSF 1.0, 8.1.5.) @internal
   */
  async writeStatus(status: StreamStatus): Promise<void> {
    const before = await this.readStatus();
    if (before.status === 'disabled' && status.status !== 'disabled') await this.#delivery.discard?.();
    await this.#status.write(status);
  }

  /**
   * Signs a message as a security event token (RFC 8417), with the same claims each time. Returns `null` if the receiver must not
   * hear of it. @internal
   */
  async tokenOf(message: AccessMessage): Promise<string | null> {
    const subject = await ofApp(() => this.#subject(message));
    if (subject === null) return null;
    if (!isPlainObject(subject) || typeof subject.format !== 'string') {
      throw new TypeError('subject must give an object with a format (RFC 9493), or null');
    }
    const { id, at, type, reason, initiator } = message;
    const seconds = Math.floor(at / 1000);
    const event = { event_timestamp: seconds, initiating_entity: initiator, reason_admin: { en: reason ?? type } };
    return this.#sign(id, seconds, subject, { [REVOKED]: event });
  }

  /**
   * Transmits a verification event (SSF 1.0, 8.1.4). Returns `false` if too many wait for the receiver.
   * @param state a text of the receiver. Default: none.
   */
  async verify(state?: string | undefined): Promise<boolean> {
    const jti = randomBytes(ID_BYTES).toString('base64url');
    const events = { [VERIFICATION]: state === undefined ? {} : { state } };
    const subject = { format: 'opaque', id: this.id };
    return this.#delivery.transmit(await this.#sign(jti, Math.floor(Date.now() / 1000), subject, events), jti);
  }

  #sign(jti: string, iat: number, sub_id: object, events: object): Promise<string> {
    const { aud } = this.configuration;
    return this.#signer.sign(TYPE, { aud, iat, jti, txn: jti, sub_id, events });
  }
}
