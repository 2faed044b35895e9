import type { EpochCache, EpochRecord, FoundSession, ListPage, SessionRef, Tag } from '../../../../src/adapter.ts';
import { matching, TOP } from '../../sql/found.ts';
import { generationsOf } from '../../sql/generation.ts';
import { sharedRecordOf } from '../../sql/session-rows.ts';
import type { PostgresRow } from '../clients/client.ts';
import type { Context } from '../context.ts';
import type { Ask } from '../prepared.ts';
import { checkReading, foundIn, isEarlier, PLACE, pageIn, REALM_RECORD } from '../rows.ts';
import { parameter } from '../values.ts';

/**
 * Wraps `ask` in a check that each result is reliable. Repeats the read once: a server that paused for a moment looks
 * like one with an older snapshot.
 */
export const reliable =
  (ask: Ask): Ask =>
  async (statement, ...values) => {
    let rows = await ask(statement, ...values);
    if (isEarlier(rows[0])) rows = await ask(statement, ...values);
    checkReading(rows[0]);
    return rows;
  };

/**
 * Like `reliable`, in a transaction of the caller. An older snapshot is allowed there, because later writes compare
 * versions.
 */
export const reliableWithin =
  (ask: Ask): Ask =>
  async (statement, ...values) => {
    const rows = await ask(statement, ...values);
    if (!isEarlier(rows[0])) checkReading(rows[0]);
    return rows;
  };

export async function find(
  { ask, askReliable, statements, epochs }: Context,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<readonly (FoundSession | null)[]> {
  const { findOne, findMany } = statements;
  const [ref] = refs;
  if (ref === undefined) {
    // A look-up without references asks the server too, so that it fails in an outage. It returns no row to check.
    await ask(findMany, realm, []);
    return [];
  }
  if (refs.length === 1) {
    const [row] = await askReliable(findOne, realm, ref.id);
    return [foundAs(epochs, ref, row, sharedRecordOf(epochs, row?.[REALM_RECORD], realm))];
  }
  const ids = refs.map(({ id }) => id);
  const rows = await askReliable(findMany, realm, ids);
  const byPlace: PostgresRow[] = [];
  for (const row of rows) byPlace[Number(row[PLACE]) - 1] = row;
  const record = sharedRecordOf(epochs, byPlace[0]?.[REALM_RECORD], realm);
  return refs.map((each, at) => foundAs(epochs, each, byPlace[at], record));
}

function foundAs(
  epochs: EpochCache,
  ref: SessionRef,
  row: PostgresRow | undefined,
  realm: EpochRecord | null,
): FoundSession | null {
  if (row === undefined) throw new Error('the answer makes no sense: it leaves out what it was asked for');
  const found = foundIn(epochs, row, realm);
  return found && matching(found, ref);
}

export async function list(
  { askReliable, statements, epochs }: Context,
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
  return { found: pageIn(epochs, rows.slice(0, limit), realm), more: rows.length > limit };
}
