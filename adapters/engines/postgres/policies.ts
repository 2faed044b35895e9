import type { PolicyPower } from '../../../src/adapter.ts';
import { fromColumn, toColumn } from '../sql/values.ts';
import type { Tables } from './names.ts';
import { type Ask, prepared } from './prepared.ts';
import { log } from './statements/fragments.ts';
import { entriesOf } from './values.ts';

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
 * The policies in a transaction of the caller. A policy that is read there cannot change until the commit. If the
 * transaction sees an older snapshot and the policy has changed since, Postgres fails the transaction (40001).
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
      // A lock misses a row that was inserted after the snapshot. An insert of the same key conflicts with it.
      const [claimed] = await ask(claim, account);
      if (Number(claimed?.[0]) > 0) await ask(disclaim, account);
      return null;
    },
  };
}
