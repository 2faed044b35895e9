/** Application id in the header of the file: the text "srev". */
export const APPLICATION_ID = 0x73726576;

export const TABLES: readonly string[] = ['epochs', 'sessions', 'audit', 'outbox', 'policies'];

/**
 * The steps that create and upgrade the tables. The file header holds their number as the version. Never change a
 * released step. A step should only add, because processes of the previous version may have the file open.
 */
export const STEPS: readonly string[] = [
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
    credential TEXT NOT NULL,
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
    client TEXT, -- a JSON object: the OAuth client and its grant
    federated TEXT, -- a JSON array: issuer, session and user at the identity provider
    device TEXT NOT NULL,
    browser TEXT,
    os TEXT,
    device_type TEXT NOT NULL,
    ip TEXT,
    device_tag TEXT,
    ended_at INTEGER,
    ended_by TEXT,
    ended_reason TEXT,
    ended_from TEXT,
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
  CREATE INDEX sessions_living ON sessions (user_tag, user_stamp || ' ' || ifnull(member_stamp, ''), created_at, id)
    WHERE ended_at IS NULL;
  CREATE INDEX sessions_of_account ON sessions (account_tag, user_tag) WHERE account_tag IS NOT NULL;
  CREATE INDEX sessions_due ON sessions (over_at) WHERE over_at IS NOT NULL;
  CREATE INDEX sessions_endless ON sessions (id) WHERE over_at IS NULL;

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

  -- Messages for other systems, in the order of their places.
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    realm_tag TEXT NOT NULL,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL
  ) STRICT;

  CREATE UNIQUE INDEX outbox_message ON outbox (realm_tag, queue, id);
  CREATE INDEX outbox_queue ON outbox (realm_tag, queue, seq);
  CREATE INDEX outbox_due ON outbox (keep_until);

  CREATE TABLE policies (
    account_tag TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
