import { describeValue } from '../describe-value.ts';

/**
 * Result of `verify`. For yes: `true`, or an object with only the methods that were used (`{ amr: ['pwd', 'otp'] }`,
 * RFC 8176). For no: `false` or `null`.
 */
export type Proof =
  | boolean
  | null
  | {
      /** The proved methods (RFC 8176), such as `['pwd', 'otp']`. At most 16 names. */
      readonly amr: readonly string[];
    };

/**
 * Returns the proved methods, or `null` if `verify` returned no. `otherwise` holds the methods for a plain `true`.
 * @throws `TypeError` for a value that is not a {@link Proof}. An error, a response or `{ ok: false }` is truthy, and must
 * not sign the user in.
 */
export function provedBy(
  answer: unknown,
  otherwise: readonly string[] | undefined,
): { readonly amr: readonly string[] | undefined } | null {
  if (answer === false || answer === null) return null;
  if (answer === true) return { amr: otherwise };
  if (isMethods(answer)) return answer;
  throw new TypeError(
    `verify returned ${describeValue(answer)}. Return true or { amr: ['pwd'] } for yes, and false or null for no, or a promise of one of these`,
  );
}

function isMethods(answer: unknown): answer is { readonly amr: readonly string[] } {
  if (typeof answer !== 'object' || answer === null || !('amr' in answer)) return false;
  const prototype: unknown = Object.getPrototypeOf(answer);
  const { amr, ...others } = answer;
  return (
    (prototype === Object.prototype || prototype === null) &&
    Object.keys(others).length === 0 &&
    Array.isArray(amr) &&
    amr.every((method) => typeof method === 'string')
  );
}
