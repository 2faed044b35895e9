import type { AuditEntry, AuditPage, AuditRecord, Tag } from '../../../src/index.ts';
import { entryOf, placeOf, rowOfRecord } from '../sql/audit-row.ts';
import type { Row, Value } from '../sql/row.ts';
import { toColumn } from '../sql/text.ts';
import type { AuditStatements, FoundBy } from './audit-statements.ts';
import type { MysqlClient, MysqlConnection, MysqlRow, Parameter } from './client.ts';
import { blob, filledUp, inPowers, key, limitOf, typeKey } from './parameters.ts';
import { removeAll } from './pruning.ts';
import { transact } from './transaction.ts';
import { numberOf, textOf } from './values.ts';

/** Entries that one statement writes at the most. */
const AT_ONCE = 64;

/** Columns of a record that are keys: the tags and `keep_until` before the entry, then its id, time and type. */
const KEYS = 7;
const TYPE_AT = 7;

/** The column of an entry that is a number: its time. */
const TIME_AT = 1;

/** Comes before the youngest entry. */
const TOP = { at: Number.MAX_SAFE_INTEGER, id: '' };

/** Writes entries, within the transaction of what they tell of. */
export async function writeAudit(
  connection: MysqlConnection,
  { insertEntries }: AuditStatements,
  records: readonly AuditRecord[],
): Promise<void> {
  for (const some of inPowers(records, AT_ONCE)) {
    await connection.write(
      insertEntries(some.length),
      some.flatMap((record) => rowOfRecord(record).map(toParameter)),
    );
  }
}

const toParameter = (value: Value, at: number): Parameter => {
  if (typeof value !== 'string') return value;
  if (at === TYPE_AT) return typeKey(value);
  return at < KEYS ? key(value) : blob(value);
};

/** A page. Whatever is asked for, it is found by one index and read in its order. */
export async function readAudit(
  reader: Pick<MysqlConnection, 'rows'>,
  statements: AuditStatements,
  page: AuditPage,
): Promise<{ readonly entries: readonly AuditEntry[]; readonly more: boolean }> {
  const parts: Row[][] = [];
  for (const [by, ...values] of wanted(page)) parts.push(await readBy(reader, statements, by, values, page));
  const rows = parts.flat();
  // Of several types, each has a page of its own, of which the youngest entries count.
  if (parts.length > 1) rows.sort(youngestFirst);
  return { entries: rows.slice(0, page.limit).map(entryOf), more: rows.length > page.limit };
}

/** What finds the fewest of all that is asked for, as far as one can tell. */
function wanted({ realm, user, account, by, types }: AuditPage): readonly (readonly [FoundBy, ...Buffer[]])[] {
  if (user !== undefined) return [['user', key(user)]];
  if (by !== undefined) return [['actor', key(by)]];
  if (types === undefined) return [account === undefined ? ['realm', key(realm)] : ['account', key(account)]];
  return [...new Set(types)].map((type) =>
    account === undefined ? ['type', key(realm), asWritten(type)] : ['typeInAccount', key(account), asWritten(type)],
  );
}

/** A type as its column has it. */
const asWritten = (type: string): Buffer => typeKey(toColumn(type));

async function readBy(
  reader: Pick<MysqlConnection, 'rows'>,
  { entries }: AuditStatements,
  found: FoundBy,
  values: readonly Buffer[],
  page: AuditPage,
): Promise<Row[]> {
  const { realm, user, by, account, from = Number.MIN_SAFE_INTEGER, until, limit } = page;
  const after = page.after ?? TOP;
  // What comes after the first place of a time is earlier than that time.
  const top = until !== undefined && until <= after.at ? { at: until, id: '' } : after;
  const types = filledUp(page.types ?? []).map(asWritten);
  const filter = { user: user !== undefined, actor: by !== undefined, account: account !== undefined };
  const asked = [user, by, account].filter((tag) => tag !== undefined).map(key);
  const rows = await reader.rows(entries(found, { ...filter, types: types.length }), [
    ...[...values, top.at, top.at, key(top.id), from, key(realm), ...asked, ...types],
    // One more than wanted, to know whether entries follow.
    limitOf(limit + 1),
  ]);
  return rows.map(toRow);
}

const toRow = (row: MysqlRow): Row =>
  row.map((value, at) => {
    if (value === null) return null;
    return at === TIME_AT ? numberOf(value) : textOf(value);
  });

function youngestFirst(one: Row, other: Row): number {
  const [a, b] = [placeOf(one), placeOf(other)];
  return b.at - a.at || (a.id < b.id ? 1 : -1);
}

/** One batch: first of what is about the user, then of what the user did to others. */
export async function forgetUser(
  connection: MysqlConnection,
  { forgetUser, forgetActor }: AuditStatements,
  user: Tag,
  limit: number,
): Promise<number> {
  const about = await connection.write(forgetUser, [key(user), limitOf(limit)]);
  if (about === limit) return about;
  return about + (await connection.write(forgetActor, [key(user), limitOf(limit - about)]));
}

/** Removes what need not be kept. Pruners pass each other by. */
export function pruneAudit(
  client: MysqlClient<never>,
  { dueEntries, removeEntries }: AuditStatements,
  before: number,
  limit: number,
): Promise<number> {
  const step = async (connection: MysqlConnection): Promise<number> => {
    const rows = await connection.rows(dueEntries, [before, limitOf(limit)]);
    return removeAll(
      connection,
      removeEntries,
      rows.map(([seq]) => numberOf(seq)),
    );
  };
  return transact(client, step, { readCommitted: true });
}
