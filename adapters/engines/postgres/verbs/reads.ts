import type { EpochRecord, FoundSession, ListPage, RecordCache, SessionRef, Tag } from '../../../../src/adapter.ts';
import { matching } from '../../sql/found.ts';
import { generationsOf } from '../../sql/generation.ts';
import { recordOf } from '../../sql/session-rows.ts';
import type { PostgresRow } from '../clients/client.ts';
import type { Context } from '../context.ts';
import type { Ask } from '../prepared.ts';
import { checkReading, foundIn, isEarlier, PLACE, pageIn, REALM_RECORD } from '../rows.ts';
import { parameter } from '../values.ts';

/** Repeats the read once: a server that paused for a moment looks like one with an older snapshot. */
export const reliable =
  (ask: Ask): Ask =>
  async (statement, ...values) => {
    let rows = await ask(statement, ...values);
    if (isEarlier(rows[0])) rows = await ask(statement, ...values);
    checkReading(rows[0]);
    return rows;
  };

/** In a transaction of the caller, an older snapshot is allowed, because later writes compare versions. */
export const reliableWithin =
  (ask: Ask): Ask =>
  async (statement, ...values) => {
    const rows = await ask(statement, ...values);
    if (!isEarlier(rows[0])) checkReading(rows[0]);
    return rows;
  };

/** Sorts before every session. */
const TOP = { createdAt: Number.MAX_SAFE_INTEGER, id: '' };

export async function find(
  { ask, askReliable, statements, records }: Context,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<readonly (FoundSession | null)[]> {
  const { findOne, findMany } = statements;
  const [ref] = refs;
  if (ref === undefined) {
    // A look-up without references fails when others fail. It returns no row to check.
    await ask(findMany, realm, []);
    return [];
  }
  if (refs.length === 1) {
    const [row] = await askReliable(findOne, realm, ref.id);
    return [foundAs(records, ref, row, recordOf(records, row?.[REALM_RECORD], realm))];
  }
  const ids = refs.map(({ id }) => id);
  const rows = await askReliable(findMany, realm, ids);
  const byPlace: PostgresRow[] = [];
  for (const row of rows) byPlace[Number(row[PLACE]) - 1] = row;
  const record = recordOf(records, byPlace[0]?.[REALM_RECORD], realm);
  return refs.map((each, at) => foundAs(records, each, byPlace[at], record));
}

function foundAs(
  records: RecordCache,
  ref: SessionRef,
  row: PostgresRow | undefined,
  realm: EpochRecord | null,
): FoundSession | null {
  if (row === undefined) throw new Error('the answer makes no sense: it leaves out what it was asked for');
  const found = foundIn(records, row, realm, ref.id);
  return found && matching(found, ref);
}

export async function list(
  { askReliable, statements, records }: Context,
  realm: Tag,
  user: Tag,
  page: ListPage,
): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
  const { account, born, ended, now, after = TOP, limit } = page;
  const generations = generationsOf(page);
  const first = [realm, user, parameter(after.createdAt), after.id, parameter(limit + 1), account ?? null] as const;
  const rows = await (generations === null
    ? askReliable(
        statements.list,
        ...[...first, account === undefined ? '1' : '0', ended ? null : parameter(now)],
        ...[born?.user ?? null, born?.member ?? null],
      )
    : askReliable(statements.listBorn, ...first, parameter(now), generations));
  return { found: pageIn(records, rows.slice(0, limit), realm, user), more: rows.length > limit };
}
