import {
  type Advance,
  type AuditRecord,
  type Ended,
  type Ending,
  type EpochRequest,
  type FoundSession,
  formatEpoch,
  type ListPage,
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
import type { Row } from '../sql/row.ts';
import { epochOf, markOf, rowOf } from '../sql/session-row.ts';
import { toColumn } from '../sql/text.ts';
import { writeAudit } from './audit.ts';
import { type AuditStatements, prepareAuditStatements } from './audit-statements.ts';
import { type Database, openPatiently } from './database.ts';
import { sqlitePowers } from './powers.ts';
import { prune } from './pruning.ts';
import { foundById, foundOf } from './reading.ts';
import { setUp } from './schema.ts';
import { prepareStatements, type Statements } from './statements.ts';
import { usersOf } from './users.ts';

/** Where the database comes from. */
export interface Source {
  /** How long others are waited for, in ms. */
  readonly busyTimeout: number;
  /** Called when the database is first needed, and again after that failed or the connection was lost. */
  connect(): Database;
  /** Called where it could not be set up. */
  discard(database: Database): void;
  /** Called when the store is closed. */
  close(): void;
}

/** An open database, ready for every verb. */
interface Open {
  readonly database: Database;
  readonly statements: Statements & AuditStatements;
}

/** Comes before the youngest session. */
const TOP = { createdAt: Number.MAX_SAFE_INTEGER, id: '' };

/** The verbs of the port. All of them answer at once. */
export class SqliteStore implements SessionStore {
  readonly powers: StorePowers = sqlitePowers(() => this.#open());
  readonly #source: Source;
  #opened: Open | null = null;
  #closed = false;

  constructor(source: Source) {
    this.#source = source;
  }

  setup(): void {
    this.#open();
  }

  epochs(requests: readonly EpochRequest[]): readonly (VersionedEpoch | null)[] {
    const { database, statements } = this.#open();
    const read = (): readonly (Row | undefined)[] => requests.map(({ tag }) => statements.epoch(tag));
    const found = database.read(read);
    if (requests.every(({ create, keepUntil }, at) => create === null || isKept(found[at], keepUntil))) {
      return found.map(epochOrMissing);
    }

    // Nothing that builds on these records can reach the disk before them.
    return database.writeUnsynced(() => {
      for (const { tag, create, version, keepUntil } of requests) {
        if (create !== null) statements.keepEpoch(tag, formatEpoch(create), version, keepUntil);
      }
      return read().map(epochOrMissing);
    });
  }

  add(session: SessionRecord, { ifVersion, ending, keepUntil, audit }: UserWrite): 'added' | 'conflict' {
    const { database, statements } = this.#open();
    return database.write(() => {
      if (!isVersion(statements, session.userTag, ifVersion)) return 'conflict';
      // Nothing is inserted where the id is taken.
      if (statements.insert(...rowOf(session)) === 0) return 'conflict';
      endOthers(statements, session.userTag, ending);
      statements.raise(keepUntil, session.userTag);
      statements.move(session.userTag);
      writeAudit(statements, audit);
      return 'added';
    });
  }

  find(realm: Tag, refs: readonly SessionRef[]): readonly (FoundSession | null)[] {
    const { find } = this.#open().statements;
    return refs.map((ref) => {
      const row = find(realm, ref.id);
      if (row === undefined) return null;
      const found = foundById(row, ref.id, realm);
      const { userTag, accountTag } = found.session;
      return userTag === ref.user && (ref.account === undefined || ref.account === accountTag) ? found : null;
    });
  }

  list(realm: Tag, user: Tag, page: ListPage): { readonly found: readonly FoundSession[]; readonly more: boolean } {
    const { account, over, now, after = TOP, limit } = page;
    const { list } = this.#open().statements;
    const anyAccount = account === undefined ? 1 : 0;
    const anyState = over ? 1 : 0;
    // One more than wanted, to know whether rows follow.
    const rows = list(
      ...[realm, user, after.createdAt, after.id],
      ...[anyAccount, account ?? null, anyState, now, limit + 1],
    );
    return { found: rows.slice(0, limit).map((row) => foundOf(row, realm)), more: rows.length > limit };
  }

  touch(touches: readonly Touch[]): void {
    const { database, statements } = this.#open();
    database.writeSoon(() => {
      for (const { id, user, at } of touches) statements.touch(at, id, user, at, at);
    });
  }

  renew(renewal: Renewal): 'renewed' | 'not-live' | 'conflict' {
    const { database, statements } = this.#open();
    const { session, ifHash, ifVersion, now, moves, ending, keepUntil, audit } = renewal;
    const { id, userTag, stamps } = session;
    return database.write(() => {
      if (statements.isLive(id, userTag, ifHash, now) === undefined) return 'not-live';
      if (ifVersion !== undefined && !isVersion(statements, userTag, ifVersion)) return 'conflict';
      statements.renew(
        ...[session.hash, session.serial, toColumn(session.account), session.accountTag, stamps.account, stamps.member],
        ...[session.authenticatedAt, session.lastUsedAt, session.expiresAt, session.idle],
        ...[JSON.stringify(session.amr), JSON.stringify(session.attributes), id],
      );
      endOthers(statements, userTag, ending);
      statements.raise(keepUntil, userTag);
      if (moves) statements.move(userTag);
      writeAudit(statements, audit);
      return 'renewed';
    });
  }

  end({ id, user, account }: SessionRef, ended: Ended, audit: readonly AuditRecord[]): boolean {
    const { database, statements } = this.#open();
    return database.write(() => {
      const anyAccount = account === undefined ? 1 : 0;
      if (statements.end(...markOf(ended), id, user, anyAccount, account ?? null) === 0) return false;
      statements.move(user);
      writeAudit(statements, audit);
      return true;
    });
  }

  advance(
    tag: Tag,
    { record, ifVersion, now, keepUntil, asker, audit }: Advance,
  ): 'advanced' | 'conflict' | 'not-live' {
    const { database, statements } = this.#open();
    return database.write(() => {
      if (!isVersion(statements, tag, ifVersion)) return 'conflict';
      if (asker !== undefined) {
        if (statements.isLive(asker.id, tag, asker.ifHash, now) === undefined) return 'not-live';
        statements.rotate(asker.hash, asker.serial, asker.id);
      }
      statements.advance(formatEpoch(record), keepUntil, tag);
      writeAudit(statements, audit);
      return 'advanced';
    });
  }

  users(of: UsersOf, after: string | null, limit: number): ReturnType<typeof usersOf> {
    return usersOf(this.#open().statements, of, after, limit);
  }

  remove(user: Tag, limit: number): number {
    const { database, statements } = this.#open();
    return database.erase(() => {
      const removed = statements.removeOf(user, limit);
      if (removed > 0) statements.move(user);
      return removed;
    });
  }

  prune(batch: PruneBatch): Pruned {
    const { database, statements } = this.#open();
    // What comes back after a crash is pruned again.
    return database.writeUnsynced(() => prune(statements, batch));
  }

  close(): void {
    this.#closed = true;
    this.#opened?.database.close();
    this.#opened = null;
    this.#source.close();
  }

  #open(): Open {
    const opened = this.#opened;
    if (opened !== null && !opened.database.closed) {
      opened.database.ready();
      return opened;
    }
    if (this.#closed) throw new Error('the store is closed');
    return openPatiently(() => this.#connect(), this.#source.busyTimeout);
  }

  #connect(): Open {
    const database = this.#source.connect();
    try {
      database.ready();
      setUp(database);
      this.#opened = { database, statements: { ...prepareStatements(database), ...prepareAuditStatements(database) } };
      return this.#opened;
    } catch (error) {
      this.#source.discard(database);
      throw error;
    }
  }
}

/** Whether a record is there and has this version; `undefined` is any. */
function isVersion({ epoch }: Statements, tag: Tag, version: number | undefined): boolean {
  const row = epoch(tag);
  return row !== undefined && (version === undefined || row[1] === version);
}

const epochOrMissing = (row: Row | undefined): VersionedEpoch | null => (row === undefined ? null : epochOf(row));

/** Whether a record is there and kept so long already. */
function isKept(row: Row | undefined, keepUntil: number | null): boolean {
  if (row === undefined) return false;
  const kept = row[2] as number | null;
  return kept === null || (keepUntil !== null && kept >= keepUntil);
}

function endOthers(statements: Open['statements'], user: Tag, ending: readonly Ending[]): void {
  for (const { id, ended, audit } of ending) {
    if (statements.endLiving(...markOf(ended), id, user, ended.at) > 0) writeAudit(statements, audit);
  }
}
