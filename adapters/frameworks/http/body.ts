import { RequestProblem } from './request-problem.ts';

const LARGEST_BODY = 16 * 1024;

/**
 * Reads and parses a small body: a form or JSON. Nothing, or another type, is `undefined`: the routes need no body.
 * @throws {@link RequestProblem} for one that is too large or malformed.
 */
export async function readBody(contentType: string | undefined, chunks: AsyncIterable<Uint8Array>): Promise<unknown> {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json' && type !== 'application/x-www-form-urlencoded') return undefined;

  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    // Read to its end, though not kept: whoever stops reading closes the connection under the answer.
    if (length <= LARGEST_BODY) parts.push(chunk);
  }
  if (length > LARGEST_BODY) {
    throw new RequestProblem(`the body is larger than ${LARGEST_BODY} bytes`, 'body-too-large');
  }
  const text = Buffer.concat(parts).toString();
  if (text === '') return undefined;
  if (type === 'application/x-www-form-urlencoded') return fieldsOf(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestProblem('the body is not JSON');
  }
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
