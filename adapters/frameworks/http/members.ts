import { RequestProblem } from './answer.ts';

export type Members = Readonly<Record<string, unknown>>;

/**
 * Returns the members of a body. Refuses unknown members, because a misspelt one could widen the action; `known: null`
 * allows all. A missing body has no members.
 */
export function membersOf(body: unknown, known: readonly string[] | null): Members {
  if (body === undefined) return {};
  if (!isPlain(body)) throw new RequestProblem('the body must be a JSON object, or a form');
  const unknown = known === null ? undefined : Object.keys(body).find((name) => !known.includes(name));
  if (unknown === undefined) return body;
  const allowed = known?.length === 0 ? 'there is none' : `known are ${known?.join(', ')}`;
  throw new RequestProblem(`the body has an unknown member ${JSON.stringify(unknown.slice(0, 40))}; ${allowed}`);
}

/** Body parsers make plain objects, some without a prototype or from another JavaScript realm. None makes a `Map`. */
function isPlain(body: unknown): body is Members {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const prototype: unknown = Object.getPrototypeOf(body);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
