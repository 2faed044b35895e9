import { claimed, shown } from '../../../src/adapter.ts';
import { isSecure } from '../../../src/jwt/issuer.ts';
import { parseRecord } from '../../receivers/shared/parse-record.ts';
import { NotDelivered, Undeliverable } from '../delivery.ts';

/** The answer of a receiver. */
export interface Answer {
  readonly status: number;
  /** At most 64 KiB of the body, read as UTF-8. Empty for a success. */
  readonly text: string;
  /** The header `Retry-After`, in ms; 0 for none. */
  readonly retryAfter: number;
}

const MAX_BYTES = 64 * 1024;

/** Parses the address of a receiver: an https URL, or http on loopback, without a user name and a password. */
export function parseTarget(name: string, value: unknown): URL {
  const url = URL.canParse(String(value)) ? new URL(String(value)) : null;
  if (url !== null && (url.username !== '' || url.password !== '')) {
    throw new TypeError(`${name} must hold no user name and no password: send a header instead`);
  }
  if (url !== null && isSecure(url)) return url;
  throw new TypeError(`${name} is ${shown(String(value))}; allowed is an https URL, and http on loopback`);
}

/**
 * Sends a body by POST. Follows no redirect: a 3xx is an answer like others.
 * @throws `NotDelivered` if there is no answer. The message names the host alone, because the rest of the URL may be secret.
 */
export async function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    const retryAfter = parseRetryAfter(response.headers.get('retry-after'));
    if (!response.ok) return { status: response.status, text: await textOf(response), retryAfter };
    // The status is the receiver's word. The body is read only so that the connection can be used again.
    textOf(response).catch(() => {});
    return { status: response.status, text: '', retryAfter };
  } catch (cause) {
    throw new NotDelivered(`${url.host} gave no answer: ${reasonOf(cause)}`, 0, { cause });
  }
}

/** The failure of an attempt by a status that the protocol does not know as a success. */
export const notAccepted = ({ host }: URL, { status, retryAfter }: Answer): NotDelivered =>
  new NotDelivered(`${host} answered ${status}`, retryAfter);

/** The failure of an attempt that need not be repeated. The members of the receiver's JSON by these names say why. */
export function refused({ host }: URL, { status, text }: Answer, ...names: readonly string[]): Undeliverable {
  const members = parseRecord(text) ?? {};
  const told = names.map((name) => members[name]).filter((one) => typeof one === 'string');
  const why = claimed(told.join(': '));
  return new Undeliverable(`${host} answered ${status}${why === null ? '' : ` (${why})`}`);
}

async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    parts.push(part);
    size += part.length;
    // Leaving the loop cancels the body.
    if (size >= MAX_BYTES) break;
  }
  return Buffer.concat(parts).subarray(0, MAX_BYTES).toString('utf8');
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(header: string | null): number {
  if (header === null) return 0;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/** `fetch` fails with a message that says nothing, and has the reason in `cause`. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  const inner = cause instanceof Error ? cause : error;
  const { code, message } = inner as { readonly code?: unknown; readonly message?: unknown };
  return String(typeof code === 'string' ? code : message);
}
