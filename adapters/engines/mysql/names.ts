export interface Names {
  /** Prefix of each name, unquoted. */
  readonly prefix: string;
  readonly sessions: string;
  readonly epochs: string;
  readonly audit: string;
  readonly policies: string;
  /** Table with the version of the schema. */
  readonly schema: string;
}

export const TABLES = ['sessions', 'epochs', 'audit', 'policies', 'schema'] as const;

const DEFAULT_PREFIX = 'session_revocation_';
/** Maximum length of a table name in both dialects, in characters. */
const MAX_NAME = 64;
const MAX_PREFIX = MAX_NAME - Math.max(...TABLES.map(({ length }) => length));

/**
 * Returns the names with the given prefix, or with the default prefix.
 * @throws `TypeError` for a prefix that the server would not accept in a table name.
 */
export function namesOf(prefix: unknown = DEFAULT_PREFIX): Names {
  if (typeof prefix !== 'string') throw new TypeError('the prefix must be a text');
  if (prefix.length > MAX_PREFIX) {
    throw new TypeError(`the prefix is ${prefix.length} characters long; at most ${MAX_PREFIX} are allowed`);
  }
  // The server stores names in UTF-8 with at most three bytes per character, and ends them at a NUL.
  if (prefix.includes('\0') || /[\ud800-\udfff]/.test(prefix)) {
    throw new TypeError('the prefix has a NUL or a character beyond U+FFFF; no name of a table may have one');
  }
  const quoted = (table: string): string => `\`${`${prefix}${table}`.replaceAll('`', '``')}\``;
  return Object.freeze({
    prefix,
    sessions: quoted('sessions'),
    epochs: quoted('epochs'),
    audit: quoted('audit'),
    policies: quoted('policies'),
    schema: quoted('schema'),
  });
}
