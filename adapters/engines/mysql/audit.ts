import type { AuditPage, AuditRecord, Tag } from '../../../src/adapter.ts';
import type { AuditEntry } from '../../../src/index.ts';
import { entryOf, placeOf, rowOfRecord } from '../sql/audit-rows.ts';
import { type Row, toColumn, type Value } from '../sql/values.ts';
import type { AuditStatements, FoundBy } from './audit-statements.ts';
import type { MysqlClient, MysqlConnection, MysqlRow, Parameter } from './clients/client.ts';
import { transact } from './connection.ts';
import { removeAll } from './prune.ts';
import { blob, filledUp, inPowers, key, limitOf, numberOf, textOf, typeKey } from './values.ts';

/** Maximum number of entries that one statement writes. */
const AT_ONCE = 64;

/** Number of key columns of a record: the tags and `keep_until` before the entry, then its id, time and type. */
const KEYS = 7;
const TYPE_AT = 7;

/** Index of an entry's only numeric column: its time. */
const TIME_AT = 1;

/** Start position of a page: sorts before every entry. */
const TOP = { at: Number.MAX_SAFE_INTEGER, id: '' };

/** Writes entries in the same transaction as the change that they describe. */
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

/** Reads a page. Every query is found by one index and read in its order. */
export async function readAudit(
  reader: Pick<MysqlConnection, 'rows'>,
  statements: AuditStatements,
  page: AuditPage,
): Promise<{ readonly entries: readonly AuditEntry[]; readonly more: boolean }> {
  const parts: Row[][] = [];
  for (const [by, ...values] of wanted(page)) parts.push(await readBy(reader, statements, by, values, page));
  const rows = parts.flat();
  // With several types, each type is read separately, and the youngest entries of all make the page.
  if (parts.length > 1) rows.sort(youngestFirst);
  return { entries: rows.slice(0, page.limit).map(entryOf), more: rows.length > page.limit };
}

/** Chooses the index that probably matches the fewest entries. */
function wanted({ realm, user, account, by, types }: AuditPage): readonly (readonly [FoundBy, ...Buffer[]])[] {
  if (user !== undefined) return [['user', key(user)]];
  if (by !== undefined) return [['actor', key(by)]];
  if (types === undefined) return [account === undefined ? ['realm', key(realm)] : ['account', key(account)]];
  return [...new Set(types)].map((type) =>
    account === undefined ? ['type', key(realm), asWritten(type)] : ['typeInAccount', key(account), asWritten(type)],
  );
}

const asWritten = (type: string): Buffer => typeKey(toColumn(type));

async function readBy(
  reader: Pick<MysqlConnection, 'rows'>,
  { entries }: AuditStatements,
  found: FoundBy,
  values: readonly Buffer[],
  page: AuditPage,
): Promise<Row[]> {
  const { realm, user, by, account, since = Number.MIN_SAFE_INTEGER, until, limit } = page;
  const after = page.after ?? TOP;
  // `until` is exclusive: with an empty id, only entries earlier than `until` follow.
  const top = until !== undefined && until <= after.at ? { at: until, id: '' } : after;
  const types = filledUp(page.types ?? []).map(asWritten);
  const filter = { user: user !== undefined, actor: by !== undefined, account: account !== undefined };
  const asked = [user, by, account].filter((tag) => tag !== undefined).map(key);
  const rows = await reader.rows(entries(found, { ...filter, types: types.length }), [
    ...[...values, top.at, top.at, key(top.id), since, key(realm), ...asked, ...types],
    // Reads one more than the limit, to learn whether entries follow.
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

/** Anonymizes one batch: first entries about the user, then entries about what the user did to others. */
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

/** Removes entries that need not be kept. Skips entries that another pruning has locked. */
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
