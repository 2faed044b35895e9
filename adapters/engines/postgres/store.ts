import { EpochCache } from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import { Readiness } from '../sql/readiness.ts';
import type { PostgresClient } from './clients/client.ts';
import { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { isDuplicate, meaningOf } from './errors.ts';
import type { Tables } from './names.ts';
import { powersOf } from './powers.ts';
import type { Ask } from './prepared.ts';
import { prune } from './prune.ts';
import { STEPS } from './schema.ts';
import { requireTables, setUp } from './setup.ts';
import { statementsOf } from './statements/index.ts';
import { ensureEpochs, readEpochs } from './verbs/epochs.ts';
import { find, list, reliable } from './verbs/reads.ts';
import { touch } from './verbs/touch.ts';
import { listUsers, memberships } from './verbs/users.ts';
import { add, advance, deleteSessions, end, renew } from './verbs/writes.ts';

export function createStore<Transaction>(
  client: PostgresClient<Transaction>,
  tables: Tables,
  prepares: boolean,
): SessionStore<Transaction> {
  const connection = new Connection(client, prepares);
  const check = async (): Promise<void> => void (await requireTables(connection.ask, tables));
  const readiness = new Readiness({
    first: check,
    again: check,
    // After any other error than a taken id, the tables may have changed, or another server may answer.
    failed: (error) => ({ error: meaningOf(error), isInDoubt: !isDuplicate(error) }),
  });
  const ask: Ask = (statement, ...values) => readiness.ask(() => connection.askRepeatedly(statement, ...values));
  const context: Context = {
    ask,
    askReliable: reliable(ask),
    statements: statementsOf(tables),
    epochs: new EpochCache(),
  };
  return {
    powers: powersOf({ client, connection, tables, readiness, context }),
    readEpochs: (tags) => readEpochs(context, tags),
    ensureEpochs: (requests) => ensureEpochs(context, requests),
    add: (session, write) => add(context, session, write),
    find: (realm, refs) => find(context, realm, refs),
    list: (realm, user, page) => list(context, realm, user, page),
    touch: (touches, now) => touch(context, touches, now),
    renew: (renewal) => renew(context, renewal),
    end: (ref, ended, audit) => end(context, ref, ended, audit),
    advance: (tag, change) => advance(context, tag, change),
    listUsers: (of, after, limit) => listUsers(context, of, after, limit),
    memberships: (user, after, limit) => memberships(context, user, after, limit),
    deleteSessions: (user, limit) => deleteSessions(context, user, limit),
    prune: (batch) => prune(context, batch),
    async setup() {
      readiness.requireOpen();
      await setUp(connection, tables, STEPS);
      readiness.forget();
      await readiness.ready();
    },
    close: () => readiness.close(),
  };
}
