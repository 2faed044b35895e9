import type { Tables } from '../names.ts';
import type { StatementText } from '../prepared.ts';
import { number, READING } from './fragments.ts';

export type ChangeStatement = 'changesSince' | 'pruneChanges';

/** The maximum number of changes in one answer. */
export const MAX_TOLD = 10_000;

/** A change is kept for at least this time after its transaction has ended, in ms. */
const KEPT = 3_600_000;

/**
 * Statements of the power `changes`. A change has the xid of its transaction, which is the transaction's number.
 * Transactions do not commit in the order of their xids. So a position holds two things: the newest change that the
 * caller has seen, by its xid and random id, and the lower xids whose transactions were still open.
 *
 * A position must not reach beyond the newest change: after a crash or a failover, xids that are not on disk are used
 * again. If the change itself was lost, the position is unknown.
 */
export const CHANGE_STATEMENTS: Readonly<Record<ChangeStatement, StatementText>> = {
  /**
   * Reads the changes since a position. Parameters: the position (xid, id, xids of open transactions). Returns the
   * parts of the new position, 1 if the given one is known, and the tags as JSON: one more than {@link MAX_TOLD} if
   * there are too many.
   */
  changesSince: ({ changes, horizon }: Tables) => `
    WITH newest AS MATERIALIZED (SELECT c.xid, c.id FROM ${changes} c ORDER BY c.xid DESC, c.id DESC LIMIT 1),
    running AS MATERIALIZED (
      SELECT r.xid FROM pg_snapshot_xip(pg_current_snapshot()) AS r(xid) WHERE r.xid < (SELECT newest.xid FROM newest)),
    known AS MATERIALIZED (
      SELECT 1 FROM newest, ${horizon} h
      WHERE EXISTS (SELECT FROM ${changes} c WHERE c.xid = $1::text::xid8 AND c.id = $2::text::uuid)
        -- Otherwise the tables come from another server.
        AND newest.xid < pg_snapshot_xmax(pg_current_snapshot())
        AND NOT h.pruned > ANY ($3::text[]::xid8[])),
    told AS (
      (SELECT c.tag FROM ${changes} c WHERE EXISTS (SELECT FROM known) AND c.xid > $1::text::xid8 LIMIT ${MAX_TOLD + 1})
      UNION ALL
      (SELECT c.tag FROM ${changes} c WHERE EXISTS (SELECT FROM known) AND c.xid = ANY ($3::text[]::xid8[])
        LIMIT ${MAX_TOLD + 1}))
    SELECT (SELECT newest.xid FROM newest) AS xid, (SELECT newest.id FROM newest) AS id,
      (SELECT string_agg(running.xid::text, ',') FROM running) AS running,
      (SELECT count(*) FROM known) AS known, (SELECT json_agg(told.tag)::text FROM told) AS told, ${READING}`,

  /**
   * Notes in the table `horizon` which transactions have ended by now. Removes the changes of those that had ended at
   * an earlier note, except the newest of them, because recent positions may refer to it. Parameter: the limit.
   */
  pruneChanges: ({ changes, horizon }: Tables) => `
    WITH noted AS (
      UPDATE ${horizon} h SET pruned = h.ended, ended = pg_snapshot_xmin(pg_current_snapshot()), noted_at = ${NOW}
      WHERE h.noted_at <= ${NOW} - ${KEPT})
    DELETE FROM ${changes} d
    WHERE d.ctid = ANY (ARRAY(
      SELECT c.ctid FROM ${changes} c
      WHERE c.xid < (SELECT max(n.xid) FROM ${changes} n WHERE n.xid < (SELECT h.pruned FROM ${horizon} h))
      ORDER BY c.xid LIMIT ${number('$1')} FOR UPDATE SKIP LOCKED))`,
};

/** The present time of the server, in Unix ms. */
const NOW = 'floor(extract(epoch FROM clock_timestamp()) * 1000)';
