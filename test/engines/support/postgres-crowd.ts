/** Returns SQL that encodes bytes as base64url, like ids, tags and hashes. */
const base64url = (bytes: string): string =>
  `translate(rtrim(replace(encode(${bytes}, 'base64'), E'\\n', ''), '='), '+/', '-_')`;
const tag = (of: string): string => base64url(`decode(md5(${of}), 'hex')`);

/** The size and the kind of a crowd. */
export interface Crowd {
  readonly schema: string;
  readonly sessions: number;
  /** The number of sessions per user. */
  readonly each: number;
  /** Unix ms. */
  readonly now: number;
  /** Puts every second user into one of a hundred accounts. By default, no user has an account. */
  readonly accounts?: boolean;
}

/** Returns statements that create typical sessions and their users' records, like many sign-ins over a month. */
export function crowdOf({ schema, sessions, each, now, accounts = false }: Crowd): string {
  const account = accounts ? `CASE WHEN n / ${each} % 2 = 0 THEN 'acme ' || n / ${each} % 100 END` : 'NULL::text';
  return `
    INSERT INTO ${schema}.sessions (key, created_at, last_used_at, expires_at, idle, serial, due, id, user_tag, account_tag,
      credential, realm, "user", account, kind, realm_stamp, user_stamp, account_stamp, member_stamp, amr, attributes, browser, os,
      device_type, ip)
    SELECT hashtextextended(id, 0), born, born, born + 2592000000, 1209600000, NULL, ((born + 1209600000) >> 18)::integer, id,
      user_tag, CASE WHEN account IS NOT NULL THEN ${tag('account')} END, ${base64url('sha256(id::bytea)')}, 'default',
      'user-' || who, account, 'browser', 'AbCdEfGh.kz3x9q1a', 'ZyXwVuTs.kz3x9q1b',
      CASE WHEN account IS NOT NULL THEN 'AbCdEfGh.kz3x9q1c' END, CASE WHEN account IS NOT NULL THEN 'AbCdEfGh.kz3x9q1d' END,
      '["pwd"]', '{}', 'Chrome', 'Mac OS', 'desktop', '203.0.113.7'
    FROM (
      SELECT n / ${each} AS who, ${account} AS account, ${tag(`'user-' || n / ${each}`)} AS user_tag,
        ${tag("'id ' || n")} AS id, ${now} - 2592000000 + n::bigint * 2592000000 / ${sessions} AS born
      FROM generate_series(0, ${sessions} - 1) AS n
    ) one;
    INSERT INTO ${schema}.epochs (tag, record, version, keep_until)
    SELECT ${tag("'user-' || n")}, '{}', 1, ${now} + n FROM generate_series(0, ${sessions} / ${each} - 1) AS n;
    ANALYZE ${schema}.sessions;
    ANALYZE ${schema}.epochs;`;
}
