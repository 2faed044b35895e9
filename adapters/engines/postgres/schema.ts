import { literal, type PostgresNames, type Tables, tablesOf } from './tables.ts';

/** Whose tables these are: stands in the table `meta`. */
export const APPLICATION = 'session-revocation';

/** The oldest server that has all that the statements use: Postgres 13. */
export const OLDEST_SERVER = 130_000;

/** One version of the schema, and what leads to it from the one before. */
export interface Step {
  /** Statements, each ending in a semicolon. */
  readonly sql: (tables: Tables) => string;
  /** The oldest version whose code still works on the tables afterwards: a step that only adds leaves it as it was. */
  readonly oldest: number;
}

/**
 * What leads from each version of the schema to the next; the first one leads from nothing. A step that was released is
 * never changed.
 */
export const STEPS: readonly Step[] = [{ sql: firstVersion, oldest: 1 }];

/**
 * The statements that make the tables, or bring them up to date, for a migration tool. Run them in one transaction; unlike
 * `setup()` they do not look at what is there.
 *
 * @param options the names that the store is given, and `from`: the version of the schema that is there already, 0 (none)
 * by default.
 * @returns SQL without parameters; empty where `from` is the latest version.
 * @throws `TypeError` for a name that cannot be one, and for a version that there is not.
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { postgresSchema } from 'session-revocation/postgres';
 *
 * writeFileSync('migrations/001_sessions.sql', postgresSchema());
 * ```
 */
export function postgresSchema({
  from = 0,
  ...names
}: PostgresNames & { readonly from?: number | undefined } = {}): string {
  if (!Number.isInteger(from) || from < 0 || from > STEPS.length) {
    throw new TypeError(`from must be a version of the schema, 0 to ${STEPS.length}`);
  }
  const tables = tablesOf(names);
  const steps = STEPS.slice(from).map(({ sql }) => sql(tables));
  if (steps.length === 0) return '';
  const create = from === 0 ? [`CREATE SCHEMA IF NOT EXISTS ${tables.schema};`] : [];
  return `${[...create, ...steps, recordVersion(tables, STEPS)].join('\n').trim()}\n`;
}

/** Writes down which version the tables have now. */
export const recordVersion = ({ meta }: Tables, steps: readonly Step[]): string => `
UPDATE ${meta} SET version = ${steps.length}, oldest = ${steps.at(-1)?.oldest ?? 0};`;

/**
 * Every byte of a session counts, and a page keeps room for one more row, so that a use is noted beside it and touches no
 * index. So the numbers stand first (nothing is lost between them), what goes without saying is NULL, and the indexes of
 * sessions hold no text, but a 64-bit hash of one: what is found by it is compared in full.
 */
function firstVersion({ sessions, epochs, audit, policies, meta, index }: Tables): string {
  return `
CREATE TABLE ${meta} (
  application text NOT NULL,
  version integer NOT NULL,
  oldest integer NOT NULL -- the oldest version whose code works on these tables
);
INSERT INTO ${meta} (application, version, oldest) VALUES (${literal(APPLICATION)}, 0, 0);

CREATE TABLE ${epochs} (
  version bigint NOT NULL,
  keep_until bigint, -- NULL is for ever
  tag text COLLATE "C" PRIMARY KEY,
  record text NOT NULL -- JSON
) WITH (fillfactor = 90);
CREATE INDEX ${index('epochs_due')} ON ${epochs} (keep_until) WHERE keep_until IS NOT NULL;

CREATE TABLE ${sessions} (
  key bigint PRIMARY KEY, -- a hash of the id: of two ids with the same one, the second is refused
  created_at bigint NOT NULL,
  authenticated_at bigint, -- NULL: when it was created
  last_used_at bigint NOT NULL,
  expires_at bigint,
  idle bigint,
  serial bigint, -- NULL: 0
  ended_at bigint,
  due integer, -- not over before 2^18 ms times this; NULL: never over by itself
  id text COLLATE "C" NOT NULL,
  user_tag text COLLATE "C" NOT NULL,
  account_tag text COLLATE "C",
  hash text COLLATE "C" NOT NULL,
  realm text COLLATE "C" NOT NULL,
  "user" text NOT NULL,
  account text,
  kind text NOT NULL,
  realm_stamp text NOT NULL,
  user_stamp text NOT NULL,
  account_stamp text,
  member_stamp text,
  amr text NOT NULL, -- a JSON array
  attributes text NOT NULL, -- a JSON object
  device text, -- NULL: browser ' on ' os
  browser text,
  os text,
  device_type text NOT NULL,
  ip text,
  device_tag text,
  ended_by text,
  ended_reason text,
  ended_from text
) WITH (fillfactor = 96);
CREATE INDEX ${index('sessions_of_user')} ON ${sessions} (hashtextextended(user_tag, 0), created_at);
CREATE INDEX ${index('sessions_of_account')} ON ${sessions}
  (hashtextextended(account_tag, 0), hashtextextended(user_tag, 0)) WHERE account_tag IS NOT NULL;
CREATE INDEX ${index('sessions_due')} ON ${sessions} (due) WHERE due IS NOT NULL;
CREATE INDEX ${index('sessions_endless')} ON ${sessions} (id) WHERE due IS NULL;

CREATE TABLE ${audit} (
  at bigint NOT NULL,
  keep_until bigint NOT NULL,
  id text COLLATE "C" PRIMARY KEY,
  realm_tag text COLLATE "C" NOT NULL,
  user_tag text COLLATE "C",
  account_tag text COLLATE "C",
  actor_tag text COLLATE "C",
  type text COLLATE "C" NOT NULL,
  realm text NOT NULL,
  "user" text,
  account text,
  scope text,
  session text,
  device text,
  ip text,
  actor text, -- "by"
  reason text,
  note text,
  actor_device text, -- "from"
  details text NOT NULL -- a JSON object
);
CREATE INDEX ${index('audit_of_realm')} ON ${audit} (realm_tag, at, id);
CREATE INDEX ${index('audit_of_type')} ON ${audit} (realm_tag, type, at, id);
CREATE INDEX ${index('audit_of_user')} ON ${audit} (user_tag, at, id) WHERE user_tag IS NOT NULL;
CREATE INDEX ${index('audit_of_account')} ON ${audit} (account_tag, at, id) WHERE account_tag IS NOT NULL;
CREATE INDEX ${index('audit_of_type_in_account')} ON ${audit} (account_tag, type, at, id)
  WHERE account_tag IS NOT NULL;
CREATE INDEX ${index('audit_of_actor')} ON ${audit} (actor_tag, at, id) WHERE actor_tag IS NOT NULL;
CREATE INDEX ${index('audit_due')} ON ${audit} (keep_until);

CREATE TABLE ${policies} (
  account_tag text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);
`;
}
