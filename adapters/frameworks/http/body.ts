import { RequestProblem } from './request-problem.ts';

const LARGEST_BODY = 16 * 1024;
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

/** What the routes read. */
export const MEDIA_TYPES: readonly string[] = [JSON_TYPE, FORM];

/**
 * Reads and parses a small body: JSON or a form. Nothing is `undefined`, whatever its type: the routes need no body.
 * @throws {@link RequestProblem} for one that is too large or malformed, or of another type: whoever sends something asks for
 *   something, and not for what is done by default.
 */
export async function readBody(
  contentType: string | undefined,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    // Read to its end, though not kept: whoever stops reading closes the connection under the answer.
    if (length <= LARGEST_BODY) parts.push(chunk);
  }
  if (length === 0) return undefined;
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!MEDIA_TYPES.includes(type)) throw unsupported();
  if (length > LARGEST_BODY) {
    throw new RequestProblem(`the body is larger than ${LARGEST_BODY} bytes`, 'body-too-large');
  }
  const text = Buffer.concat(parts).toString();
  if (type === FORM) return fieldsOf(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestProblem('the body is not JSON');
  }
}

/** What would do instead, in words and in `Accept` (RFC 9110 12.5.1, 15.5.16). */
function unsupported(): RequestProblem {
  const accept = MEDIA_TYPES.join(', ');
  return new RequestProblem(`the body must be one of ${accept}`, 'unsupported-media-type', { accept });
}

/** The fields of a form; one that stands there several times is an array. */
function fieldsOf(text: string): Record<string, string | string[]> {
  const form = new URLSearchParams(text);
  const fields = [...new Set(form.keys())].map((name) => {
    const values = form.getAll(name);
    return [name, values.length === 1 ? values[0] : values];
  });
  return Object.fromEntries(fields);
}
