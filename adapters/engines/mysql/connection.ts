import type { LentConnection, MysqlClient, MysqlConnection, MysqlRow, Parameter } from './clients/client.ts';
import { isContention, isLockTimeout } from './errors.ts';
import { filledUp } from './values.ts';

export type Ask = (sql: string, parameters: readonly Parameter[]) => Promise<readonly MysqlRow[]>;

interface Isolation {
  readonly readCommitted?: boolean;
}

/** Runs a step in a transaction. The step may run several times. */
export type Transact = <T>(step: (connection: MysqlConnection) => Promise<T>, isolation?: Isolation) => Promise<T>;

/** Thrown within a transaction to roll it back. `outcome` is the result of the transaction. */
export class Undone<T> {
  readonly outcome: T;

  constructor(outcome: T) {
    this.outcome = outcome;
  }
}

const MAX_TRIES = 5;
/** After this total time, in ms, a lock timeout is final. The server's settings limit each single wait. */
const MAX_WAITING = 2_000;
/** Time limit for each statement of a transaction, in ms. The connection is closed after it. */
const MAX_STATEMENT = 30_000;

/**
 * Runs a step in a transaction. The step is committed when this resolves. The transaction is explicit, because a pool's
 * connections may have autocommit off. A step that lost a conflict is retried, because nothing was committed.
 */
export async function transact<T>(
  client: MysqlClient<never>,
  step: (connection: MysqlConnection) => Promise<T>,
  { readCommitted = false }: Isolation = {},
): Promise<T> {
  const began = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await once(client, step, readCommitted);
    } catch (error) {
      if (!isContention(error) || tries === MAX_TRIES) throw error;
      if (isLockTimeout(error) && performance.now() - began > MAX_WAITING) throw error;
      await new Promise((resolve) => setTimeout(resolve, tries * (2 + 8 * Math.random())));
    }
  }
}

async function once<T>(
  client: MysqlClient<never>,
  step: (connection: MysqlConnection) => Promise<T>,
  readCommitted: boolean,
): Promise<T> {
  const connection = await client.lend(MAX_STATEMENT);
  let outcome: T;
  try {
    if (readCommitted) await connection.command(READ_COMMITTED);
    await connection.command('START TRANSACTION');
    outcome = await step(connection);
    await connection.command('COMMIT');
  } catch (error) {
    await undo(connection);
    if (error instanceof Undone) return error.outcome as T;
    throw error;
  }
  connection.release();
  return outcome;
}

/**
 * Sets the isolation level of the next transaction only. At this level, locked ranges do not include the gaps between
 * rows.
 */
const READ_COMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';

async function undo(connection: LentConnection): Promise<void> {
  try {
    await connection.command('ROLLBACK');
  } catch {
    connection.discard();
    return;
  }
  connection.release();
}

/** Maximum number of rows that one statement removes. */
const AT_ONCE = 512;

/** Removes rows in the order of their keys. */
export async function removeAll(
  connection: MysqlConnection,
  remove: (count: number) => string,
  keys: readonly (Buffer | number | string)[],
): Promise<number> {
  let removed = 0;
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = filledUp(keys.slice(at, at + AT_ONCE));
    removed += await connection.write(remove(some.length), some);
  }
  return removed;
}
