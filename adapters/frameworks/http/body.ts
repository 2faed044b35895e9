import { RequestProblem } from './answer.ts';
import { trimSpaces } from './whitespace.ts';

const MAX_BODY = 16 * 1024;
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

export const MEDIA_TYPES: readonly string[] = [JSON_TYPE, FORM];

/**
 * Reads and parses a body. `limit`, in bytes, can only lower the built-in limit of 16 KiB. Refuses a body as soon as it
 * is too large; the answer closes the connection.
 */
export async function readBody(
  type: string | undefined,
  length: string | undefined,
  chunks: AsyncIterable<Uint8Array>,
  limit: number = MAX_BODY,
): Promise<unknown> {
  const max = Math.min(limit, MAX_BODY);
  if (Number(length ?? 0) > max) throw tooLarge(max, { connection: 'close' });
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > max) throw tooLarge(max, { connection: 'close' });
    parts.push(chunk);
  }
  return parseBody(type, Buffer.concat(parts));
}

/**
 * Parses a body: JSON or a form. An empty body of any type is `undefined`.
 * @throws {@link RequestProblem} for a body that is too large, malformed, or of another type.
 */
export function parseBody(contentType: string | undefined, bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (bytes.length > MAX_BODY) throw tooLarge(MAX_BODY);
  const type = trimSpaces(contentType?.split(';', 1)[0] ?? '').toLowerCase();
  if (!MEDIA_TYPES.includes(type)) throw unsupported();
  const text = bytes.toString();
  if (type === FORM) return fieldsOf(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestProblem('the body is not JSON');
  }
}

const tooLarge = (max: number, headers: Readonly<Record<string, string>> = {}): RequestProblem =>
  new RequestProblem(`the body is larger than ${max} bytes`, 'body-too-large', headers);

/** `Accept` names the accepted types (RFC 9110 12.5.1, 15.5.16). */
function unsupported(): RequestProblem {
  const accept = MEDIA_TYPES.join(', ');
  return new RequestProblem(`the body must be one of ${accept}`, 'unsupported-media-type', { accept });
}

function fieldsOf(text: string): Record<string, string | string[]> {
  const form = new URLSearchParams(text);
  const fields = [...new Set(form.keys())].map((name) => {
    const values = form.getAll(name);
    return [name, values.length === 1 ? values[0] : values];
  });
  return Object.fromEntries(fields);
}
