import {
  type Advance,
  type AuditRecord,
  type Ended,
  type EpochRequest,
  expiryOf,
  type FoundSession,
  type ListPage,
  overAt,
  type PruneBatch,
  type Pruned,
  type Renewal,
  type SessionRecord,
  type SessionRef,
  type SessionStore,
  type StorePowers,
  type Tag,
  type Touch,
  type UsersOf,
  type UserWrite,
  type VersionedEpoch,
} from '../../../src/index.ts';
import { rowOf } from '../sql/session-row.ts';
import { toColumn } from '../sql/text.ts';
import { auditPower } from './audit.ts';
import type { PostgresClient, PostgresRow, PostgresValue } from './client.ts';
import { blockStatement, Connection, checkVersion, versionStatement } from './connection.ts';
import { diagnose } from './diagnosis.ts';
import { isTaken, notInTransaction } from './errors.ts';
import { windowOf } from './fragments.ts';
import { policyPower } from './policies.ts';
import type { Ask } from './prepared.ts';
import { prune } from './pruning.ts';
import { STEPS } from './schema.ts';
import { setUp } from './setup.ts';
import { type Statements, statementsOf } from './statements.ts';
import type { Tables } from './tables.ts';
import { touch } from './touching.ts';
import { usersOf } from './users.ts';
import { endingsOf, entriesOf, parameter, parameters } from './values.ts';
import { Verbs } from './verbs.ts';
import { storeWithin } from './within.ts';

/** The verbs of the port, each one statement. */
export class PostgresStore<Transaction> implements SessionStore<Transaction> {
  readonly powers: StorePowers<Transaction>;
  readonly #client: PostgresClient<Transaction>;
  readonly #tables: Tables;
  readonly #statements: Statements;
  readonly #connection: Connection;
  readonly #ask: Ask;
  readonly #verbs: Verbs;

  constructor(client: PostgresClient<Transaction>, tables: Tables, prepares: boolean) {
    this.#client = client;
    this.#tables = tables;
    this.#statements = statementsOf(tables);
    this.#connection = new Connection(client, tables, prepares);
    this.#ask = this.#connection.ask;
    this.#verbs = new Verbs(this.#ask, this.#statements, false);
    this.powers = {
      audit: auditPower(tables, this.#ask),
      policies: policyPower(tables, this.#ask),
      transactions: { within: (transaction) => this.#within(transaction) },
      diagnosis: { diagnose: (now) => diagnose(this.#connection, tables, now) },
    };
  }

  setup(): Promise<void> {
    return setUp(this.#connection, this.#tables, STEPS);
  }

  epochs(requests: readonly EpochRequest[]): Promise<readonly (VersionedEpoch | null)[]> {
    return this.#verbs.epochs(requests);
  }

  async add(session: SessionRecord, write: UserWrite): Promise<'added' | 'conflict'> {
    const { ifVersion, ending, keepUntil, audit } = write;
    try {
      const [row] = await this.#ask(
        this.#statements.add,
        ...parameters(rowOf(session)),
        ...[parameter(windowOf(overAt(session))), endingsOf(ending), entriesOf(audit, ending)],
        ...[parameter(ifVersion), parameter(keepUntil)],
      );
      return Number(row?.[0]) > 0 ? 'added' : 'conflict';
    } catch (error) {
      if (isTaken(error)) return 'conflict';
      throw error;
    }
  }

  find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    return this.#verbs.find(realm, refs);
  }

  list(
    realm: Tag,
    user: Tag,
    page: ListPage,
  ): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
    return this.#verbs.list(realm, user, page);
  }

  touch(touches: readonly Touch[]): Promise<void> {
    return touch(this.#ask, this.#statements, touches);
  }

  async renew(renewal: Renewal): Promise<'renewed' | 'not-live' | 'conflict'> {
    const { session, ifHash, ifVersion, now, moves, ending, keepUntil, audit } = renewal;
    const { id, userTag, stamps } = session;
    const [row] = await this.#ask(
      this.#statements.renew,
      ...[id, userTag, ifHash, parameter(now), parameter(ifVersion), moves ? '1' : '0'],
      ...[endingsOf(ending), entriesOf(audit, ending), parameter(keepUntil), parameter(windowOf(expiryOf(session)))],
      ...[session.hash, parameter(session.serial), toColumn(session.account), session.accountTag],
      ...[stamps.account, stamps.member],
      ...parameters([session.authenticatedAt, session.lastUsedAt, session.expiresAt, session.idle]),
      ...[JSON.stringify(session.amr), JSON.stringify(session.attributes)],
    );
    const [renewed, matched, living] = (row ?? []).map(Number);
    if (renewed === 1) return 'renewed';
    return matched === 0 && living === 1 ? 'conflict' : 'not-live';
  }

  end(ref: SessionRef, ended: Ended, audit: readonly AuditRecord[]): Promise<boolean> {
    return this.#verbs.end(ref, ended, audit);
  }

  advance(tag: Tag, advance: Advance): Promise<'advanced' | 'conflict' | 'not-live'> {
    return this.#verbs.advance(tag, advance);
  }

  users(of: UsersOf, after: string | null, limit: number): ReturnType<typeof usersOf> {
    return usersOf(this.#ask, this.#statements, of, after, limit);
  }

  async remove(user: Tag, limit: number): Promise<number> {
    const [row] = await this.#ask(this.#statements.remove, user, parameter(limit));
    return Number(row?.[0]);
  }

  prune(batch: PruneBatch): Promise<Pruned> {
    return prune(this.#ask, this.#statements, batch);
  }

  /** The client is the caller's, and stays open. */
  close(): void {
    this.#connection.close();
  }

  #within(transaction: Transaction): SessionStore {
    this.#client.checkTransaction?.(transaction);
    const isIn = (): boolean | undefined => this.#client.isInTransaction?.(transaction);
    const run = (text: string, values: readonly PostgresValue[] = []): Promise<readonly PostgresRow[]> =>
      this.#client.runWithin(transaction, { text, values });
    const ask: Ask = async ({ text }, ...values) => {
      this.#connection.checkOpen();
      const known = isIn();
      if (known === false) throw notInTransaction();
      // Asked there, too: the pool may have no connection left.
      if (!this.#connection.isReady) checkVersion(await run(versionStatement(this.#tables).text));
      // Each time: it may be over since the last one.
      if (known === undefined) await run(blockStatement(this.#tables));
      const rows = await run(text, values);
      // COMMIT was on its way already.
      if (isIn() === false) throw notInTransaction();
      return rows;
    };
    return storeWithin(ask, this.#tables, this.#statements);
  }
}
