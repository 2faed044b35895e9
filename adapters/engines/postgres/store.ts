import {
  type Advance,
  type AuditRecord,
  type Ended,
  type EndRef,
  type EpochRequest,
  endOf,
  expiryOf,
  type FoundSession,
  formatGrant,
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
import { rowOf } from '../sql/session-rows.ts';
import { toColumn } from '../sql/values.ts';
import { auditPower } from './audit.ts';
import type { PostgresClient, PostgresRow, PostgresValue } from './clients/client.ts';
import { blockStatement, Connection, checkVersion, versionStatement } from './connection.ts';
import { diagnose, readClock } from './diagnose.ts';
import { isTaken, notInTransaction } from './errors.ts';
import type { Tables } from './names.ts';
import { policyPower } from './policies.ts';
import type { Ask } from './prepared.ts';
import { prune } from './prune.ts';
import { STEPS } from './schema.ts';
import { setUp } from './setup.ts';
import { windowOf } from './statements/fragments.ts';
import { type Statements, statementsOf } from './statements/index.ts';
import { endingsOf, entriesOf, parameter, parameters } from './values.ts';
import { membershipsOf, realmsOf, touch, usersOf, Verbs } from './verbs.ts';
import { storeWithin } from './within.ts';

/** Implements the store port. Each method is one statement. */
export class PostgresStore<Transaction> implements SessionStore<Transaction> {
  readonly powers: StorePowers<Transaction>;
  readonly #client: PostgresClient<Transaction>;
  readonly #tables: Tables;
  readonly #statements: Statements;
  readonly #connection: Connection;
  readonly #ask: Ask;
  readonly #records: RecordCache = new RecordCache();
  readonly #verbs: Verbs;

  constructor(client: PostgresClient<Transaction>, tables: Tables, prepares: boolean) {
    this.#client = client;
    this.#tables = tables;
    this.#statements = statementsOf(tables);
    this.#connection = new Connection(client, tables, prepares);
    this.#ask = this.#connection.ask;
    this.#verbs = new Verbs(this.#ask, this.#statements, this.#records, false);
    this.powers = {
      audit: auditPower(tables, this.#ask),
      policies: policyPower(tables, this.#ask),
      transactions: { within: (transaction) => this.#within(transaction) },
      diagnosis: {
        diagnose: (now) => diagnose(this.#connection, tables, now),
        clock: () => readClock(this.#ask),
        realms: (limit) => realmsOf(this.#ask, this.#statements, limit),
      },
    };
  }

  readEpochs(tags: readonly Tag[]): Promise<readonly (VersionedEpoch | null)[]> {
    return this.#verbs.readEpochs(tags);
  }

  ensureEpochs(requests: readonly EpochRequest[]): Promise<readonly VersionedEpoch[]> {
    return this.#verbs.ensureEpochs(requests);
  }

  async add(session: SessionRecord, write: UserWrite): Promise<'added' | 'conflict'> {
    const { ifVersion, ending, keepUntil, audit } = write;
    try {
      const [row] = await this.#ask(
        this.#statements.add,
        ...parameters(rowOf(session)),
        ...[parameter(windowOf(endOf(session))), endingsOf(ending), entriesOf(audit, ending)],
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

  touch(touches: readonly Touch[], now: () => number): Promise<void> {
    return touch(this.#ask, this.#statements, touches, now);
  }

  async renew(renewal: Renewal): Promise<'renewed' | 'not-live' | 'conflict'> {
    const { session, ifCredential, ifVersion, now, moves, ending, keepUntil, audit } = renewal;
    const { id, userTag, stamps } = session;
    const [row] = await this.#ask(
      this.#statements.renew,
      ...[id, userTag, ifCredential, parameter(now), parameter(ifVersion), moves ? '1' : '0'],
      ...[endingsOf(ending), entriesOf(audit, ending), parameter(keepUntil), parameter(windowOf(expiryOf(session)))],
      ...[session.credential, parameter(session.serial), toColumn(session.account), session.accountTag],
      ...[stamps.account, stamps.member],
      ...parameters([session.authenticatedAt, session.lastUsedAt, session.expiresAt, session.idle]),
      ...[JSON.stringify(session.amr), JSON.stringify(session.attributes)],
      session.client && formatGrant(session.client),
    );
    const [renewed, matched, living] = (row ?? []).map(Number);
    if (renewed === 1) return 'renewed';
    return matched === 0 && living === 1 ? 'conflict' : 'not-live';
  }

  end(ref: EndRef, ended: Ended, audit: readonly AuditRecord[]): Promise<boolean> {
    return this.#verbs.end(ref, ended, audit);
  }

  advance(tag: Tag, advance: Advance): Promise<'advanced' | 'conflict' | 'not-live'> {
    return this.#verbs.advance(tag, advance);
  }

  listUsers(of: UsersOf, after: string | null, limit: number): ReturnType<typeof usersOf> {
    return usersOf(this.#ask, this.#statements, of, after, limit);
  }

  memberships(user: Tag, after: string | null, limit: number): ReturnType<typeof membershipsOf> {
    return membershipsOf(this.#ask, this.#statements, user, after, limit);
  }

  async deleteSessions(user: Tag, limit: number): Promise<number> {
    const [row] = await this.#ask(this.#statements.remove, user, parameter(limit));
    return Number(row?.[0]);
  }

  prune(batch: PruneBatch): Promise<Pruned> {
    return prune(this.#ask, this.#statements, this.#records, batch);
  }

  setup(): Promise<void> {
    return setUp(this.#connection, this.#tables, STEPS);
  }

  /** Leaves the client open: the caller owns it. */
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
      // Checks within the transaction, because the pool may have no connection left.
      if (!this.#connection.isReady) checkVersion(await run(versionStatement(this.#tables).text));
      // Checks before each statement, because the transaction may have ended since the last one.
      if (known === undefined) await run(blockStatement(this.#tables));
      const rows = await run(text, values);
      // COMMIT was already in transit.
      if (isIn() === false) throw notInTransaction();
      return rows;
    };
    return storeWithin(ask, this.#tables, this.#statements, this.#records);
  }
}
