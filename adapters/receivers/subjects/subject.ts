import { isPlainObject, isPlainText } from '../../../src/adapter.ts';

/** Names a subject (RFC 9493, 3.2): a user, or one of the user's addresses. Never nested. */
export type SimpleSubject =
  | { readonly format: 'account'; readonly uri: string }
  | { readonly format: 'did'; readonly url: string }
  | { readonly format: 'email'; readonly email: string }
  | { readonly format: 'iss_sub'; readonly iss: string; readonly sub: string }
  | { readonly format: 'opaque'; readonly id: string }
  | { readonly format: 'phone_number'; readonly phone_number: string }
  | { readonly format: 'uri'; readonly uri: string };

/** A subject, or several names of the same one (RFC 9493, 3.2.8). */
export type Subject = SimpleSubject | { readonly format: 'aliases'; readonly identifiers: readonly SimpleSubject[] };

const MEMBERS: Readonly<Record<SimpleSubject['format'], readonly string[]>> = {
  account: ['uri'],
  did: ['url'],
  email: ['email'],
  iss_sub: ['iss', 'sub'],
  opaque: ['id'],
  phone_number: ['phone_number'],
  uri: ['uri'],
};
const MAX_ALIASES = 16;

/**
 * Parses a subject. Returns a copy with the members of its format only, or `null` if it is malformed or of another format. With
 * `isStrict`, a member that the format does not describe is malformed (RFC 9493, 3); otherwise it is left out (SSF 1.0, 4.2.3).
 */
export function parseSubject(value: unknown, isStrict: boolean): Subject | null {
  if (!isPlainObject(value)) return null;
  if (value.format !== 'aliases') return parseSimple(value, isStrict);
  const { identifiers } = value;
  if (!Array.isArray(identifiers) || identifiers.length === 0 || identifiers.length > MAX_ALIASES) return null;
  if (isStrict && Object.keys(value).length > 2) return null;
  const parsed = identifiers.map((one) => (isPlainObject(one) ? parseSimple(one, isStrict) : null));
  return parsed.includes(null) ? null : { format: 'aliases', identifiers: parsed as SimpleSubject[] };
}

function parseSimple(value: Readonly<Record<string, unknown>>, isStrict: boolean): SimpleSubject | null {
  const { format } = value;
  if (typeof format !== 'string' || !Object.hasOwn(MEMBERS, format)) return null;
  const members = MEMBERS[format as SimpleSubject['format']];
  if (!members.every((name) => isPlainText(value[name]))) return null;
  if (isStrict && Object.keys(value).length > members.length + 1) return null;
  return { format, ...Object.fromEntries(members.map((name) => [name, value[name]])) } as unknown as SimpleSubject;
}
