import { FOUND_COLUMNS, LISTED_COLUMNS } from '../rows.ts';

/** As `memberTag` makes it; NULL if the session is in no account. */
const MEMBER_TAG = "s.user_tag || '.' || s.account_tag";

/** For `foundIn`. The first parameter is the realm's tag. */
export const FOUND: string = `
  SELECT ${FOUND_COLUMNS}
  FROM sessions s
  LEFT JOIN epochs realm ON realm.tag = ?
  LEFT JOIN epochs account ON account.tag = s.account_tag
  LEFT JOIN epochs user ON user.tag = s.user_tag
  LEFT JOIN epochs member ON member.tag = ${MEMBER_TAG}`;

/** The page's realm and user are read separately. */
export const listed = (index = ''): string => `
  SELECT ${LISTED_COLUMNS}
  FROM sessions s ${index}
  LEFT JOIN epochs account ON account.tag = s.account_tag
  LEFT JOIN epochs member ON member.tag = ${MEMBER_TAG}`;

/** No tombstone, and within its lifetimes at a given time. Ignores revocations by epoch. */
export const LIVING = 'ended_at IS NULL AND (over_at IS NULL OR over_at > ?)';

/** The format of `generationsOf`, and of the index `sessions_living`. */
export const GENERATION = "s.user_stamp || ' ' || ifnull(s.member_stamp, '')";

/** Wraps the version before it exceeds the integers that JavaScript represents exactly. */
export const MOVE: string = `version = (version + 1) % ${2 ** 53}`;

/** NULL means forever, and max(NULL, x) is NULL. */
export const RAISE = 'keep_until = max(keep_until, ?)';
