import type { AuditPage } from '../../../../src/adapter.ts';
import { toColumn } from '../../sql/values.ts';
import type { PostgresValue } from '../clients/client.ts';
import type { Tables } from '../names.ts';
import type { StatementText } from '../prepared.ts';
import { entryColumns, log, number } from './fragments.ts';

export type AuditStatement = 'append' | 'forget' | 'pruneEntries';

export const AUDIT_STATEMENTS: Readonly<Record<AuditStatement, StatementText>> = {
  append: (tables: Tables) => `WITH ${log(tables, '$1', 'true')} SELECT 1 AS done`,

  /**
   * Erases a user from the log. Entries about the user come first, then those about the user's actions. Parameters: the
   * user's tag, the limit.
   */
  forget: ({ audit }: Tables) => `
    WITH about AS (
      UPDATE ${audit} l SET user_tag = NULL, actor_tag = NULL, "user" = NULL, session = NULL, device = NULL, ip = NULL,
        actor = NULL, reason = NULL, note = NULL, actor_device = NULL, details = '{}'
      WHERE l.id = ANY (ARRAY(SELECT o.id FROM ${audit} o WHERE o.user_tag = $1 LIMIT ${number('$2')} FOR UPDATE))
      RETURNING l.id),
    theirs AS (
      UPDATE ${audit} l SET actor_tag = NULL, actor = NULL, reason = NULL, note = NULL, actor_device = NULL
      WHERE l.id = ANY (ARRAY(
        SELECT o.id FROM ${audit} o WHERE o.actor_tag = $1 AND o.user_tag IS DISTINCT FROM $1
        LIMIT ${number('$2')} - (SELECT count(*) FROM about) FOR UPDATE))
      RETURNING l.id)
    SELECT (SELECT count(*) FROM about) + (SELECT count(*) FROM theirs) AS forgotten`,

  /** Removes entries that need not be kept longer. Parameters: a time, the limit. */
  pruneEntries: ({ audit }: Tables) => `
    WITH removed AS (
      DELETE FROM ${audit} l
      WHERE l.id = ANY (ARRAY(
        SELECT o.id FROM ${audit} o WHERE o.keep_until < ${number('$1')}
        ORDER BY o.keep_until LIMIT ${number('$2')} FOR UPDATE SKIP LOCKED))
      RETURNING l.id)
    SELECT count(*) AS removed FROM removed`,
};

/**
 * Returns the statement for a page of the log. It contains only the requested conditions, so that the planner can
 * choose the index that matches the fewest entries.
 */
export function pageStatement(
  { audit }: Tables,
  page: AuditPage,
): { readonly text: string; readonly values: readonly PostgresValue[] } {
  const values: PostgresValue[] = [];
  const given = (value: PostgresValue): string => `$${values.push(value)}`;
  const conditions: string[] = [`l.realm_tag = ${given(page.realm)}`];
  if (page.user !== undefined) conditions.push(`l.user_tag = ${given(page.user)}`);
  if (page.account !== undefined) conditions.push(`l.account_tag = ${given(page.account)}`);
  if (page.by !== undefined) conditions.push(`l.actor_tag = ${given(page.by)}`);
  if (page.since !== undefined) conditions.push(`l.at >= ${number(given(String(page.since)))}`);
  if (page.until !== undefined) conditions.push(`l.at < ${number(given(String(page.until)))}`);
  if (page.after !== undefined) {
    const { at, id } = page.after;
    conditions.push(`(l.at, l.id) < (${number(given(String(at)))}, ${given(id)}::text)`);
  }
  const limit = `ORDER BY l.at DESC, l.id DESC LIMIT ${number(given(String(page.limit + 1)))}`;
  const select = (more: string): string =>
    `SELECT ${entryColumns} FROM ${audit} l WHERE ${[...conditions, more].join(' AND ')} ${limit}`;
  if (page.types === undefined) return { text: select('true'), values };
  // Each type is read separately, in the order of an index. The youngest entries of all types make the page.
  const types = given([...new Set(page.types)].map((type) => toColumn(type)));
  const each = `FROM unnest(${types}::text[]) AS o(type) CROSS JOIN LATERAL (${select('l.type = o.type')}) l`;
  return { text: `SELECT ${entryColumns} ${each} ${limit}`, values };
}
