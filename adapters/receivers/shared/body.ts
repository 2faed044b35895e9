import { withTimeout } from '../../../src/adapter.ts';
import { invalidRequest } from './answer.ts';

export interface BodyLimits {
  readonly bytes: number;
  /** In ms, from the start of the reading to the last byte. */
  readonly timeout: number;
}

/** Holds two tokens of the maximum length, 8,192 characters each, and the other parameters. */
const LIMITS: BodyLimits = { bytes: 32 * 1024, timeout: 10e3 };

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
// A client may still be sending.
const CLOSE = { connection: 'close' };

/**
 * Reads a body of this type as text. Refuses it as soon as it is too large, or takes too long.
 * @throws `TypeError` if the app has read the body before.
 */
export async function readBody(request: Request, type: string, limits: BodyLimits = LIMITS): Promise<string> {
  const [named = ''] = (request.headers.get('content-type') ?? '').split(';', 1);
  if (named.trim().toLowerCase() !== type) {
    throw invalidRequest(`the body must be ${type}`, 415, { accept: type });
  }
  if (request.bodyUsed) throw new TypeError('the body was read already: mount the receiver before parsers of bodies');
  if (Number(request.headers.get('content-length') ?? 0) > limits.bytes) throw tooLarge(limits);
  const late = (): Error => invalidRequest(`the body took longer than ${limits.timeout} ms`, 408, CLOSE);
  return withTimeout(collect(request, limits), limits.timeout, late);
}

async function collect({ body }: Request, limits: BodyLimits): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    // On many servers, cancelling the body closes the connection before the answer is sent.
    for await (const part of body?.values({ preventCancel: true }) ?? []) {
      size += part.length;
      if (size > limits.bytes) break;
      parts.push(part);
    }
    if (size <= limits.bytes) return UTF_8.decode(Buffer.concat(parts));
  } catch {
    throw invalidRequest('the body broke off, or is not UTF-8');
  }
  throw tooLarge(limits);
}

const tooLarge = ({ bytes }: BodyLimits): Error => invalidRequest(`the body is larger than ${bytes} bytes`, 413, CLOSE);
