export interface Tables {
  readonly schema: string;
  readonly sessions: string;
  readonly epochs: string;
  readonly audit: string;
  readonly policies: string;
  readonly meta: string;
  /** Returns the quoted, prefixed name of an index or another object, without the schema. */
  index(name: string): string;
}

/** Names of the tables. */
export interface PostgresNames {
  /** Schema of the tables: 1 to 63 bytes of UTF-8, without NUL. Default `'session_revocation'`. */
  readonly schema?: string | undefined;
  /**
   * Prefix of every table and index name: at most 39 bytes of UTF-8, without NUL. Use it in a schema that holds other
   * objects, too. Default `''`.
   */
  readonly prefix?: string | undefined;
}

/** Postgres truncates longer names, so two names could become the same. */
const MAX_NAME = 63;
const MAX_OF_OURS = 'audit_of_type_in_account'.length;

/** @throws `TypeError` for a name that Postgres would not take unchanged. */
export function tablesOf({ schema = 'session_revocation', prefix = '' }: PostgresNames): Tables {
  checkName('schema', schema, MAX_NAME, 1);
  checkName('prefix', prefix, MAX_NAME - MAX_OF_OURS, 0);
  const table = (name: string): string => `${quoted(schema)}.${quoted(prefix + name)}`;
  return {
    schema: quoted(schema),
    sessions: table('sessions'),
    epochs: table('epochs'),
    audit: table('audit'),
    policies: table('policies'),
    meta: table('meta'),
    index: (name) => quoted(prefix + name),
  };
}

/** Quotes a name, which may contain any character. */
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Quotes a string literal, for any setting of `standard_conforming_strings`. */
export const literal = (text: string): string => {
  const quotes = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quotes.replaceAll('\\', '\\\\')}` : quotes;
};

function checkName(option: string, name: unknown, most: number, least: number): asserts name is string {
  if (typeof name !== 'string') throw new TypeError(`${option} must be a text`);
  const bytes = Buffer.byteLength(name);
  if (bytes < least || bytes > most) {
    throw new TypeError(`${option} is ${bytes} bytes long; ${least} to ${most} are allowed`);
  }
  if (name.includes('\0') || !name.isWellFormed()) throw new TypeError(`${option} holds NUL or half a character`);
}

/** Owner of the tables, as stored in the table `meta`. */
export const APPLICATION = 'session-revocation';
