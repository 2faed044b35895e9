import type { Touch } from '../../../src/index.ts';
import type { MysqlClient, MysqlConnection, MysqlRow } from './client.ts';
import { filledUp, key } from './parameters.ts';
import type { Statements } from './statements.ts';
import { transact } from './transaction.ts';
import { numberOf, numberOrNull, textOf } from './values.ts';

/** Uses that one transaction notes at the most. */
const MOST_NOTED = 256;

/** After how long, in ms, those that somebody else has locked are tried again: each is a verb's while. */
const WAITS: readonly number[] = [2, 5, 15, 40, 100, 200];

/**
 * Notes uses, many in one transaction. Sessions that somebody else has locked are tried again a few times, for a third of a
 * second in all, and no connection is held meanwhile; one that stays locked for longer (by a transaction of the app's) goes
 * without the note, since nothing hangs on it, and the next use is noted anyway.
 */
export async function noteUses(
  client: MysqlClient<never>,
  statements: Statements,
  touches: readonly Touch[],
): Promise<void> {
  for (const part of inParts(touches)) {
    let left = await note(client, statements, part);
    for (const wait of WAITS) {
      if (left.length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, wait));
      left = await note(client, statements, left);
    }
  }
}

/** Parts in which no session comes twice. */
function inParts(touches: readonly Touch[]): readonly (readonly Touch[])[] {
  const parts: Touch[][] = [];
  let ids = new Set<string>();
  for (const touch of touches) {
    const part = parts.at(-1);
    if (part === undefined || part.length === MOST_NOTED || ids.has(touch.id)) {
      parts.push([touch]);
      ids = new Set([touch.id]);
    } else {
      part.push(touch);
      ids.add(touch.id);
    }
  }
  return parts;
}

/** @returns those that others have locked. */
function note(
  client: MysqlClient<never>,
  statements: Statements,
  touches: readonly Touch[],
): Promise<readonly Touch[]> {
  const step = async (connection: MysqlConnection): Promise<readonly Touch[]> => {
    const ids = filledUp(touches.map(({ id }) => key(id)));
    const rows = await connection.rows(statements.used(ids.length), ids);
    const byId = new Map(rows.map((row) => [textOf(row[0]), row]));
    const used = touches.filter((touch) => counts(byId.get(touch.id), touch));
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
  return transact(client, step, { readCommitted: true });
}

/** Of those that were left out, the ones whose sessions are there; the others' are gone. */
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

/** Whether a use is of this user's session, the latest, and within its lifetimes. */
function counts(row: MysqlRow | undefined, { user, at }: Touch): boolean {
  if (row === undefined) return false;
  const [, userTag, lastUsedAt, endedAt, overAt] = row;
  const over = numberOrNull(overAt);
  return textOf(userTag) === user && numberOf(lastUsedAt) < at && endedAt === null && (over === null || over > at);
}
