import type { PolicyPower } from '../../../src/index.ts';
import { fromColumn, toColumn } from '../sql/text.ts';
import { log } from './fragments.ts';
import { type Ask, prepared } from './prepared.ts';
import type { Tables } from './tables.ts';
import { entriesOf } from './values.ts';

/** The policies of accounts. */
export function policyPower(tables: Tables, ask: Ask): PolicyPower {
  const { policies } = tables;
  const get = prepared('policy', readPolicy(tables));
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

const readPolicy = ({ policies }: Tables): string => `SELECT p.value FROM ${policies} p WHERE p.account_tag = $1`;

/**
 * The same in a transaction of the caller's: what is read there stays as it is until the commit. Where the transaction sees
 * an older snapshot and the policy was changed since, Postgres fails it (40001).
 */
export function policyPowerWithin(tables: Tables, ask: Ask): PolicyPower {
  const { policies } = tables;
  const power = policyPower(tables, ask);
  const lock = prepared('lock-policy', `${readPolicy(tables)} FOR SHARE`);
  const claim = prepared(
    'claim-policy',
    `WITH claimed AS (
      INSERT INTO ${policies} (account_tag, value) SELECT $1::text, ''
      WHERE current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
      ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*) AS claimed FROM claimed`,
  );
  const disclaim = prepared(
    'disclaim-policy',
    `WITH removed AS (DELETE FROM ${policies} WHERE account_tag = $1 RETURNING 1)
    SELECT count(*) AS removed FROM removed`,
  );
  return {
    ...power,
    async get(account) {
      const [row] = await ask(lock, account);
      if (row !== undefined) return fromColumn(String(row[0]));
      // A row that was made since the snapshot is not there for a lock; whoever makes one anew comes upon it.
      const [claimed] = await ask(claim, account);
      if (Number(claimed?.[0]) > 0) await ask(disclaim, account);
      return null;
    },
  };
}
