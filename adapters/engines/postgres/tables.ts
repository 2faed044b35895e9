/** Names, quoted, as statements have them. */
export interface Tables {
  readonly schema: string;
  readonly sessions: string;
  readonly epochs: string;
  readonly audit: string;
  readonly policies: string;
  readonly meta: string;
  /** An index of a table, or another thing of the schema: its bare name, with the prefix, quoted. */
  index(name: string): string;
}

/** What the tables are called. */
export interface PostgresNames {
  /** The schema that the tables stand in: 1 to 63 bytes of UTF-8, without NUL. Default `'session_revocation'`. */
  readonly schema?: string | undefined;
  /**
   * What stands before the name of every table and index, at most 39 bytes of UTF-8, without NUL. For a schema that holds
   * other things, too. Default `''`.
   */
  readonly prefix?: string | undefined;
}

/** Postgres cuts longer names off, so that two could become one. */
const LONGEST_NAME = 63;
const LONGEST_OF_OURS = 'audit_of_type_in_account'.length;

/** @throws `TypeError` for a name that Postgres would not take as it is. */
export function tablesOf({ schema = 'session_revocation', prefix = '' }: PostgresNames): Tables {
  checkName('schema', schema, LONGEST_NAME, 1);
  checkName('prefix', prefix, LONGEST_NAME - LONGEST_OF_OURS, 0);
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

/** A name that may hold anything. */
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as a literal, whatever the server thinks of backslashes. */
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
