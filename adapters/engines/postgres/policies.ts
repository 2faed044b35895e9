import type { PolicyPower } from '../../../src/index.ts';
import { fromColumn, toColumn } from '../sql/text.ts';
import { log } from './fragments.ts';
import { type Ask, prepared } from './prepared.ts';
import type { Tables } from './tables.ts';
import { entriesOf } from './values.ts';

/** The policies of accounts. */
export function policyPower(tables: Tables, ask: Ask): PolicyPower {
  const { policies } = tables;
  const get = prepared('policy', `SELECT p.value FROM ${policies} p WHERE p.account_tag = $1`);
  const write = (what: string): string => `
    WITH written AS (${what} RETURNING 1), ${log(tables, '$3', 'EXISTS (SELECT FROM written)')}
    SELECT count(*) AS written FROM written`;
  const insert = prepared(
    'insert-policy',
    write(`INSERT INTO ${policies} (account_tag, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`),
  );
  const replace = prepared(
    'replace-policy',
    write(`UPDATE ${policies} p SET value = $2 WHERE p.account_tag = $1 AND p.value = $4::text`),
  );
  return {
    async get(account) {
      const [row] = await ask(get, account);
      return row === undefined ? null : fromColumn(String(row[0]));
    },
    async set({ account, value, ifValue, audit }) {
      const values = [account, toColumn(value), entriesOf(audit)] as const;
      const [row] = await (ifValue === null ? ask(insert, ...values) : ask(replace, ...values, toColumn(ifValue)));
      return Number(row?.[0]) > 0 ? 'set' : 'conflict';
    },
  };
}
