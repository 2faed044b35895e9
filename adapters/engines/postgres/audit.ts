import type { AuditPower } from '../../../src/adapter.ts';
import type { AuditEntry } from '../../../src/index.ts';
import { entryOf } from '../sql/audit-rows.ts';
import type { Row } from '../sql/values.ts';
import type { PostgresRow, PostgresValue } from './clients/client.ts';
import type { Context } from './context.ts';
import type { Tables } from './names.ts';
import { type Prepared, prepared } from './prepared.ts';
import { pageStatement } from './statements/audit.ts';
import { entriesOf, parameter } from './values.ts';

export function auditPower(tables: Tables, { ask, statements }: Context): AuditPower {
  const count = async (statement: Prepared, ...values: PostgresValue[]): Promise<number> =>
    Number((await ask(statement, ...values))[0]?.[0]);
  return {
    async append(records) {
      await ask(statements.append, entriesOf(records));
    },
    async read(page) {
      const { text, values } = pageStatement(tables, page);
      const rows = await ask(prepared('audit', text), ...values);
      return { entries: rows.slice(0, page.limit).map(entryIn), more: rows.length > page.limit };
    },
    forget: (user, limit) => count(statements.forget, user, parameter(limit)),
    prune: (before, limit) => count(statements.pruneEntries, parameter(before), parameter(limit)),
  };
}

function entryIn(row: PostgresRow): AuditEntry {
  const values = [...row];
  values[1] = Number(values[1]);
  return entryOf(values as unknown as Row);
}
