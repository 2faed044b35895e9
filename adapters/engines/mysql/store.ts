import { RecordCache } from '../../../src/adapter.ts';
import { isSessionError, type SessionStore } from '../../../src/index.ts';
import { Readiness } from '../sql/readiness.ts';
import type { MysqlClient, MysqlConnection } from './clients/client.ts';
import { transact } from './connection.ts';
import type { Context } from './context.ts';
import { explained } from './errors.ts';
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

/** Reads are single statements outside of transactions; every write is a transaction. */
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
      const error = explained(failure);
      return { error, isInDoubt: isSessionError(error) };
    },
  });
  const [sql, records] = [statementsOf(tables), new RecordCache()];
  const context: Context<Transaction> = { client, tables, sql, records, readiness, allowReplicating };
  const reader = reliable(client);
  const ask = <T>(question: () => Promise<T>): Promise<T> => readiness.ask(question);
  const write = <T>(step: (connection: MysqlConnection) => Promise<T>): Promise<T> => ask(() => transact(client, step));
  return {
    powers: powersOf(context),
    readEpochs: (tags) => ask(() => readEpochs(client, sql, records, tags)),
    ensureEpochs: (requests) => ask(() => ensureEpochs(client, sql, records, requests)),
    add: (session, how) => write((connection) => add(connection, sql, session, how)),
    find: (realm, refs) => ask(() => find(reader, sql, records, realm, refs)),
    list: (realm, user, page) => ask(() => list(reader, sql, records, realm, user, page)),
    touch: (touches, now) => ask(() => touch(client, sql, touches, now)),
    renew: (renewal) => write((connection) => renew(connection, sql, renewal)),
    end: (ref, ended, audit) => write((connection) => end(connection, sql, ref, ended, audit)),
    advance: (tag, change) => write((connection) => advance(connection, sql, tag, change)),
    listUsers: (of, after, limit) => ask(() => listUsers(client, sql, of, after, limit)),
    memberships: (user, after, limit) => ask(() => memberships(client, sql, user, after, limit)),
    deleteSessions: (user, limit) => write((connection) => deleteSessions(connection, sql, user, limit)),
    prune: (batch) => ask(() => prune(context, batch)),
    async setup() {
      await setUp(client, tables, { allowReplicating }).catch((error: unknown) => {
        throw explained(error);
      });
      readiness.forget();
    },
    close: () => readiness.close(),
  };
}
