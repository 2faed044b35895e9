import type {
  Advance,
  AuditRecord,
  Ended,
  EpochRequest,
  FoundSession,
  ListPage,
  PruneBatch,
  Pruned,
  Renewal,
  SessionRecord,
  SessionRef,
  SessionStore,
  StorePowers,
  Tag,
  Touch,
  UsersOf,
  UserWrite,
  VersionedEpoch,
} from '../../../src/index.ts';
import { auditStatementsOf } from './audit-statements.ts';
import type { MysqlClient, MysqlConnection } from './client.ts';
import { readEpochs } from './epochs.ts';
import { explained } from './failure.ts';
import type { Names } from './names.ts';
import { limitOf } from './parameters.ts';
import { mysqlPowers } from './powers.ts';
import { pruneBatch } from './pruning.ts';
import { Readiness } from './readiness.ts';
import { findSessions, listSessions, listUsers, reliable } from './reads.ts';
import { requireServer } from './server.ts';
import { requireIsolation } from './settings.ts';
import { requireTables, setUp } from './setup.ts';
import { statementsOf } from './statements.ts';
import { transact } from './transaction.ts';
import { noteUses } from './uses.ts';
import { type AllStatements, addSession, advanceEpoch, endSession, removeOf, renewSession } from './writes.ts';

/** The verbs of the port. Reads are single statements, outside of transactions; every write is a transaction. */
export class MysqlStore<Transaction> implements SessionStore<Transaction> {
  readonly powers: StorePowers<Transaction>;
  readonly #client: MysqlClient<Transaction>;
  readonly #names: Names;
  readonly #sql: AllStatements;
  readonly #reliable: Pick<MysqlConnection, 'rows'>;
  readonly #readiness: Readiness;

  constructor(client: MysqlClient<Transaction>, names: Names) {
    this.#client = client;
    this.#names = names;
    this.#sql = { ...statementsOf(names), ...auditStatementsOf(names) };
    this.#reliable = reliable(client);
    this.#readiness = new Readiness(async () => {
      await requireServer(client);
      await requireIsolation(client);
      await requireTables(client, names);
    });
    this.powers = mysqlPowers(client, names, this.#sql, this.#readiness);
  }

  async setup(): Promise<void> {
    await setUp(this.#client, this.#names).catch((error: unknown) => {
      throw explained(error);
    });
    this.#readiness.forget();
  }

  epochs(requests: readonly EpochRequest[]): Promise<readonly (VersionedEpoch | null)[]> {
    return this.#readiness.ask(() => readEpochs(this.#client, this.#sql, requests));
  }

  add(session: SessionRecord, write: UserWrite): Promise<'added' | 'conflict'> {
    return this.#readiness.ask(() => this.#write((connection) => addSession(connection, this.#sql, session, write)));
  }

  find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    return this.#readiness.ask(() => findSessions(this.#reliable, this.#sql, realm, refs));
  }

  list(realm: Tag, user: Tag, page: ListPage): ReturnType<typeof listSessions> {
    return this.#readiness.ask(() => listSessions(this.#reliable, this.#sql, realm, user, page));
  }

  touch(touches: readonly Touch[]): Promise<void> {
    return this.#readiness.ask(() => noteUses(this.#client, this.#sql, touches));
  }

  renew(renewal: Renewal): Promise<'renewed' | 'not-live' | 'conflict'> {
    return this.#readiness.ask(() => this.#write((connection) => renewSession(connection, this.#sql, renewal)));
  }

  end(ref: SessionRef, ended: Ended, audit: readonly AuditRecord[]): Promise<boolean> {
    return this.#readiness.ask(() => this.#write((connection) => endSession(connection, this.#sql, ref, ended, audit)));
  }

  advance(tag: Tag, advance: Advance): Promise<'advanced' | 'conflict' | 'not-live'> {
    return this.#readiness.ask(() => this.#write((connection) => advanceEpoch(connection, this.#sql, tag, advance)));
  }

  users(of: UsersOf, after: string | null, limit: number): ReturnType<typeof listUsers> {
    return this.#readiness.ask(() => listUsers(this.#client, this.#sql, of, after, limit));
  }

  remove(user: Tag, limit: number): Promise<number> {
    return this.#readiness.ask(() =>
      this.#write((connection) => removeOf(connection, this.#sql, user, limitOf(limit))),
    );
  }

  prune(batch: PruneBatch): Promise<Pruned> {
    return this.#readiness.ask(() => pruneBatch(this.#client, this.#sql, batch));
  }

  /** The client is the caller's, and stays open. */
  close(): void {
    this.#readiness.close();
  }

  #write<T>(step: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    return transact(this.#client, step);
  }
}
