import { RequestProblem } from './answer.ts';

export type Members = Readonly<Record<string, unknown>>;

/**
 * The members of a body; none for a missing body. Refuses unknown members: one that the client misspelt could narrow the action.
 * @throws {@link RequestProblem} for a body that is no object, and for an unknown member. With `known: null`, every member is known.
 */
export function membersOf(body: unknown, known: readonly string[] | null): Members {
  if (body === undefined) return {};
  if (!isPlain(body)) throw new RequestProblem('the body must be a JSON object, or a form');
  const unknown = known === null ? undefined : Object.keys(body).find((name) => !known.includes(name));
  if (unknown === undefined) return body;
  const allowed = known?.length === 0 ? 'there is none' : `known are ${known?.join(', ')}`;
  throw new RequestProblem(`the body has an unknown member ${JSON.stringify(unknown.slice(0, 40))}; ${allowed}`);
}

/** Body parsers make plain objects, objects of another JavaScript realm, and objects without a prototype. Never a `Map`. */
function isPlain(body: unknown): body is Members {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  const prototype: unknown = Object.getPrototypeOf(body);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
