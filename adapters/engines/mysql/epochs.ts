import { type EpochRequest, formatEpoch, parseEpoch, type Tag, type VersionedEpoch } from '../../../src/index.ts';
import type { MysqlClient, MysqlConnection, MysqlRow, Parameter } from './client.ts';
import { filledUp, key, mediumBlob } from './parameters.ts';
import type { Statements } from './statements.ts';
import { transact } from './transaction.ts';
import { numberOf, numberOrNull, textOf } from './values.ts';

/** Records in the order asked: creates what is missing, and keeps longer what is not kept long enough. */
export async function readEpochs(
  client: MysqlClient<never>,
  statements: Statements,
  requests: readonly EpochRequest[],
): Promise<readonly VersionedEpoch[]> {
  const read = (): Promise<Rows> => rowsOf(client, statements.epochs, requests);
  const rows = await read();
  // Those alone: a realm's record belongs to many, and one of them may have it locked for long.
  const lacking = requests.filter(({ tag, keepUntil }) => !isKept(rows.get(tag), keepUntil));
  if (lacking.length === 0) return epochsOf(rows, requests);
  await transact(client, (connection) => keepEpochs(connection, statements, lacking), { readCommitted: true });
  return epochsOf(await read(), requests);
}

/**
 * The same in a transaction of the caller's, which may last, and locked. Where it is isolated as usual (REPEATABLE READ), to
 * create what is there, or to lock what is not, would keep the neighbours from being created: so it is looked for first.
 */
export async function lockEpochs(
  connection: MysqlConnection,
  statements: Statements,
  requests: readonly EpochRequest[],
): Promise<readonly VersionedEpoch[]> {
  const seen = await rowsOf(connection, statements.epochs, requests);
  const missing = requests.filter(({ tag }) => !seen.has(tag));
  if (missing.length > 0) await keepEpochs(connection, statements, missing);
  const rows = await rowsOf(connection, statements.lockedEpochs, requests);
  for (const { tag, keepUntil } of requests) {
    if (!isKept(rows.get(tag), keepUntil)) await connection.write(statements.raise, [keepUntil, key(tag)]);
  }
  return epochsOf(rows, requests);
}

async function keepEpochs(
  connection: MysqlConnection,
  { keepEpochs }: Statements,
  requests: readonly EpochRequest[],
): Promise<void> {
  const once = onceEach(requests);
  await connection.write(keepEpochs(once.length), once.sort(byTag).flatMap(rowOf));
}

/** Of several requests for one tag, the first creates the record, and the longest time counts for which it is to be kept. */
function onceEach(requests: readonly EpochRequest[]): EpochRequest[] {
  const merged = new Map<Tag, EpochRequest>();
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

/** Whoever locks several does so in one order. */
const byTag = (one: EpochRequest, other: EpochRequest): number => (one.tag < other.tag ? -1 : 1);

const rowOf = ({ tag, create, version, keepUntil }: EpochRequest): readonly Parameter[] => [
  ...[key(tag), mediumBlob(formatEpoch(create)), version, keepUntil],
];

function epochsOf(rows: Rows, requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
  return requests.map(({ tag }) => {
    const row = rows.get(tag);
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
