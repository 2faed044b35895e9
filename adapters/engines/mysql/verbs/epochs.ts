import { type EpochRequest, formatEpoch, parseEpoch, type Tag, type VersionedEpoch } from '../../../../src/adapter.ts';
import { SessionError } from '../../../../src/index.ts';
import { isKept, onceEach } from '../../sql/kept.ts';
import type { MysqlConnection, MysqlRow, Parameter } from '../clients/client.ts';
import type { Ask } from '../connection.ts';
import type { Context } from '../context.ts';
import type { Statements } from '../statements/index.ts';
import { filledUp, key, mediumBlob, numberOf, numberOrNull, textOf } from '../values.ts';

/**
 * Reads records; `null` for a missing one.
 * @throws `SESSION_STORE_UNSAFE` if the records came over a connection that is not reliable.
 */
export async function readEpochs(
  { askReliable, statements }: Context,
  tags: readonly Tag[],
): Promise<readonly (VersionedEpoch | null)[]> {
  return epochsOrMissing(await rowsOf(askReliable, statements.readEpochs, tags), tags);
}

export async function ensureEpochs(
  { ask, transact, statements }: Context,
  requests: readonly EpochRequest[],
): Promise<readonly VersionedEpoch[]> {
  const tags = requests.map(({ tag }) => tag);
  const read = (): Promise<Rows> => rowsOf(ask, statements.epochs, tags);
  const rows = await read();
  // Writes only these: many transactions share a realm's record, and one of them may hold its lock for long.
  const lacking = requests.filter(({ tag, keepUntil }) => !isKept(keptUntil(rows.get(tag)), keepUntil));
  if (lacking.length === 0) return epochsOf(rows, tags);
  await transact((connection) => keepEpochs(connection, statements, lacking), { readCommitted: true });
  return epochsOf(await read(), tags);
}

/** Reads records in a transaction of the caller. Reads its snapshot, and locks nothing. */
export async function readSeenEpochs(
  { ask, statements }: Context,
  tags: readonly Tag[],
): Promise<readonly (VersionedEpoch | null)[]> {
  return epochsOrMissing(await rowsOf(ask, statements.epochs, tags), tags);
}

/**
 * The records that a transaction of the caller has locked. Tells for each whether another transaction had changed it
 * since the snapshot.
 */
export type LockedEpochs = Map<Tag, 'as-seen' | 'newer'>;

/**
 * Requires that the snapshot of the caller's transaction shows all sessions of a user.
 * @throws `SESSION_STORE_UNSAFE` if a session of this user may be newer than the snapshot.
 */
export function requireSeen(locked: LockedEpochs, user: Tag): void {
  if (locked.get(user) !== 'newer') return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    'the transaction sees an older snapshot, and the session may have been made since: roll it back, and repeat it',
  );
}

/**
 * Locks records in a transaction of the caller, and creates missing ones. Looks for records without a lock first. Under
 * REPEATABLE READ, the default, creating an existing record or locking a missing one would block inserts of
 * neighbouring records until the caller commits.
 */
export async function lockEpochs(
  { transact, statements }: Context,
  requests: readonly EpochRequest[],
  known: LockedEpochs,
): Promise<readonly VersionedEpoch[]> {
  const tags = requests.map(({ tag }) => tag);
  return transact(async (connection) => {
    const ask: Ask = (sql, parameters) => connection.rows(sql, parameters);
    const seen = await rowsOf(ask, statements.epochs, tags);
    const missing = requests.filter(({ tag }) => !seen.has(tag));
    if (missing.length > 0) await keepEpochs(connection, statements, missing);
    const locked = await rowsOf(ask, statements.lockedEpochs, tags);
    for (const { tag, version, keepUntil } of requests) {
      // Decided at the first lock only, because the transaction sees its own later writes.
      const expected = numberOf(seen.get(tag)?.[2] ?? version);
      if (!known.has(tag)) known.set(tag, numberOf(locked.get(tag)?.[2]) === expected ? 'as-seen' : 'newer');
      if (!isKept(keptUntil(locked.get(tag)), keepUntil)) {
        await connection.write(statements.raise, [keepUntil, key(tag)]);
      }
    }
    return epochsOf(locked, tags);
  });
}

async function keepEpochs(
  connection: MysqlConnection,
  { keepEpochs }: Statements,
  requests: readonly EpochRequest[],
): Promise<void> {
  const once = onceEach(requests);
  await connection.write(keepEpochs(once.length), once.sort(byTag).flatMap(rowOf));
}

type Rows = ReadonlyMap<string, MysqlRow>;

async function rowsOf(ask: Ask, sql: (count: number) => string, tags: readonly Tag[]): Promise<Rows> {
  const keys = filledUp(tags.map((tag) => key(tag)));
  const rows = keys.length === 0 ? [] : await ask(sql(keys.length), keys);
  return new Map(rows.filter(([tag]) => tag !== null).map((row) => [textOf(row[0]), row]));
}

/** All writers lock records in this order, to avoid deadlocks. */
const byTag = (one: EpochRequest, other: EpochRequest): number => (one.tag < other.tag ? -1 : 1);

const rowOf = ({ tag, create, version, keepUntil }: EpochRequest): readonly Parameter[] => [
  ...[key(tag), mediumBlob(formatEpoch(create)), version, keepUntil],
];

function epochsOf(rows: Rows, tags: readonly Tag[]): readonly VersionedEpoch[] {
  return tags.map((tag) => {
    const row = rows.get(tag);
    if (row === undefined) throw new Error('a record is gone that was there a moment ago');
    return epochOf(row);
  });
}

const epochsOrMissing = (rows: Rows, tags: readonly Tag[]): readonly (VersionedEpoch | null)[] =>
  tags.map((tag) => {
    const row = rows.get(tag);
    return row === undefined ? null : epochOf(row);
  });

const epochOf = ([, record, version]: MysqlRow): VersionedEpoch => ({
  record: parseEpoch(textOf(record)),
  version: numberOf(version),
});

const keptUntil = (row: MysqlRow | undefined): number | null | undefined => row && numberOrNull(row[3]);
