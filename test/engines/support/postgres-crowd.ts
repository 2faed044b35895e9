/** A text of bytes in base64url, as ids, tags and hashes are. */
const base64url = (bytes: string): string =>
  `translate(rtrim(replace(encode(${bytes}, 'base64'), E'\\n', ''), '='), '+/', '-_')`;
const tag = (of: string): string => base64url(`decode(md5(${of}), 'hex')`);

/** What a crowd is made of. */
export interface Crowd {
  readonly schema: string;
  readonly sessions: number;
  /** How many sessions each user has. */
  readonly each: number;
  /** Unix ms. */
  readonly now: number;
  /** Whether every second user is in one of a hundred accounts; otherwise nobody is. */
  readonly accounts?: boolean;
}

/** Statements that make typical sessions and the records of their users, as many sign-ins over a month would. */
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
