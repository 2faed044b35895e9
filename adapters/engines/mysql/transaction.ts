import type { LentConnection, MysqlClient, MysqlConnection } from './client.ts';
import { isLockTimeout, isLost } from './failure.ts';

/** Thrown within a transaction: what was written is undone, and this is its outcome. */
export class Undone<T> {
  readonly outcome: T;

  constructor(outcome: T) {
    this.outcome = outcome;
  }
}

const MOST_TRIES = 5;
/** A wait for a lock may last as long as the server is set to: after so long in all, in ms, nobody waits for another one. */
const LONGEST_WAITING = 2_000;
/** How long a statement of a transaction may take, in ms, before the connection is given up. */
const LONGEST_STATEMENT = 30_000;

/**
 * One atomic step on a connection of its own, committed when this resolves. Always in a transaction said to be one: a pool
 * whose connections have autocommit off would let an acknowledged write lie about uncommitted. Lost to another transaction
 * (nothing was committed then), it is tried again.
 */
export async function transact<T>(
  client: MysqlClient<never>,
  step: (connection: MysqlConnection) => Promise<T>,
  { readCommitted = false }: { readonly readCommitted?: boolean } = {},
): Promise<T> {
  const began = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await once(client, step, readCommitted);
    } catch (error) {
      if (!isLost(error) || tries === MOST_TRIES) throw error;
      if (isLockTimeout(error) && performance.now() - began > LONGEST_WAITING) throw error;
      await new Promise((resolve) => setTimeout(resolve, tries * (2 + 8 * Math.random())));
    }
  }
}

async function once<T>(
  client: MysqlClient<never>,
  step: (connection: MysqlConnection) => Promise<T>,
  readCommitted: boolean,
): Promise<T> {
  const connection = await client.lend(LONGEST_STATEMENT);
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

/** Of the next transaction alone. Ranges that are locked are locked without the gaps between their rows. */
const READ_COMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** Gives the connection back without a transaction, or not at all. */
async function undo(connection: LentConnection): Promise<void> {
  try {
    await connection.command('ROLLBACK');
  } catch {
    connection.discard();
    return;
  }
  connection.release();
}
