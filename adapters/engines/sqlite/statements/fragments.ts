import { FOUND_COLUMNS, LISTED_COLUMNS } from '../rows.ts';

/** The tag of a session's membership, as `memberTag` makes it; NULL if the session is in no account. */
const MEMBER_TAG = "s.user_tag || '.' || s.account_tag";

/**
 * Selects sessions with the records that judge them, in the columns that `foundIn` reads. The first parameter is the
 * realm's tag.
 */
export const FOUND: string = `
  SELECT ${FOUND_COLUMNS}
  FROM sessions s
  LEFT JOIN epochs realm ON realm.tag = ?
  LEFT JOIN epochs account ON account.tag = s.account_tag
  LEFT JOIN epochs user ON user.tag = s.user_tag
  LEFT JOIN epochs member ON member.tag = ${MEMBER_TAG}`;

/**
 * Selects sessions of one user with the records of their account and membership. The records of the realm and the user
 * are read separately, once for the whole page.
 */
export const listed = (index = ''): string => `
  SELECT ${LISTED_COLUMNS}
  FROM sessions s ${index}
  LEFT JOIN epochs account ON account.tag = s.account_tag
  LEFT JOIN epochs member ON member.tag = ${MEMBER_TAG}`;

/** Condition: the session has no tombstone, and has not expired at a given time. Ignores revocations by epoch. */
export const LIVING = 'ended_at IS NULL AND (over_at IS NULL OR over_at > ?)';

/** The two stamps of a session, in the format of `generationsOf` and of the index `sessions_living`. */
export const GENERATION = "s.user_stamp || ' ' || ifnull(s.member_stamp, '')";

/** Increments the version. Wraps it before it exceeds the integers that JavaScript represents exactly. */
export const MOVE: string = `version = (version + 1) % ${2 ** 53}`;

/** Raises `keep_until`, and never lowers it. NULL means forever, and max(NULL, x) is NULL. */
export const RAISE = 'keep_until = max(keep_until, ?)';
