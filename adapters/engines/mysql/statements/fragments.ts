import type { Tables } from '../names.ts';
import { READ_COLUMNS } from '../rows.ts';
import { STATE } from '../server.ts';
import { marks } from '../values.ts';

/** Condition: the session has no tombstone, and has not expired at a given time. Ignores revocations by epoch. */
export const LIVING = 'ended_at IS NULL AND (over_at IS NULL OR over_at > ?)';

/** Increments the version. Wraps it before it exceeds the integers that JavaScript represents exactly. */
export const MOVE: string = `version = (version + 1) % ${2 ** 53}`;

/** Raises `keep_until`, and never lowers it. NULL means forever, and GREATEST(NULL, x) is NULL. */
export const RAISE = 'keep_until = GREATEST(keep_until, ?)';

/** The tag of a session's membership, as `memberTag` makes it; NULL if the session is in no account. */
export const MEMBER_TAG = "CONCAT(s.user_tag, '.', s.account_tag)";

/**
 * Selects sessions with their records and the state of the connection. The first parameter is the realm's tag. If there
 * is no session, a row of NULLs has the state.
 */
export const found = ({ epochs }: Tables): string => `
  SELECT ${READ_COLUMNS.join(', ')}, r.record, a.record, u.record, m.record, ${STATE}
  FROM (SELECT 1 AS one) q LEFT JOIN ${epochs} r ON r.tag = ?`;

export const judged = ({ epochs }: Tables): string => `
  LEFT JOIN ${epochs} a ON a.tag = s.account_tag
  LEFT JOIN ${epochs} u ON u.tag = s.user_tag
  LEFT JOIN ${epochs} m ON m.tag = ${MEMBER_TAG}`;

export const records = ({ epochs }: Tables, count: number): string =>
  `SELECT tag, record FROM ${epochs} WHERE tag IN (${marks(count)})`;
