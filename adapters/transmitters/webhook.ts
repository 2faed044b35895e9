import { createHmac, randomBytes } from 'node:crypto';
import { inCall, kindOf, parseArguments, shown } from '../../src/adapter.ts';
import { type Delivery, Undeliverable } from './delivery.ts';
import { notAccepted, parseTarget, post } from './shared/post.ts';

/** Options of {@link webhook}. */
export interface WebhookOptions {
  /** Where the receiver listens: an https URL; http only on loopback. Redirects are not followed. */
  readonly url: string | URL;
  /**
   * The secret that you share with this receiver alone: see {@link newWebhookSecret}. With several, at most 8, a request has a
   * signature for each, for the time of a replacement.
   */
  readonly secret: string | readonly string[];
  /** More headers, such as `authorization`. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const KEYS = ['url', 'secret', 'headers'];
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SECRET_BYTES = 32;
/** Standard Webhooks 1.0.0, Signature scheme. */
const [MIN_SECRET, MAX_SECRET] = [24, 64];
const MAX_SECRETS = 8;
const GONE = 410;

/** Creates a secret of 256 random bits for {@link webhook}: `whsec_` and base64. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/**
 * Delivers messages as webhooks (Standard Webhooks 1.0.0). The body is `{ type, timestamp, data }`: the name of the event, its
 * time as ISO 8601, and all other members of {@link AccessEvent}.
 *
 * The header `webhook-id` is the id of the message, and the same in each attempt: receivers should act on an id once. The
 * header `webhook-signature` has an HMAC-SHA256 of id, time and body for each secret.
 *
 * Every 2xx is a success. After a 410, the message is set aside. Every other answer is tried again.
 * @param options the receiver.
 * @throws `TypeError` that names the option, the problem, and the allowed values. It does not show a secret.
 */
export function webhook(options: WebhookOptions): Delivery {
  return inCall('webhook({ url, secret })', () => {
    const input = parseArguments<WebhookOptions>('options', options, KEYS);
    const url = parseTarget('url', input.url);
    const secrets = parseSecrets(input.secret);
    const own = parseHeaders(input.headers);
    return {
      async deliver({ id, at, type, ...data }, signal) {
        const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
        const timestamp = String(Math.floor(Date.now() / 1000));
        const signed = `${id}.${timestamp}.${body}`;
        const signatures = secrets.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
        const headers = {
          ...own,
          ...{ 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp },
          'webhook-signature': signatures.join(' '),
        };
        const answer = await post(url, headers, body, signal);
        if (answer.status === GONE) throw new Undeliverable(`${url.host} answered 410: it wants no more webhooks`);
        if (answer.status < 200 || answer.status > 299) throw notAccepted(url, answer);
      },
    };
  });
}

function parseSecrets(value: unknown): readonly Buffer[] {
  const secrets: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (secrets.length === 0 || secrets.length > MAX_SECRETS) {
    throw new TypeError(`secret must be a secret, or an array of 1 to ${MAX_SECRETS} of them`);
  }
  return secrets.map((secret) => {
    const [, text = ''] = (typeof secret === 'string' && SECRET.exec(secret)) || [];
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length >= MIN_SECRET && bytes.length <= MAX_SECRET) return bytes;
    const allowed = `'whsec_' and ${MIN_SECRET} to ${MAX_SECRET} bytes as base64`;
    throw new TypeError(`secret must be text of ${allowed}; newWebhookSecret() makes one`);
  });
}

function parseHeaders(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`headers must be an object of names and texts, not ${kindOf(value)}`);
  }
  let headers: Headers;
  try {
    headers = new Headers(value as Record<string, string>);
  } catch {
    throw new TypeError('headers has a name or a value that HTTP does not allow');
  }
  const own = [...headers.keys()].find((name) => name === 'content-type' || name.startsWith('webhook-'));
  if (own !== undefined) throw new TypeError(`headers has ${shown(own)}, which webhook() sets itself; leave it out`);
  return Object.fromEntries(headers);
}
