import { APPLICATION, literal, type PostgresNames, type Tables, tablesOf } from './names.ts';
import { generationKey } from './statements/fragments.ts';

export const OLDEST_SERVER = 130_000;

export interface Step {
  /** Each statement ends in a semicolon. */
  readonly sql: (tables: Tables) => string;
  /**
   * The oldest library schema version whose code still works after this step. A step that only adds does not change it.
   */
  readonly oldest: number;
}

/** The steps that create and upgrade the tables. Never change a released step. */
export const STEPS: readonly Step[] = [{ sql: firstVersion, oldest: 1 }];

/**
 * Returns the statements that create or upgrade the tables, for a migration tool. Run them in one transaction. Unlike
 * `setup()`, they do not check what exists.
 *
 * @param options the names that the store is given, and `from`: the existing version of the schema, by default 0
 * (none).
 * @returns SQL without parameters; empty if `from` is the latest version.
 * @throws `TypeError` for an invalid name, and for a version that does not exist.
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
}: PostgresNames & {
  /** The existing version of the tables. Default 0, for none. */
  readonly from?: number | undefined;
} = {}): string {
  if (!Number.isInteger(from) || from < 0 || from > STEPS.length) {
    throw new TypeError(`from must be a version of the schema, 0 to ${STEPS.length}`);
  }
  const tables = tablesOf(names);
  const steps = STEPS.slice(from).map(({ sql }) => sql(tables));
  if (steps.length === 0) return '';
  const create = from === 0 ? [`CREATE SCHEMA IF NOT EXISTS ${tables.schema};`] : [];
  return `${[...create, ...steps, recordVersion(tables, STEPS)].join('\n').trim()}\n`;
}

export const recordVersion = ({ meta }: Tables, steps: readonly Step[]): string => `
UPDATE ${meta} SET version = ${steps.length}, oldest = ${steps.at(-1)?.oldest ?? 0};`;

/**
 * The first version of the tables. Each page of `sessions` keeps room for one more row, so that a use updates the row
 * on the same page and touches no index. Numbers come first, which avoids padding. Default values are NULL. The indexes
 * of sessions hold a 64-bit hash instead of text, so queries also compare the full text.
 */
function firstVersion({ sessions, epochs, audit, outbox, policies, changes, horizon, meta, index }: Tables): string {
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
  credential text COLLATE "C" NOT NULL,
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
  client text, -- a JSON object: the OAuth client and its grant
  federated text, -- a JSON array: issuer, session and user at the identity provider
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
CREATE INDEX ${index('sessions_living')} ON ${sessions} (${generationKey('user_tag', 'user_stamp', 'member_stamp')})
  WHERE ended_at IS NULL;
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

CREATE TABLE ${outbox} (
  seq bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, -- the place in the queue
  at bigint NOT NULL,
  keep_until bigint NOT NULL,
  realm_tag text COLLATE "C" NOT NULL,
  queue text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  body text NOT NULL,
  state text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX ${index('outbox_message')} ON ${outbox} (realm_tag, queue, id);
CREATE INDEX ${index('outbox_queue')} ON ${outbox} (realm_tag, queue, seq);
CREATE INDEX ${index('outbox_due')} ON ${outbox} (keep_until);

CREATE TABLE ${policies} (
  account_tag text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE ${changes} (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id uuid NOT NULL DEFAULT gen_random_uuid(), -- after a crash, another change may have the same xid
  tag text COLLATE "C", -- NULL: any
  PRIMARY KEY (xid, id)
);
INSERT INTO ${changes} (tag) VALUES (NULL);

CREATE TABLE ${horizon} (
  noted_at bigint NOT NULL, -- Unix ms, by the server's clock
  ended xid8 NOT NULL, -- transactions before this one had ended by then
  pruned xid8 NOT NULL -- changes of transactions before this one may have been removed
);
INSERT INTO ${horizon} (noted_at, ended, pruned) VALUES (0, '0', '0');
`;
}
