import { randomBytes } from 'node:crypto';
import type { Changes, ChangesPower, Tag } from '../../../src/adapter.ts';
import type { MysqlConnection, MysqlRow } from './clients/client.ts';
import type { Context } from './context.ts';
import type { Statements } from './statements/index.ts';
import { inPowers, key, limitOf, numberOf, numberOrNull, orNull, textOf, textOrNull } from './values.ts';

// A transaction records a change without a number, so writers never wait for each other. After its commit, any process
// gives the change a number, in a transaction of its own. A number that is given before the commit could be committed
// after a higher one.

/** Maximum number of tags in an answer. If more have changed, the answer is `tags: null`. */
const MAX_TOLD = 10_000;

/** Maximum number of changes that one transaction numbers or removes, and that one of its statements writes. */
const MAX_NUMBERED = 4_096;
const AT_ONCE = 512;

/** How long a change is kept after it got its number, in ms. */
const KEPT = 3_600_000;

const newKey = (): Buffer => key(randomBytes(16).toString('base64url'));

/** Records in a transaction that tags have changed. A `null` among the tags stands for all tags. */
export async function recordChanges(
  connection: MysqlConnection,
  { insertChanges }: Statements,
  tags: readonly (Tag | null)[],
): Promise<void> {
  for (const some of inPowers(tags, AT_ONCE)) {
    await connection.write(
      insertChanges(some.length),
      some.flatMap((tag) => [newKey(), orNull(tag, key)]),
    );
  }
}

export const changesPower = (context: Context): ChangesPower => ({
  since: (position) => context.ready(() => changesSince(context, position)),
});

interface Answer {
  readonly changes: Changes;
  /** True if every change has a number, and there is a position. */
  readonly isNumbered: boolean;
}

async function changesSince(context: Context, position: string | null): Promise<Changes> {
  const seen = parsePosition(position);
  const first = await readChanges(context, seen);
  if (first.isNumbered) return first.changes;
  // If changes cannot get numbers now, the first answer is complete all the same, and later answers repeat these
  // changes.
  const done = await numberChanges(context).catch(() => false);
  return done ? (await readChanges(context, seen)).changes : first.changes;
}

/**
 * The highest number of a change, and the random id of the transaction that gave it: its numbering. A crash or a
 * failover may undo a numbering and keep its changes. They then get other numbers, and an earlier position must not be
 * compared with them.
 */
interface Position {
  readonly number: number;
  readonly numbering: string;
}

function parsePosition(position: string | null): Position | null {
  const [, number, numbering] = /^(\d{1,15}):([\w-]+)$/.exec(position ?? '') ?? [];
  return numbering === undefined ? null : { number: Number(number), numbering };
}

async function readChanges({ askReliable, statements }: Context, seen: Position | null): Promise<Answer> {
  const parameters = [limitOf(MAX_TOLD + 1), seen?.number ?? 0, limitOf(seen === null ? 1 : MAX_TOLD + 2)];
  const rows = (await askReliable(statements.changes, parameters)).filter(([id]) => id !== null);
  const unnumbered = rows.filter(([, , number]) => number === null).map(tagOf);
  const numbered = rows.filter(([, , number]) => number !== null);
  const newest = numbered.reduce<Position | null>((highest, row) => {
    const one = positionOf(row);
    return highest === null || one.number > highest.number ? one : highest;
  }, null);
  const present = newest === null ? '' : `${newest.number}:${newest.numbering}`;
  const isNumbered = unnumbered.length === 0 && newest !== null;

  const isKnown = numbered
    .map(positionOf)
    .some((one) => one.number === seen?.number && one.numbering === seen.numbering);
  const tags = [...unnumbered, ...numbered.filter((row) => positionOf(row).number !== seen?.number).map(tagOf)];
  const isTold = isKnown && tags.length <= MAX_TOLD && tags.every((tag) => tag !== null);
  return { changes: { tags: isTold ? tags : null, position: present }, isNumbered };
}

const tagOf = ([, tag]: MysqlRow): Tag | null => textOrNull(tag) as Tag | null;

const positionOf = ([, , number, numbering]: MysqlRow): Position => ({
  number: numberOf(number),
  numbering: textOf(numbering),
});

/**
 * Gives numbers to committed changes. Returns `false` if another process is doing so. Never waits for a lock: it
 * changes only committed rows that no other transaction changes.
 */
export const numberChanges = ({ transact, statements }: Context): Promise<boolean> =>
  transact(
    async (connection) => {
      const [free] = await connection.rows(statements.lockNumbers, []);
      if (free === undefined) return false;
      const [row] = await connection.rows(statements.highestNumber, []);
      let highest = numberOrNull(row?.[0] ?? null);
      // Without a change, there is no position to count from.
      if (highest === null) await recordChanges(connection, statements, [null]);
      const ids = (await connection.rows(statements.unnumbered, [limitOf(MAX_NUMBERED)])).map(([id]) =>
        key(textOf(id)),
      );
      const numbering = newKey();
      for (const some of inPowers(ids, AT_ONCE)) {
        await connection.write(statements.number(some.length), [highest ?? 0, ...some, numbering, ...some]);
        highest = (highest ?? 0) + some.length;
      }
      return true;
    },
    { readCommitted: true },
  );

/**
 * Removes old changes in the order of their numbers. So if the change of a position exists, all later ones do. The
 * newest change stays, because later positions count from it. Returns `true` if more may be left.
 */
export const pruneChanges = ({ transact, statements }: Context): Promise<boolean> =>
  transact(
    async (connection) => {
      const [free] = await connection.rows(statements.lockNumbers, []);
      if (free === undefined) return false;
      const rows = await connection.rows(statements.oldestChanges, [KEPT, limitOf(MAX_NUMBERED + 1)]);
      const young = rows.findIndex(([, isOld]) => numberOf(isOld) === 0);
      const due = rows.slice(0, -1).slice(0, young === -1 ? undefined : young);
      const last = due.at(-1);
      if (last !== undefined) await connection.write(statements.removeChanges, [numberOf(last[0])]);
      return due.length === MAX_NUMBERED;
    },
    { readCommitted: true },
  );
