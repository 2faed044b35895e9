import type { AuditPage, AuditPower, AuditRecord, Tag } from '../../../src/adapter.ts';
import type { AuditEntry } from '../../../src/index.ts';
import { lookupsOf, pageOf, startOf } from '../sql/audit-page.ts';
import { rowOfRecord } from '../sql/audit-rows.ts';
import { type Row, toColumn, type Value } from '../sql/values.ts';
import type { MysqlConnection, MysqlRow, Parameter } from './clients/client.ts';
import { removeAll } from './connection.ts';
import type { Context } from './context.ts';
import { isDuplicate } from './errors.ts';
import { queueMessage } from './outbox.ts';
import type { Statements } from './statements/index.ts';
import { blob, filledUp, inPowers, key, limitOf, numberOf, textOf, typeKey } from './values.ts';

export function auditPower(context: Context): AuditPower {
  const { ready, transact, statements } = context;
  return {
    append: (records) => ready(() => transact((connection) => writeAudit(connection, statements, records))),
    read: (page) => ready(() => readAudit(context, page)),
    forget: (user, limit) => ready(() => forgetUser(context, user, limit)),
    prune: (before, limit) => ready(() => pruneAudit(context, before, limit)),
  };
}

/** Maximum number of entries that one statement writes. */
const AT_ONCE = 64;

/** Number of key columns of a record: the tags and `keep_until` before the entry, then its id, time and type. */
const KEYS = 7;
const TYPE_AT = 7;

/** An entry's only numeric column. */
const TIME_AT = 1;

/** Writes entries and queues their messages. Skips entries that exist. */
export async function writeAudit(
  connection: MysqlConnection,
  statements: Statements,
  records: readonly AuditRecord[],
): Promise<void> {
  const silent = records.filter(({ message }) => message === undefined);
  for (const some of inPowers(silent, AT_ONCE)) {
    await connection.write(statements.insertEntries(some.length), some.flatMap(parametersOf));
  }
  for (const record of records) {
    if (record.message === undefined) continue;
    // One by one: the number of rows of a larger statement does not tell which entries are new.
    try {
      await connection.write(statements.insertEntry, parametersOf(record));
    } catch (error) {
      if (isDuplicate(error)) continue;
      throw error;
    }
    await queueMessage(connection, statements, record);
  }
}

const parametersOf = (record: AuditRecord): readonly Parameter[] => rowOfRecord(record).map(toParameter);

const toParameter = (value: Value, at: number): Parameter => {
  if (typeof value !== 'string') return value;
  if (at === TYPE_AT) return typeKey(value);
  return at < KEYS ? key(value) : blob(value);
};

/** Reads a page of the log. Each look-up reads one index, which gives the order. */
async function readAudit(
  { ask, statements }: Context,
  page: AuditPage,
): Promise<{ readonly entries: readonly AuditEntry[]; readonly more: boolean }> {
  const { realm, user, by, account, since = Number.MIN_SAFE_INTEGER, limit } = page;
  const start = startOf(page);
  const types = filledUp(page.types ?? []).map((type) => typeKey(toColumn(type)));
  const filter = { user: user !== undefined, actor: by !== undefined, account: account !== undefined };
  const asked = [user, by, account].filter((tag) => tag !== undefined).map(key);
  const lookups: Row[][] = [];
  for (const [index, ...values] of lookupsOf(page)) {
    const rows = await ask(statements.entries(index, { ...filter, types: types.length }), [
      ...[...values.map(typeKey), start.at, start.at, key(start.id), since, key(realm), ...asked, ...types],
      limitOf(limit + 1),
    ]);
    lookups.push(rows.map(toRow));
  }
  return pageOf(lookups, limit);
}

const toRow = (row: MysqlRow): Row =>
  row.map((value, at) => {
    if (value === null) return null;
    return at === TIME_AT ? numberOf(value) : textOf(value);
  });

/** Erases a user from the log. Entries about the user come first, then entries about what the user did to others. */
const forgetUser = ({ transact, statements }: Context, user: Tag, limit: number): Promise<number> =>
  transact(async (connection) => {
    const about = await connection.write(statements.forgetUser, [key(user), limitOf(limit)]);
    if (about === limit) return about;
    return about + (await connection.write(statements.forgetActor, [key(user), limitOf(limit - about)]));
  });

/** Removes entries that need not be kept longer. Skips entries that another pruning has locked. */
function pruneAudit({ transact, statements }: Context, before: number, limit: number): Promise<number> {
  const step = async (connection: MysqlConnection): Promise<number> => {
    const rows = await connection.rows(statements.dueEntries, [before, limitOf(limit)]);
    return removeAll(
      connection,
      statements.removeEntries,
      rows.map(([seq]) => numberOf(seq)),
    );
  };
  return transact(step, { readCommitted: true });
}
