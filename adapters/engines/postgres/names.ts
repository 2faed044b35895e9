import { parseName } from '../../../src/adapter.ts';

export interface Tables {
  readonly schema: string;
  readonly sessions: string;
  readonly epochs: string;
  readonly audit: string;
  readonly outbox: string;
  readonly policies: string;
  readonly changes: string;
  /** Tells which changes were removed, and which may be removed next. */
  readonly horizon: string;
  /** Holds the version of the schema. */
  readonly meta: string;
  /** Returns the name of an index, quoted and prefixed, without the schema. */
  index(name: string): string;
}

/** All but the table `meta`, which roles only read. */
export const DATA_TABLES = ['sessions', 'epochs', 'audit', 'outbox', 'policies', 'changes', 'horizon'] as const;

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

const DEFAULT_SCHEMA = 'session_revocation';

/** Postgres truncates longer names, so two names could become the same. */
const MAX_NAME = 63;
const MAX_PREFIX = MAX_NAME - 'audit_of_type_in_account'.length;

export function tablesOf(names: { readonly schema?: unknown; readonly prefix?: unknown }): Tables {
  const { schema: givenSchema = DEFAULT_SCHEMA, prefix: givenPrefix = '' } = names;
  const schema = parseName('schema', givenSchema, { min: 1, max: MAX_NAME, unit: 'bytes' });
  const prefix = parseName('prefix', givenPrefix, { min: 0, max: MAX_PREFIX, unit: 'bytes' });
  const table = (name: string): string => `${quoted(schema)}.${quoted(prefix + name)}`;
  return {
    schema: quoted(schema),
    sessions: table('sessions'),
    epochs: table('epochs'),
    audit: table('audit'),
    outbox: table('outbox'),
    policies: table('policies'),
    changes: table('changes'),
    horizon: table('horizon'),
    meta: table('meta'),
    index: (name) => quoted(prefix + name),
  };
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Returns a text as a literal of SQL, for any setting of `standard_conforming_strings`. */
export const literal = (text: string): string => {
  const quotes = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quotes.replaceAll('\\', '\\\\')}` : quotes;
};

/** Owner of the tables, as stored in the table `meta`. */
export const APPLICATION = 'session-revocation';
