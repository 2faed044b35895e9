import {
  type Advance,
  type AuditRecord,
  type Ended,
  type EndRef,
  type EpochRequest,
  type FoundSession,
  type ListPage,
  type PruneBatch,
  type Pruned,
  RecordCache,
  type Renewal,
  type SessionRecord,
  type SessionRef,
  type StorePowers,
  type Tag,
  type Touch,
  type UsersOf,
  type UserWrite,
  type VersionedEpoch,
} from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import { auditStatementsOf } from './audit-statements.ts';
import type { MysqlClient, MysqlConnection } from './clients/client.ts';
import { transact } from './connection.ts';
import { explained } from './errors.ts';
import type { Names } from './names.ts';
import { mysqlPowers } from './powers.ts';
import { prune } from './prune.ts';
import { Readiness } from './readiness.ts';
import { requirePrimary } from './replication.ts';
import { requireIsolation, requireMode, requireServer } from './server.ts';
import { requireTables, setUp } from './setup.ts';
import { statementsOf } from './statements.ts';
import { limitOf } from './values.ts';
import { ensureEpochs, readEpochs } from './verbs/epochs.ts';
import { findSessions, listMemberships, listSessions, listUsers, reliable } from './verbs/reads.ts';
import { noteUses } from './verbs/touch.ts';
import { type AllStatements, addSession, advanceEpoch, endSession, removeOf, renewSession } from './verbs/writes.ts';

/** Implements the store port. Reads are single statements outside of transactions; every write is a transaction. */
export class MysqlStore<Transaction> implements SessionStore<Transaction> {
  readonly powers: StorePowers<Transaction>;
  readonly #client: MysqlClient<Transaction>;
  readonly #names: Names;
  readonly #allowReplicating: boolean;
  readonly #sql: AllStatements;
  readonly #records: RecordCache = new RecordCache();
  readonly #reliable: Pick<MysqlConnection, 'rows'>;
  readonly #readiness: Readiness;

  constructor(client: MysqlClient<Transaction>, names: Names, allowReplicating: boolean) {
    this.#client = client;
    this.#names = names;
    this.#allowReplicating = allowReplicating;
    this.#sql = { ...statementsOf(names), ...auditStatementsOf(names) };
    this.#reliable = reliable(client);
    this.#readiness = new Readiness({
      async first() {
        await requireServer(client);
        await requireMode(client);
        await requireIsolation(client);
        if (!allowReplicating) await requirePrimary(client);
        await requireTables(client, names);
      },
      again: () => requireTables(client, names),
    });
    this.powers = mysqlPowers(client, this.#sql, {
      names,
      records: this.#records,
      readiness: this.#readiness,
      allowReplicating,
    });
  }

  readEpochs(tags: readonly Tag[]): Promise<readonly (VersionedEpoch | null)[]> {
    return this.#readiness.ask(() => readEpochs(this.#client, this.#sql, this.#records, tags));
  }

  ensureEpochs(requests: readonly EpochRequest[]): Promise<readonly VersionedEpoch[]> {
    return this.#readiness.ask(() => ensureEpochs(this.#client, this.#sql, this.#records, requests));
  }

  add(session: SessionRecord, write: UserWrite): Promise<'added' | 'conflict'> {
    return this.#readiness.ask(() => this.#write((connection) => addSession(connection, this.#sql, session, write)));
  }

  find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    return this.#readiness.ask(() => findSessions(this.#reliable, this.#sql, this.#records, realm, refs));
  }

  list(realm: Tag, user: Tag, page: ListPage): ReturnType<typeof listSessions> {
    return this.#readiness.ask(() => listSessions(this.#reliable, this.#sql, this.#records, realm, user, page));
  }

  touch(touches: readonly Touch[], now: () => number): Promise<void> {
    return this.#readiness.ask(() => noteUses(this.#client, this.#sql, touches, now));
  }

  renew(renewal: Renewal): Promise<'renewed' | 'not-live' | 'conflict'> {
    return this.#readiness.ask(() => this.#write((connection) => renewSession(connection, this.#sql, renewal)));
  }

  end(ref: EndRef, ended: Ended, audit: readonly AuditRecord[]): Promise<boolean> {
    return this.#readiness.ask(() => this.#write((connection) => endSession(connection, this.#sql, ref, ended, audit)));
  }

  advance(tag: Tag, advance: Advance): Promise<'advanced' | 'conflict' | 'not-live'> {
    return this.#readiness.ask(() => this.#write((connection) => advanceEpoch(connection, this.#sql, tag, advance)));
  }

  listUsers(of: UsersOf, after: string | null, limit: number): ReturnType<typeof listUsers> {
    return this.#readiness.ask(() => listUsers(this.#client, this.#sql, of, after, limit));
  }

  memberships(user: Tag, after: string | null, limit: number): ReturnType<typeof listMemberships> {
    return this.#readiness.ask(() => listMemberships(this.#client, this.#sql, user, after, limit));
  }

  deleteSessions(user: Tag, limit: number): Promise<number> {
    return this.#readiness.ask(() =>
      this.#write((connection) => removeOf(connection, this.#sql, user, limitOf(limit))),
    );
  }

  prune(batch: PruneBatch): Promise<Pruned> {
    return this.#readiness.ask(() => prune(this.#client, this.#sql, this.#records, batch));
  }

  async setup(): Promise<void> {
    await setUp(this.#client, this.#names, { allowReplicating: this.#allowReplicating }).catch((error: unknown) => {
      throw explained(error);
    });
    this.#readiness.forget();
  }

  /** Leaves the client open: the caller owns it. */
  close(): void {
    this.#readiness.close();
  }

  #write<T>(step: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    return transact(this.#client, step);
  }
}
