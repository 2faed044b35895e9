import type { TransactionPower } from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import type { Readiness } from '../sql/readiness.ts';
import { refuseWithin } from '../sql/refuse-within.ts';
import { auditPower } from './audit.ts';
import type { PostgresClient } from './clients/client.ts';
import type { Context } from './context.ts';
import { meaningOf, notInTransaction } from './errors.ts';
import type { Tables } from './names.ts';
import { policyPowerWithin } from './policies.ts';
import type { Ask } from './prepared.ts';
import { requireTables } from './setup.ts';
import { lockEpochs, readEpochs } from './verbs/epochs.ts';
import { find, list, reliableWithin } from './verbs/reads.ts';
import { advance, end } from './verbs/writes.ts';

export const transactionPower = <Transaction>(
  client: PostgresClient<Transaction>,
  tables: Tables,
  readiness: Readiness,
  context: Context,
): TransactionPower<Transaction> => ({
  within(transaction) {
    client.checkTransaction?.(transaction);
    const ask = askWithin(client, transaction, tables, readiness);
    return storeWithin(tables, { ...context, ask, askReliable: reliableWithin(ask) });
  },
});

/**
 * Returns a function that runs statements in the caller's transaction. It retries nothing and keeps nothing prepared,
 * because any error fails the whole transaction.
 */
function askWithin<Transaction>(
  client: PostgresClient<Transaction>,
  transaction: Transaction,
  tables: Tables,
  readiness: Readiness,
): Ask {
  const run: Ask = ({ text }, ...values) => client.runWithin(transaction, { text, values });
  const isIn = (): boolean | undefined => client.isInTransaction?.(transaction);
  const ask: Ask = async (statement, ...values) => {
    readiness.requireOpen();
    const known = isIn();
    if (known === false) throw notInTransaction();
    // Checks within the transaction, because the pool may have no connection left.
    if (!readiness.isFresh) await requireTables(run, tables);
    // Checks before each statement, because the transaction may have ended since the last one.
    if (known === undefined) await client.runWithin(transaction, { text: blockStatement(tables), values: [] });
    const rows = await run(statement, ...values);
    // The app sent COMMIT before this statement, so the statement ran outside of the transaction.
    if (isIn() === false) throw notInTransaction();
    return rows;
  };
  return (statement, ...values) =>
    ask(statement, ...values).catch((error: unknown) => {
      throw meaningOf(error);
    });
}

/** A statement that Postgres rejects outside of a transaction (25P01). Its lock is no stronger than that of a SELECT. */
const blockStatement = ({ meta }: Tables): string => `LOCK TABLE ${meta} IN ACCESS SHARE MODE`;

const storeWithin = (tables: Tables, context: Context): SessionStore => ({
  powers: {
    audit: { ...auditPower(tables, context), prune: refuseWithin('audit.prune') },
    policies: policyPowerWithin(tables, context),
  },
  readEpochs: (tags) => readEpochs(context, tags),
  ensureEpochs: (requests) => lockEpochs(context, requests),
  find: (realm, refs) => find(context, realm, refs),
  list: (realm, user, page) => list(context, realm, user, page),
  end: (ref, ended, audit) => end(context, ref, ended, audit),
  advance: (tag, change) => advance(context, tag, change),
  add: refuseWithin('add'),
  touch: refuseWithin('touch'),
  renew: refuseWithin('renew'),
  listUsers: refuseWithin('listUsers'),
  memberships: refuseWithin('memberships'),
  deleteSessions: refuseWithin('deleteSessions'),
  prune: refuseWithin('prune'),
  setup: refuseWithin('setup'),
  close: () => {},
});
