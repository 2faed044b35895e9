import { EpochCache } from '../../../src/adapter.ts';
import { isSessionError, type SessionStore } from '../../../src/index.ts';
import { Readiness } from '../sql/readiness.ts';
import type { MysqlClient } from './clients/client.ts';
import { type Ask, transact } from './connection.ts';
import type { Context } from './context.ts';
import { meaningOf } from './errors.ts';
import type { Tables } from './names.ts';
import { powersOf } from './powers.ts';
import { prune } from './prune.ts';
import { requirePrimary } from './replication.ts';
import { requireIsolation, requireMode, requireServer } from './server.ts';
import { requireTables, setUp } from './setup.ts';
import { statementsOf } from './statements/index.ts';
import { ensureEpochs, readEpochs } from './verbs/epochs.ts';
import { find, list, reliable } from './verbs/reads.ts';
import { touch } from './verbs/touch.ts';
import { listUsers, memberships } from './verbs/users.ts';
import { add, advance, deleteSessions, end, renew } from './verbs/writes.ts';

/** Creates a store. Its reads are single statements outside of transactions; every write is a transaction. */
export function createStore<Transaction>(
  client: MysqlClient<Transaction>,
  tables: Tables,
  allowReplicating: boolean,
): SessionStore<Transaction> {
  const readiness = new Readiness({
    async first() {
      await requireServer(client);
      await requireMode(client);
      await requireIsolation(client);
      if (!allowReplicating) await requirePrimary(client);
      await requireTables(client, tables);
    },
    again: () => requireTables(client, tables),
    failed(failure) {
      const error = meaningOf(failure);
      return { error, isInDoubt: isSessionError(error) };
    },
  });
  const ask: Ask = (sql, parameters) => client.rows(sql, parameters);
  const context: Context = {
    ready: (method) => readiness.ask(method),
    ask,
    askReliable: reliable(ask),
    transact: (step, isolation) => transact(client, step, isolation),
    statements: statementsOf(tables),
    epochs: new EpochCache(),
  };
  const { ready } = context;
  return {
    powers: powersOf({ client, tables, readiness, context, allowReplicating }),
    readEpochs: (tags) => ready(() => readEpochs(context, tags)),
    ensureEpochs: (requests) => ready(() => ensureEpochs(context, requests)),
    add: (session, write) => ready(() => add(context, session, write)),
    find: (realm, refs) => ready(() => find(context, realm, refs)),
    list: (realm, user, page) => ready(() => list(context, realm, user, page)),
    touch: (touches, now) => ready(() => touch(context, touches, now)),
    renew: (renewal) => ready(() => renew(context, renewal)),
    end: (ref, ended, audit) => ready(() => end(context, ref, ended, audit)),
    advance: (tag, change) => ready(() => advance(context, tag, change)),
    listUsers: (of, after, limit) => ready(() => listUsers(context, of, after, limit)),
    memberships: (user, after, limit) => ready(() => memberships(context, user, after, limit)),
    deleteSessions: (user, limit) => ready(() => deleteSessions(context, user, limit)),
    prune: (batch) => ready(() => prune(context, batch)),
    async setup() {
      readiness.requireOpen();
      try {
        await setUp(client, tables, { allowReplicating });
        readiness.forget();
        await readiness.ready();
      } catch (error) {
        throw meaningOf(error);
      }
    },
    close: () => readiness.close(),
  };
}
