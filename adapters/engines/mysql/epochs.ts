import {
  type EpochRecord,
  type EpochRequest,
  formatEpoch,
  parseEpoch,
  SessionError,
  type Tag,
  type VersionedEpoch,
} from '../../../src/index.ts';
import type { MysqlClient, MysqlConnection, MysqlRow, Parameter } from './client.ts';
import { filledUp, key, mediumBlob } from './parameters.ts';
import { requireState } from './server.ts';
import type { Statements } from './statements.ts';
import { transact } from './transaction.ts';
import { numberOf, numberOrNull, textOf } from './values.ts';

/**
 * Records in the order asked: creates what is missing, and keeps longer what is not kept long enough. What is only looked at
 * decides who is let in: it comes over a connection that may be relied on, in an answer that tells so.
 */
export async function readEpochs(
  client: MysqlClient<never>,
  statements: Statements,
  requests: readonly EpochRequest[],
): Promise<readonly (VersionedEpoch | null)[]> {
  const looks = requests.some(({ create }) => create === null);
  const read = (): Promise<Rows> =>
    looks ? lookAt(client, statements, requests) : rowsOf(client, statements.epochs, requests);
  const rows = await read();
  // Those alone: a realm's record belongs to many, and one of them may have it locked for long.
  const lacking = requests.filter(toCreate).filter(({ tag, keepUntil }) => !isKept(rows.get(tag), keepUntil));
  if (lacking.length === 0) return epochsOf(rows, requests);
  await transact(client, (connection) => keepEpochs(connection, statements, lacking), { readCommitted: true });
  return epochsOf(await read(), requests);
}

/** Records that a transaction of the caller's has locked, and whether somebody had written to them since its snapshot. */
export type LockedEpochs = Map<Tag, 'as-seen' | 'newer'>;

/** @throws `SessionError` `SESSION_STORE_UNSAFE` where a session of this user that is not seen may be younger than the snapshot. */
export function requireSeen(locked: LockedEpochs, user: Tag): void {
  if (locked.get(user) !== 'newer') return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    'the transaction sees an older snapshot, and the session may have been made since: roll it back, and repeat it',
  );
}

/**
 * The same in a transaction of the caller's, which may last, and locked. Where it is isolated as usual (REPEATABLE READ), to
 * create what is there, or to lock what is not, would keep the neighbours from being created: so it is looked for first.
 */
export async function lockEpochs(
  connection: MysqlConnection,
  statements: Statements,
  requests: readonly EpochRequest[],
  known: LockedEpochs,
): Promise<readonly (VersionedEpoch | null)[]> {
  const seen = await rowsOf(connection, statements.epochs, requests);
  const wanted = requests.filter(toCreate);
  const missing = wanted.filter(({ tag }) => !seen.has(tag));
  if (missing.length > 0) await keepEpochs(connection, statements, missing);
  const locked = await rowsOf(connection, statements.lockedEpochs, wanted);
  for (const { tag, version, keepUntil } of wanted) {
    // Told the first time: what the transaction itself writes, it sees.
    const expected = numberOf(seen.get(tag)?.[2] ?? version);
    if (!known.has(tag)) known.set(tag, numberOf(locked.get(tag)?.[2]) === expected ? 'as-seen' : 'newer');
    if (!isKept(locked.get(tag), keepUntil)) await connection.write(statements.raise, [keepUntil, key(tag)]);
  }
  return epochsOf(new Map([...seen, ...locked]), requests);
}

/** A request that is for more than a look. */
type Creation = EpochRequest & { readonly create: EpochRecord };

const toCreate = (request: EpochRequest): request is Creation => request.create !== null;

async function keepEpochs(
  connection: MysqlConnection,
  { keepEpochs }: Statements,
  requests: readonly Creation[],
): Promise<void> {
  const once = onceEach(requests);
  await connection.write(keepEpochs(once.length), once.sort(byTag).flatMap(rowOf));
}

/** Of several requests for one tag, the first creates the record, and the longest time counts for which it is to be kept. */
function onceEach(requests: readonly Creation[]): Creation[] {
  const merged = new Map<Tag, Creation>();
  for (const request of requests) {
    const first = merged.get(request.tag) ?? request;
    merged.set(request.tag, { ...first, keepUntil: longest(first.keepUntil, request.keepUntil) });
  }
  return [...merged.values()];
}

/** `null` is for ever. */
const longest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : Math.max(one, other);

/** By tag. */
type Rows = ReadonlyMap<string, MysqlRow>;

async function rowsOf(
  reader: Pick<MysqlConnection, 'rows'>,
  sql: (count: number) => string,
  requests: readonly EpochRequest[],
): Promise<Rows> {
  const tags = filledUp(requests.map(({ tag }) => key(tag)));
  const rows = tags.length === 0 ? [] : await reader.rows(sql(tags.length), tags);
  return new Map(rows.map((row) => [textOf(row[0]), row]));
}

/** @throws `SessionError` `SESSION_STORE_UNSAFE` where the answer came over a connection that may not be relied on. */
async function lookAt(
  client: MysqlClient<never>,
  { lookedAt }: Statements,
  requests: readonly EpochRequest[],
): Promise<Rows> {
  const tags = filledUp(requests.map(({ tag }) => key(tag)));
  const rows = await client.rows(lookedAt(tags.length), tags);
  const [first] = rows;
  if (first === undefined) throw new Error('the server answered a look-up without a row; there is always one');
  requireState(first[4]);
  return new Map(rows.filter(([tag]) => tag !== null).map((row) => [textOf(row[0]), row]));
}

/** Whoever locks several does so in one order. */
const byTag = (one: EpochRequest, other: EpochRequest): number => (one.tag < other.tag ? -1 : 1);

const rowOf = ({ tag, create, version, keepUntil }: Creation): readonly Parameter[] => [
  ...[key(tag), mediumBlob(formatEpoch(create)), version, keepUntil],
];

function epochsOf(rows: Rows, requests: readonly EpochRequest[]): readonly (VersionedEpoch | null)[] {
  return requests.map(({ tag, create }) => {
    const row = rows.get(tag);
    if (row === undefined && create === null) return null;
    if (row === undefined) throw new Error('a record is gone that was there a moment ago');
    const [, record, version] = row;
    return { record: parseEpoch(textOf(record)), version: numberOf(version) };
  });
}

/** Whether a record is there and kept so long already. */
function isKept(row: MysqlRow | undefined, keepUntil: number | null): boolean {
  if (row === undefined) return false;
  const kept = numberOrNull(row[3]);
  return kept === null || (keepUntil !== null && kept >= keepUntil);
}
