import type { Tables } from '../names.ts';
import { STATE } from '../server.ts';
import { marks } from '../values.ts';

export interface ChangeStatements {
  insertChanges(count: number): string;
  /**
   * Selects id, tag, number and numbering of changes, with the state of the connection. It finds the changes without a
   * number, and the newest ones from a number on, each up to a limit. If there are none, a row of NULLs has the state.
   */
  readonly changes: string;
  /**
   * Locks the row that permits numbering and pruning. No transaction of a caller ever waits for it. Finds no row if
   * another transaction has locked it.
   */
  readonly lockNumbers: string;
  readonly highestNumber: string;
  readonly unnumbered: string;
  /** Gives numbers to changes. Parameters: the highest number so far, the ids, the numbering, the ids again. */
  number(count: number): string;
  /**
   * Selects changes from the lowest number on: the number, and 1 if it was given longer ago than the first parameter,
   * in ms.
   */
  readonly oldestChanges: string;
  readonly removeChanges: string;
}

/** The present time of the server, in Unix ms. Not a parameter, because the clocks of processes differ. */
const SERVER_NOW = "TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP()) * 1000";

export function changeStatementsOf({ changes, meta }: Tables): ChangeStatements {
  const told = `SELECT id, tag, number, numbering, ${STATE} FROM ${changes} FORCE INDEX (numbered)`;
  return {
    insertChanges: (count) => `INSERT INTO ${changes} (id, tag) VALUES ${Array(count).fill('(?, ?)').join(', ')}`,
    // One statement, and so one snapshot. Between two statements, a change could get a lower number than those that the
    // second one reads.
    changes: `
      SELECT NULL AS id, NULL AS tag, NULL AS number, NULL AS numbering, ${STATE}
      UNION ALL (${told} WHERE number IS NULL LIMIT ?)
      UNION ALL (${told} WHERE number >= ? ORDER BY number DESC LIMIT ?)`,
    lockNumbers: `SELECT id FROM ${meta} WHERE id = 2 FOR UPDATE SKIP LOCKED`,
    highestNumber: `SELECT MAX(number) FROM ${changes}`,
    unnumbered: `SELECT id FROM ${changes} FORCE INDEX (numbered) WHERE number IS NULL LIMIT ?`,
    number: (count) => `
      UPDATE ${changes} SET number = ? + FIELD(id, ${marks(count)}), numbering = ?, numbered_at = ${SERVER_NOW}
      WHERE id IN (${marks(count)})`,
    oldestChanges: `
      SELECT number, numbered_at < ${SERVER_NOW} - ? FROM ${changes} FORCE INDEX (numbered)
      WHERE number > 0 ORDER BY number LIMIT ?`,
    removeChanges: `DELETE FROM ${changes} WHERE number > 0 AND number <= ?`,
  };
}
