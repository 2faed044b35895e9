import { parseName } from '../../../src/adapter.ts';

export interface Tables {
  /** Prefix of the table names, unquoted. */
  readonly prefix: string;
  readonly sessions: string;
  readonly epochs: string;
  readonly audit: string;
  readonly outbox: string;
  readonly policies: string;
  readonly changes: string;
  /** Holds the version of the schema. */
  readonly meta: string;
}

export const TABLES = ['sessions', 'epochs', 'audit', 'outbox', 'policies', 'changes', 'meta'] as const;

const DEFAULT_PREFIX = 'session_revocation_';
/** Maximum length of a table name in both dialects, in characters. */
const MAX_NAME = 64;
const MAX_PREFIX = MAX_NAME - Math.max(...TABLES.map(({ length }) => length));

export function tablesOf(prefix: unknown = DEFAULT_PREFIX): Tables {
  const name = parseName('prefix', prefix, { min: 0, max: MAX_PREFIX, unit: 'characters' });
  // The server stores names in UTF-8 with at most three bytes per character.
  if (/[\ud800-\udfff]/.test(name)) {
    throw new TypeError('prefix must have no character beyond U+FFFF: no name of a table may have one');
  }
  const quoted = (table: string): string => `\`${`${name}${table}`.replaceAll('`', '``')}\``;
  return Object.freeze({
    prefix: name,
    sessions: quoted('sessions'),
    epochs: quoted('epochs'),
    audit: quoted('audit'),
    outbox: quoted('outbox'),
    policies: quoted('policies'),
    changes: quoted('changes'),
    meta: quoted('meta'),
  });
}
