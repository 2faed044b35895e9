/** The names of the tables, quoted. */
export interface Names {
  /** What each name begins with, as it is. */
  readonly prefix: string;
  readonly sessions: string;
  readonly epochs: string;
  readonly audit: string;
  readonly policies: string;
  /** Holds the version of the schema. */
  readonly schema: string;
}

/** The tables, without the prefix. */
export const TABLES = ['sessions', 'epochs', 'audit', 'policies', 'schema'] as const;

const DEFAULT_PREFIX = 'session_revocation_';
/** Characters of a name, as both dialects have it. */
const LONGEST_NAME = 64;
const LONGEST_PREFIX = LONGEST_NAME - Math.max(...TABLES.map(({ length }) => length));

/**
 * The names with a prefix, or with that of the default.
 * @throws `TypeError` for a prefix that the server would not take in the name of a table.
 */
export function namesOf(prefix: unknown = DEFAULT_PREFIX): Names {
  if (typeof prefix !== 'string') throw new TypeError('the prefix must be a text');
  if (prefix.length > LONGEST_PREFIX) {
    throw new TypeError(`the prefix is ${prefix.length} characters long; at most ${LONGEST_PREFIX} are allowed`);
  }
  // The server keeps names in UTF-8 of at most three bytes a character, and ends them at a NUL.
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
