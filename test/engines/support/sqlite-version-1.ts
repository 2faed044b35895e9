import type { SqliteConnection } from 'session-revocation/sqlite';

/** The schema of version 1, as it was released. */
const SCHEMA = `
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

  PRAGMA application_id = 1936876918;
  PRAGMA user_version = 1;
`;

const COLUMNS = `id, realm, user, account, user_tag, account_tag, kind, hash, serial, realm_stamp, user_stamp,
  account_stamp, member_stamp, created_at, authenticated_at, last_used_at, expires_at, idle, amr, attributes, device,
  browser, os, device_type, ip, device_tag, ended_at, ended_by, ended_reason`;

/** Makes a file of version 1 of an empty one. */
export function makeVersion1(connection: SqliteConnection): void {
  connection.exec('PRAGMA journal_mode = WAL');
  connection.exec(SCHEMA);
}

/** Copies what a file of any version holds, as version 1 would have written it. */
export function copyInto(connection: SqliteConnection, from: string): void {
  connection.exec(`ATTACH '${from}' AS source`);
  connection.exec(`
    INSERT INTO epochs SELECT tag, record, version, keep_until FROM source.epochs;
    INSERT INTO sessions (${COLUMNS}) SELECT ${COLUMNS} FROM source.sessions;
    DETACH source;
  `);
}
