import { endOf, realmTag, type SessionRecord, type Tag, type UsersOf } from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import { bucketOf, type Keys, type MemberIndexKeys } from '../keys.ts';
import { keepUntilOf } from '../rows/epoch.ts';
import { MARGIN } from '../scripts/arguments.ts';
import { noteDate, setDate } from './due-dates.ts';
import { announce, leave } from './member-index.ts';
import type { Position } from './scan.ts';
import { type IndexedSession, UserSessions } from './user-sessions.ts';

/**
 * The server has certainly removed data this long after its retention, in ms. Covers every difference between clocks.
 */
const LONG_DUE = 86_400_000;

export const isEndless = (session: SessionRecord): boolean => endOf(session) === null;

/** Maintains the indexes and the due dates. Each write also tidies up a few old members. */
export class Upkeep {
  readonly background: Background = new Background();
  readonly #server: Server;
  readonly #keys: Keys;

  constructor(server: Server, keys: Keys) {
    this.#server = server;
    this.#keys = keys;
  }

  /** Adds the user of a session to the member indexes. Must run before the session is written. */
  async announce(session: SessionRecord, now: number, retention: number): Promise<void> {
    const { realm, userTag, accountTag, expiresAt } = session;
    // Uses extend the idle lifetime, so only the absolute expiry is final.
    const ttl = expiresAt === null ? null : Math.ceil(Math.max(expiresAt - now, 0) + retention + MARGIN);
    const enroll = async (memberIndex: MemberIndexKeys, isThere: (one: SessionRecord) => boolean): Promise<void> => {
      const others = await announce(this.#server, memberIndex, userTag, ttl);
      for (const other of others) this.background.run(() => this.lookAfter(memberIndex, other, isThere));
    };
    const bucket = bucketOf(userTag);
    const announcements = [enroll(this.#keys.users(realmTag(realm), bucket), (one) => one.realm === realm)];
    if (accountTag !== null) {
      announcements.push(enroll(this.#keys.users(accountTag, bucket), (one) => one.accountTag === accountTag));
    }
    if (isEndless(session)) announcements.push(enroll(this.#keys.endless(bucket), isEndless));
    await Promise.all(announcements);
  }

  /**
   * Records when a session of the user is over by itself. Also tidies up some users whose sessions the server must have
   * removed; none if `retention` is `null`. Never rejects: the session is already written, and the caller of a failed
   * sign-in would lose its secret.
   */
  async noteSession(user: Tag, date: number | null, now: number, retention: number | null): Promise<void> {
    if (date === null) return;
    const dates = this.#keys.dueSessions(bucketOf(user));
    const longDue = retention === null ? null : now - retention - LONG_DUE;
    for (const position of await this.#note(dates, user, date, longDue)) {
      this.background.run(() => this.setNextSession(dates, position));
    }
  }

  /** Records until when a record is kept. Never rejects, like `noteSession`. */
  async noteRecord(tag: Tag, keepUntil: number | null, now: number): Promise<void> {
    if (keepUntil === null) return;
    const dates = this.#keys.dueRecords(bucketOf(tag));
    for (const position of await this.#note(dates, tag, keepUntil, now - LONG_DUE)) {
      this.background.run(async () => {
        const [value] = await this.#server.read([this.#keys.record(position.member)]);
        await setDate(this.#server, dates, position, value ? keepUntilOf(value) : null);
      });
    }
  }

  /** Records a due date. If this fails, it returns no members: the server's own expiry still removes the data. */
  async #note(dates: string, member: Tag, date: number, longDue: number | null): Promise<readonly Position[]> {
    return noteDate(this.#server, dates, member, date, longDue).catch(() => []);
  }

  async lookAfter(
    memberIndex: MemberIndexKeys,
    user: Tag,
    isThere: (session: SessionRecord) => boolean,
  ): Promise<void> {
    if (!(await this.#has(user, isThere))) await leave(this.#server, memberIndex, [user]);
  }

  dismiss(memberIndex: MemberIndexKeys, gone: readonly Tag[]): void {
    if (gone.length > 0) this.background.run(() => leave(this.#server, memberIndex, gone));
  }

  async isThere({ realm, account }: UsersOf, user: Tag): Promise<boolean> {
    return this.#has(user, (one) => one.realm === realm && (account === null || one.accountTag === account));
  }

  async setNextSession(dates: string, position: Position): Promise<void> {
    const sessions = new UserSessions(this.#server, this.#keys, position.member);
    const gone: string[] = [];
    let next: number | null = null;
    for await (const { position: where, session } of sessions.each('up')) {
      if (session === null) gone.push(where.member);
      const over = session === null ? null : endOf(session);
      if (over !== null && (next === null || over < next)) next = over;
    }
    await sessions.sweep(gone);
    await setDate(this.#server, dates, position, next);
  }

  tidy(user: Tag, ids: readonly string[]): void {
    if (ids.length > 0) this.background.run(() => new UserSessions(this.#server, this.#keys, user).sweep(ids));
  }

  /** Moves sessions that are over for good to an index of their own, so that later sign-ins need not read them. */
  setAside(user: Tag, ids: readonly string[]): void {
    if (ids.length > 0) this.background.run(() => new UserSessions(this.#server, this.#keys, user).setAside(ids));
  }

  async #has(user: Tag, isThere: (session: SessionRecord) => boolean): Promise<boolean> {
    const sessions = new UserSessions(this.#server, this.#keys, user);
    const gone: string[] = [];
    let found = false;
    for await (const { indexed } of sessions.chunks('down')) {
      gone.push(...goneOf(indexed));
      found = indexed.some(({ session }) => session !== null && isThere(session));
      if (found) break;
    }
    this.tidy(user, gone);
    return found;
  }
}

const goneOf = (indexed: readonly IndexedSession[]): readonly string[] =>
  indexed.filter(({ session }) => session === null).map(({ position }) => position.member);

const MAX_TASKS = 4;

/** Runs tasks that no caller waits for. Skips tasks above the limit. A later task repeats a failed one. */
export class Background {
  readonly #running = new Set<Promise<unknown>>();

  run(task: () => Promise<unknown>): void {
    if (this.#running.size >= MAX_TASKS) return;
    const running = task()
      .catch(() => {})
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
