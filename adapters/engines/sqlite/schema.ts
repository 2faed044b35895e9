import { SessionError } from '../../../src/index.ts';
import type { Database } from './database.ts';

/** Marks a file as ours: "srev" in its header. */
const APPLICATION_ID = 0x73726576;

/**
 * What leads from each version of the schema to the next; the version is in the header, too. A step that was released
 * is never changed. It should only add, since processes of the version before may have the file open.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE epochs (
    tag TEXT PRIMARY KEY,
    record TEXT NOT NULL,
    version INTEGER NOT NULL,
    keep_until INTEGER -- NULL is for ever
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX epochs_due ON epochs (keep_until) WHERE keep_until IS NOT NULL;

  CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    realm TEXT NOT NULL,
    user TEXT NOT NULL,
    account TEXT,
    user_tag TEXT NOT NULL,
    account_tag TEXT,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    serial INTEGER NOT NULL,
    realm_stamp TEXT NOT NULL,
    user_stamp TEXT NOT NULL,
    account_stamp TEXT,
    member_stamp TEXT,
    created_at INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER,
    idle INTEGER,
    amr TEXT NOT NULL, -- a JSON array
    attributes TEXT NOT NULL, -- a JSON object
    device TEXT NOT NULL,
    browser TEXT,
    os TEXT,
    device_type TEXT NOT NULL,
    ip TEXT,
    device_tag TEXT,
    ended_at INTEGER,
    ended_by TEXT,
    ended_reason TEXT,
    -- When it is over by itself. Derived here, so that no write can forget it.
    over_at INTEGER GENERATED ALWAYS AS (
      coalesce(
        ended_at,
        min(expires_at, last_used_at + idle), -- NULL where one of them is
        expires_at,
        last_used_at + idle
      )
    ) VIRTUAL
  ) STRICT;

  CREATE INDEX sessions_of_user ON sessions (user_tag, created_at, id);
  CREATE INDEX sessions_due ON sessions (over_at) WHERE over_at IS NOT NULL;
  CREATE INDEX sessions_endless ON sessions (id) WHERE over_at IS NULL;
  `,
  `
  ALTER TABLE sessions ADD COLUMN ended_from TEXT;

  CREATE INDEX sessions_of_account ON sessions (account_tag, user_tag) WHERE account_tag IS NOT NULL;

  CREATE TABLE audit (
    realm_tag TEXT NOT NULL,
    user_tag TEXT,
    account_tag TEXT,
    actor_tag TEXT,
    keep_until INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    realm TEXT NOT NULL,
    user TEXT,
    account TEXT,
    scope TEXT,
    session TEXT,
    device TEXT,
    ip TEXT,
    actor TEXT, -- "by"
    reason TEXT,
    note TEXT,
    actor_device TEXT, -- "from"
    details TEXT NOT NULL -- a JSON object
  ) STRICT;

  CREATE UNIQUE INDEX audit_of_realm ON audit (realm_tag, at, id);
  CREATE INDEX audit_of_type ON audit (realm_tag, type, at, id);
  CREATE INDEX audit_of_user ON audit (user_tag, at, id) WHERE user_tag IS NOT NULL;
  CREATE INDEX audit_of_account ON audit (account_tag, at, id) WHERE account_tag IS NOT NULL;
  CREATE INDEX audit_of_type_in_account ON audit (account_tag, type, at, id) WHERE account_tag IS NOT NULL;
  CREATE INDEX audit_of_actor ON audit (actor_tag, at, id) WHERE actor_tag IS NOT NULL;
  CREATE INDEX audit_due ON audit (keep_until);

  CREATE TABLE policies (
    account_tag TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];

/**
 * Creates or upgrades the tables. Many processes may do so at once: one does it, the others wait and find it done.
 * @throws `SessionError` `SESSION_STORE_TOO_NEW` for a file of a later version; it is left as it was.
 */
export function setUp(database: Database): void {
  database.configure();
  const found = database.read(() => versionOf(database));
  // Only now, when the file is known to be ours; and it cannot be changed within a transaction.
  database.useWriteAheadLog();
  if (found === STEPS.length) return;
  database.write(() => {
    // Another process may have come first: then there is nothing left to do.
    for (const step of STEPS.slice(versionOf(database))) database.exec(step);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${STEPS.length}`);
  });
}

/** The version of the schema that the file has; 0 for an empty one. */
function versionOf(database: Database): number {
  const pragma = (name: string): unknown => database.row(`PRAGMA ${name}`)()?.[0];
  const application = pragma('application_id');
  const version = Number(pragma('user_version'));
  const isEmpty = database.row('SELECT 1 FROM sqlite_schema')() === undefined;
  if (application !== APPLICATION_ID && !(isEmpty && application === 0 && version === 0)) {
    const message = 'the file is a database of something else; sessions need a file of their own';
    throw new SessionError('SESSION_STORE_FOREIGN', message);
  }
  if (version > STEPS.length) {
    const message = `the schema of the file is version ${version}; this version of the library knows up to ${STEPS.length}`;
    throw new SessionError('SESSION_STORE_TOO_NEW', message);
  }
  return version;
}
