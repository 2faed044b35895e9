import {
  type Advance,
  type AuditRecord,
  type Ended,
  type Ending,
  type EndRef,
  type EpochRequest,
  type FoundSession,
  formatEpoch,
  formatGrant,
  type ListPage,
  memberTag,
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
import { SessionError, type SessionStore } from '../../../src/index.ts';
import { generationsOf } from '../sql/generation.ts';
import { membershipPage } from '../sql/membership-page.ts';
import { epochOf, markOf, recordOf, rowOf } from '../sql/session-rows.ts';
import { type Row, toColumn } from '../sql/values.ts';
import { writeAudit } from './audit.ts';
import { type AuditStatements, prepareAuditStatements } from './audit-statements.ts';
import { type Database, openWithRetry } from './connection.ts';
import { sqlitePowers } from './powers.ts';
import { isNoDatabase } from './prepared.ts';
import { prune } from './prune.ts';
import { foundById, listedOf } from './rows.ts';
import { STEPS } from './schema.ts';
import { setUp } from './setup.ts';
import { prepareStatements, type Statements } from './statements.ts';
import { MAX_LOOKED_AT, usersOf } from './users.ts';

export interface Source {
  /** How long to wait for other processes, in ms. */
  readonly timeout: number;
  /** Called when the store first needs the database, and again after a failure or a lost connection. */
  connect(): Database;
  /** Called if the set-up of the database failed. */
  discard(database: Database): void;
  close(): void;
}

interface Open {
  readonly database: Database;
  readonly statements: Statements & AuditStatements;
}

/** Start position of a page: sorts before every session. */
const TOP = { createdAt: Number.MAX_SAFE_INTEGER, id: '' };

/** Implements the store port. All methods answer synchronously. */
export class SqliteStore implements SessionStore {
  readonly powers: StorePowers = sqlitePowers(() => this.#open());
  readonly #source: Source;
  readonly #steps: readonly string[];
  readonly #records: RecordCache = new RecordCache();
  #opened: Open | null = null;
  #closed = false;

  /** Tests pass the steps of a later version. */
  constructor(source: Source, steps: readonly string[] = STEPS) {
    this.#source = source;
    this.#steps = steps;
  }

  readEpochs(tags: readonly Tag[]): readonly (VersionedEpoch | null)[] {
    const { database, statements } = this.#open();
    return database
      .read(() => tags.map((tag) => statements.epoch(tag)))
      .map((row) => (row === undefined ? null : epochOf(this.#records, row)));
  }

  ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    const { database, statements } = this.#open();
    const read = (): readonly (Row | undefined)[] => requests.map(({ tag }) => statements.epoch(tag));
    const found = database.read(read);
    if (requests.every(({ keepUntil }, at) => isKept(found[at], keepUntil)))
      return found.map((row) => ensured(this.#records, row));

    // Need not sync: no write that depends on these records can reach the disk before them.
    return database.writeUnsynced(() => {
      for (const { tag, create, version, keepUntil } of requests) {
        statements.keepEpoch(tag, formatEpoch(create), version, keepUntil);
      }
      return read().map((row) => ensured(this.#records, row));
    });
  }

  add(session: SessionRecord, { ifVersion, ending, keepUntil, audit }: UserWrite): 'added' | 'conflict' {
    const { database, statements } = this.#open();
    return database.write(() => {
      if (!isVersion(statements, session.userTag, ifVersion)) return 'conflict';
      if (!hasMembership(statements, session)) return 'conflict';
      // Zero rows mean that the id is taken.
      if (statements.insert(...rowOf(session)) === 0) return 'conflict';
      endOthers(statements, session.userTag, ending);
      raise(statements, session, keepUntil);
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
      const found = foundById(this.#records, row, ref.id, realm);
      const { userTag, accountTag } = found.session;
      return userTag === ref.user && (ref.account === undefined || ref.account === accountTag) ? found : null;
    });
  }

  list(realm: Tag, user: Tag, page: ListPage): { readonly found: readonly FoundSession[]; readonly more: boolean } {
    const { account = null, born, ended, now, after = TOP, limit } = page;
    const { database, statements } = this.#open();
    const { list, listBorn, epoch } = statements;
    const generations = generationsOf(page);
    const anyAccount = page.account === undefined ? 1 : 0;
    const users = born === undefined ? null : JSON.stringify(born.user);
    const members = born?.member ? JSON.stringify(born.member) : null;
    const place = [after.createdAt, after.id];
    // Reads one row more than the limit, to learn whether rows follow.
    const read = (): readonly Row[] =>
      generations === null
        ? list(
            ...[user, ...place, anyAccount, account, ended ? 1 : 0, now],
            ...[users, users, members, members, limit + 1],
          )
        : generations.flatMap((one) => listBorn(user, one, now, account, ...place, limit + 1));
    const all = database.read(() => {
      const [realmRecord, userRecord] = [realm, user].map((tag) =>
        recordOf(this.#records, epoch(tag)?.[0] ?? null, tag),
      );
      return read().map((row) => listedOf(this.#records, row, realmRecord ?? null, userRecord ?? null));
    });
    if (generations !== null && generations.length > 1) all.sort(youngestFirst);
    return { found: all.slice(0, limit), more: all.length > limit };
  }

  touch(touches: readonly Touch[], now: () => number): void {
    const { database, statements } = this.#open();
    database.writeSoon(() => {
      for (const { id, user, at } of touches) statements.touch(at, id, user, at, Math.max(at, now()));
    });
  }

  renew(renewal: Renewal): 'renewed' | 'not-live' | 'conflict' {
    const { database, statements } = this.#open();
    const { session, ifCredential, ifVersion, now, moves, ending, keepUntil, audit } = renewal;
    const { id, userTag, stamps } = session;
    return database.write(() => {
      if (statements.isLive(id, userTag, ifCredential, now) === undefined) return 'not-live';
      if (ifVersion !== undefined && !isVersion(statements, userTag, ifVersion)) return 'conflict';
      if (ifVersion !== undefined && !hasMembership(statements, session)) return 'conflict';
      statements.renew(
        ...[
          session.credential,
          session.serial,
          toColumn(session.account),
          session.accountTag,
          stamps.account,
          stamps.member,
        ],
        ...[session.authenticatedAt, session.lastUsedAt, session.expiresAt, session.idle],
        ...[JSON.stringify(session.amr), JSON.stringify(session.attributes)],
        ...[session.client && formatGrant(session.client), id],
      );
      endOthers(statements, userTag, ending);
      raise(statements, session, keepUntil);
      if (moves) statements.move(userTag);
      writeAudit(statements, audit);
      return 'renewed';
    });
  }

  end({ id, user, account, ifUnusedSince }: EndRef, ended: Ended, audit: readonly AuditRecord[]): boolean {
    const { database, statements } = this.#open();
    return database.write(() => {
      const anyAccount = account === undefined ? 1 : 0;
      const since = ifUnusedSince ?? Number.MAX_SAFE_INTEGER;
      if (statements.end(...markOf(ended), id, user, anyAccount, account ?? null, since) === 0) return false;
      statements.move(user);
      writeAudit(statements, audit);
      return true;
    });
  }

  advance(
    tag: Tag,
    { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit }: Advance,
  ): 'advanced' | 'conflict' | 'not-live' {
    const { database, statements } = this.#open();
    const target = member === undefined ? tag : memberTag(tag, member);
    return database.write(() => {
      if (!isVersion(statements, tag, ifVersion)) return 'conflict';
      if (member !== undefined && !isVersion(statements, target, ifMemberVersion)) return 'conflict';
      if (initiator !== undefined) {
        if (statements.isLive(initiator.id, tag, initiator.ifCredential, now) === undefined) return 'not-live';
        statements.rotate(initiator.credential, initiator.serial, initiator.id);
      }
      statements.advance(formatEpoch(record), keepUntil, target);
      if (member !== undefined) {
        statements.move(tag);
        statements.raise(keepUntil, tag);
      }
      writeAudit(statements, audit);
      return 'advanced';
    });
  }

  listUsers(of: UsersOf, after: string | null, limit: number): ReturnType<typeof usersOf> {
    return usersOf(this.#open().statements, of, after, limit);
  }

  memberships(
    user: Tag,
    after: string | null,
    limit: number,
  ): { readonly accounts: readonly Tag[]; readonly after: string | null } {
    const { tagsBetween } = this.#open().statements;
    const page = membershipPage(user, after, Math.min(limit, MAX_LOOKED_AT));
    return page.answer(tagsBetween(page.from, page.until, page.limit).map(([tag]) => tag as Tag));
  }

  deleteSessions(user: Tag, limit: number): number {
    const { database, statements } = this.#open();
    return database.erase(() => {
      const removed = statements.removeOf(user, limit);
      if (removed > 0) statements.move(user);
      return removed;
    });
  }

  prune(batch: PruneBatch): Pruned {
    const { database, statements } = this.#open();
    // Need not sync: rows that come back after a crash are pruned again.
    return database.writeUnsynced(() => prune(statements, this.#records, batch));
  }

  setup(): void {
    this.#open();
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
    try {
      return openWithRetry(() => this.#connect(), this.#source.timeout);
    } catch (error) {
      if (!isNoDatabase(error)) throw error;
      const message = 'the file is no SQLite database, or is encrypted; sessions need a file of their own';
      throw new SessionError('SESSION_STORE_NAME_CONFLICT', message, { cause: error });
    }
  }

  #connect(): Open {
    const database = this.#source.connect();
    try {
      database.ready();
      setUp(database, this.#steps);
      this.#opened = { database, statements: { ...prepareStatements(database), ...prepareAuditStatements(database) } };
      return this.#opened;
    } catch (error) {
      this.#source.discard(database);
      throw error;
    }
  }
}

/** Returns true if the session's membership has its record, or if the session is in no account. */
const hasMembership = ({ epoch }: Statements, { userTag, accountTag }: SessionRecord): boolean =>
  accountTag === null || epoch(memberTag(userTag, accountTag)) !== undefined;

function raise(statements: Statements, { userTag, accountTag }: SessionRecord, keepUntil: number | null): void {
  statements.raise(keepUntil, userTag);
  if (accountTag !== null) statements.raise(keepUntil, memberTag(userTag, accountTag));
}

/** Returns true if the record exists and has this version. `undefined` matches any version. */
function isVersion({ epoch }: Statements, tag: Tag, version: number | undefined): boolean {
  const row = epoch(tag);
  return row !== undefined && (version === undefined || row[1] === version);
}

const youngestFirst = ({ session: a }: FoundSession, { session: b }: FoundSession): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);

function ensured(records: RecordCache, row: Row | undefined): VersionedEpoch {
  if (row === undefined) throw new Error('a record is gone that was created a moment ago');
  return epochOf(records, row);
}

/** Returns true if the record exists and is already kept at least until `keepUntil`. */
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
