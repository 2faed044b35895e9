import type { Touch } from '../../../../src/adapter.ts';
import { retryLocked } from '../../sql/retry-locked.ts';
import type { MysqlConnection, MysqlRow } from '../clients/client.ts';
import type { Context } from '../context.ts';
import type { Statements } from '../statements/index.ts';
import { filledUp, key, numberOf, numberOrNull, textOf } from '../values.ts';

/** Maximum number of uses that one transaction records. */
const MAX_NOTED = 256;

/** Records uses of sessions, and retries those whose session is locked. Holds no connection while it waits. */
export async function touch(context: Context, touches: readonly Touch[], now: () => number): Promise<void> {
  for (const part of inParts(touches)) await retryLocked(part, (uses) => note(context, uses, now));
}

/** Splits uses into parts for one transaction each. No session occurs twice in a part. */
function inParts(touches: readonly Touch[]): readonly (readonly Touch[])[] {
  const parts: Touch[][] = [];
  let ids = new Set<string>();
  for (const touch of touches) {
    const part = parts.at(-1);
    if (part === undefined || part.length === MAX_NOTED || ids.has(touch.id)) {
      parts.push([touch]);
      ids = new Set([touch.id]);
    } else {
      part.push(touch);
      ids.add(touch.id);
    }
  }
  return parts;
}

function note(
  { transact, statements }: Context,
  touches: readonly Touch[],
  now: () => number,
): Promise<readonly Touch[]> {
  const step = async (connection: MysqlConnection): Promise<readonly Touch[]> => {
    const ids = filledUp(touches.map(({ id }) => key(id)));
    const rows = await connection.rows(statements.used(ids.length), ids);
    const byId = new Map(rows.map((row) => [textOf(row[0]), row]));
    // Reads the time only now, with the rows locked: a session may have expired meanwhile.
    const time = now();
    const used = touches.filter((touch) => counts(byId.get(touch.id), touch, time));
    if (used.length > 0) {
      const noted = filledUp(used);
      await connection.write(statements.touch(noted.length), [
        ...noted.flatMap(({ id, at }) => [key(id), at]),
        ...noted.map(({ id }) => key(id)),
      ]);
    }
    return lockedOf(
      connection,
      statements,
      touches.filter(({ id }) => !byId.has(id)),
    );
  };
  return transact(step, { readCommitted: true });
}

/** Returns the uses to retry. Of the skipped sessions, those that exist are locked. The others are gone. */
async function lockedOf(
  connection: MysqlConnection,
  statements: Statements,
  leftOut: readonly Touch[],
): Promise<readonly Touch[]> {
  if (leftOut.length === 0) return [];
  const ids = filledUp(leftOut.map(({ id }) => key(id)));
  const rows = await connection.rows(statements.present(ids.length), ids);
  const there = new Set(rows.map(([id]) => textOf(id)));
  return leftOut.filter(({ id }) => there.has(id));
}

function counts(row: MysqlRow | undefined, { user, at }: Touch, now: number): boolean {
  if (row === undefined) return false;
  const [, userTag, lastUsedAt, endedAt, overAt] = row;
  const over = numberOrNull(overAt);
  return (
    textOf(userTag) === user &&
    numberOf(lastUsedAt) < at &&
    endedAt === null &&
    (over === null || over > Math.max(at, now))
  );
}
