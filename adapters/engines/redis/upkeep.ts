import { overAt, realmTag, type SessionRecord, type Tag, type UsersOf } from '../../../src/index.ts';
import { Background } from './background.ts';
import { noteDate, setDate } from './dates.ts';
import { epochValueOf } from './epoch-value.ts';
import { bucketOf, type Keys, type RosterKeys } from './keys.ts';
import { MARGIN } from './lua/arguments.ts';
import { announce, leave } from './roster.ts';
import type { Server } from './server.ts';
import { Shelf, type Shelved } from './shelf.ts';
import type { Place } from './walk.ts';

/** How long after the time until which it must be kept the server has surely removed something, whatever the clocks say; ms. */
const LONG_DUE = 86_400_000;

/** Whether a session is never over by itself. */
export const isEndless = (session: SessionRecord): boolean => overAt(session) === null;

/** Keeps rosters and dates: tells them what comes, and, a little at each writing, lets go of what is gone. */
export class Upkeep {
  readonly background: Background = new Background();
  readonly #server: Server;
  readonly #keys: Keys;

  constructor(server: Server, keys: Keys) {
    this.#server = server;
    this.#keys = keys;
  }

  /** Before a session is written: who may have sessions in its realm and account, and such as never end. */
  async announce(session: SessionRecord, now: number, retention: number): Promise<void> {
    const { realm, userTag, accountTag, expiresAt } = session;
    // Uses move what is over when idle; only the absolute end is one.
    const ttl = expiresAt === null ? null : Math.ceil(Math.max(expiresAt - now, 0) + retention + MARGIN);
    const enroll = async (roster: RosterKeys, isThere: (one: SessionRecord) => boolean): Promise<void> => {
      const others = await announce(this.#server, roster, userTag, ttl);
      for (const other of others) this.background.run(() => this.lookAfter(roster, other, isThere));
    };
    const rosters = [enroll(this.#keys.users(realmTag(realm)), (one) => one.realm === realm)];
    if (accountTag !== null) {
      rosters.push(enroll(this.#keys.users(accountTag), (one) => one.accountTag === accountTag));
    }
    if (isEndless(session)) rosters.push(enroll(this.#keys.endless(bucketOf(userTag)), isEndless));
    await Promise.all(rosters);
  }

  /**
   * With a session that is written: when it is over by itself. Looks after some who were due so long before `now` that their
   * sessions must be gone, by how long they are retained; after nobody where that is `null`. Never rejects: the session is
   * written by then, and whoever were told otherwise would have lost their secret.
   */
  async noteSession(user: Tag, date: number | null, now: number, retention: number | null): Promise<void> {
    if (date === null) return;
    const dates = this.#keys.dueSessions(bucketOf(user));
    const longDue = retention === null ? null : now - retention - LONG_DUE;
    for (const place of await this.#note(dates, user, date, longDue)) {
      this.background.run(() => this.setNextSession(dates, place));
    }
  }

  /** After a record is made: until when it is kept. Never rejects, either. */
  async noteRecord(tag: Tag, keepUntil: number | null, now: number): Promise<void> {
    if (keepUntil === null) return;
    const dates = this.#keys.dueRecords(bucketOf(tag));
    for (const place of await this.#note(dates, tag, keepUntil, now - LONG_DUE)) {
      this.background.run(async () => {
        const [value] = await this.#server.read([this.#keys.record(place.member)]);
        await setDate(this.#server, dates, place, value ? epochValueOf(value).keepUntil : null);
      });
    }
  }

  /** Notes a date, if that can be done: what a lost one stood for, the server removes by itself. */
  async #note(dates: string, member: Tag, date: number, longDue: number | null): Promise<readonly Place[]> {
    return noteDate(this.#server, dates, member, date, longDue).catch(() => []);
  }

  /** Takes somebody off a roster who has nothing there any more. */
  async lookAfter(roster: RosterKeys, user: Tag, isThere: (session: SessionRecord) => boolean): Promise<void> {
    if (!(await this.#has(user, isThere))) await leave(this.#server, roster, [user]);
  }

  /** Takes those off a roster who were looked for and not found. */
  dismiss(roster: RosterKeys, gone: readonly Tag[]): void {
    if (gone.length > 0) this.background.run(() => leave(this.#server, roster, gone));
  }

  /** Whether somebody has sessions in a realm or an account. */
  async isThere({ realm, account }: UsersOf, user: Tag): Promise<boolean> {
    return this.#has(user, (one) => one.realm === realm && (account === null || one.accountTag === account));
  }

  /** Finds out when a user's next session is over by itself, and sets that date. */
  async setNextSession(dates: string, place: Place): Promise<void> {
    const shelf = new Shelf(this.#server, this.#keys, place.member);
    const gone: string[] = [];
    let next: number | null = null;
    for await (const { place: where, session } of shelf.each('up')) {
      if (session === null) gone.push(where.member);
      const over = session === null ? null : overAt(session);
      if (over !== null && (next === null || over < next)) next = over;
    }
    await shelf.sweep(gone);
    await setDate(this.#server, dates, place, next);
  }

  /** Takes ids out of a user's index whose sessions are gone. */
  tidy(user: Tag, ids: readonly string[]): void {
    if (ids.length > 0) this.background.run(() => new Shelf(this.#server, this.#keys, user).sweep(ids));
  }

  async #has(user: Tag, isThere: (session: SessionRecord) => boolean): Promise<boolean> {
    const shelf = new Shelf(this.#server, this.#keys, user);
    const gone: string[] = [];
    let found = false;
    for await (const { shelved } of shelf.chunks('down')) {
      gone.push(...goneOf(shelved));
      found = shelved.some(({ session }) => session !== null && isThere(session));
      if (found) break;
    }
    this.tidy(user, gone);
    return found;
  }
}

const goneOf = (shelved: readonly Shelved[]): readonly string[] =>
  shelved.filter(({ session }) => session === null).map(({ place }) => place.member);
