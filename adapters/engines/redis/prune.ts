import { endOf, type FoundSession, type PruneBatch, type Pruned, realmTag, type Tag } from '../../../src/adapter.ts';
import type { Server } from './connection.ts';
import type { Context } from './context.ts';
import { dueAt, setDate } from './indexes/due-dates.ts';
import { leave, pageOf } from './indexes/member-index.ts';
import type { Position } from './indexes/scan.ts';
import { isEndless } from './indexes/upkeep.ts';
import { UserSessions } from './indexes/user-sessions.ts';
import { BUCKETS, type Keys } from './keys.ts';
import { Call } from './scripts/script.ts';
import { REMOVE_RECORD } from './scripts/upkeep.ts';
import { REMOVE } from './scripts/verbs.ts';
import { accountsOf, recordsOf } from './verbs/epochs.ts';

/** Number of users that are checked at once. */
const AT_ONCE = 16;

type Cursor = readonly [bucket: number, user: Tag | null, position: Position | null];

export const prune = ({ server, keys }: Context, batch: PruneBatch): Promise<Pruned> =>
  new Pruning(server, keys, batch).run();

/** The server itself removes nearly all of this data hours later. Pruning gives exact counts, and removes the rest. */
class Pruning {
  readonly #server: Server;
  readonly #keys: Keys;
  readonly #batch: PruneBatch;
  #left: number;
  #sessions = 0;
  #epochs = 0;

  constructor(server: Server, keys: Keys, batch: PruneBatch) {
    this.#server = server;
    this.#keys = keys;
    this.#batch = batch;
    this.#left = batch.limit;
  }

  async run(): Promise<Pruned> {
    const { after } = this.#batch;
    if (!(await this.#pruneSessions()) || !(await this.#pruneRecords())) return this.#pruned(true, after);
    const cursor = await this.#pruneEndless(after === null ? [0, null, null] : (JSON.parse(after) as Cursor));
    return this.#pruned(cursor !== null, cursor === null ? null : JSON.stringify(cursor));
  }

  #pruned(more: boolean, after: string | null): Pruned {
    return { sessions: this.#sessions, epochs: this.#epochs, more, after };
  }

  async #pruneSessions(): Promise<boolean> {
    const { sessionsBefore, limit } = this.#batch;
    const due = await this.#due((bucket) => this.#keys.dueSessions(bucket), sessionsBefore, limit);
    for (let at = 0; at < due.positions.length; at += AT_ONCE) {
      if (this.#left === 0) return false;
      const looks = due.positions.slice(at, at + AT_ONCE).map((one) => this.#look(one.position.member));
      for (const [nth, look] of (await Promise.all(looks)).entries()) {
        const one = due.positions[at + nth];
        if (one === undefined) continue;
        const ids = look.due.slice(0, this.#left);
        const removed = await look.sessions.sweep([...ids, ...look.gone], sessionsBefore);
        this.#sessions += removed;
        this.#left -= removed;
        if (ids.length < look.due.length) return false;
        await setDate(this.#server, one.dates, one.position, look.next);
      }
    }
    return !due.areMore;
  }

  /**
   * Reads until more than `limit` sessions are due. `gone`: ids in the index whose session is missing. `next`: the
   * earliest time at which one of the others is due; `null` for none.
   */
  async #look(user: Tag) {
    const { sessionsBefore, limit } = this.#batch;
    const sessions = new UserSessions(this.#server, this.#keys, user);
    const due: string[] = [];
    const gone: string[] = [];
    let next: number | null = null;
    for await (const { position, session } of sessions.each('up')) {
      const over = session === null ? null : endOf(session);
      if (session === null) gone.push(position.member);
      else if (over !== null && over <= sessionsBefore) due.push(position.member);
      else if (over !== null && (next === null || over < next)) next = over;
      if (due.length > limit) break;
    }
    return { sessions, due, gone, next };
  }

  async #pruneRecords(): Promise<boolean> {
    const { epochsBefore, limit } = this.#batch;
    // A record that must be kept until exactly this time is not due yet.
    const before = epochsBefore - 1;
    const due = await this.#due((bucket) => this.#keys.dueRecords(bucket), before, limit);
    for (const { dates, position } of due.positions) {
      if (this.#left === 0) return false;
      const call = new Call().key(this.#keys.record(position.member)).arg(epochsBefore);
      const [count, keep = ''] = (await this.#server.run(REMOVE_RECORD, call)) as [unknown, string?];
      const removed = Number(count);
      this.#epochs += removed;
      this.#left -= removed;
      await setDate(this.#server, dates, position, keep === '' ? null : Number(keep));
    }
    return !due.areMore;
  }

  async #due(datesOf: (bucket: number) => string, time: number, limit: number) {
    const all = await Promise.all(
      Array.from({ length: BUCKETS }, async (_, bucket) => {
        const dates = datesOf(bucket);
        return (await dueAt(this.#server, dates, time, limit)).map((position) => ({ dates, position }));
      }),
    );
    return { positions: all.flat(), areMore: all.some((positions) => positions.length === limit) };
  }

  /** Returns the position to continue from, or `null` at the end. */
  async #pruneEndless([first, from, inside]: Cursor): Promise<Cursor | null> {
    if (this.#left === 0) return [first, from, inside];
    for (let bucket = first, user = from, position = inside; bucket < BUCKETS; bucket++, user = null, position = null) {
      const memberIndex = this.#keys.endless(bucket);
      if (user !== null && position !== null) {
        const rest = await this.#judge(user, position);
        if (rest.stopped !== null) return [bucket, user, rest.stopped];
      }
      for (let full = true; full; ) {
        const users = await pageOf(this.#server, memberIndex, user, this.#batch.limit);
        full = users.length === this.#batch.limit;
        for (const one of users) {
          user = one;
          const { stopped, any } = await this.#judge(one, null);
          if (stopped !== null) return [bucket, one, stopped];
          if (!any) await leave(this.#server, memberIndex, [one]);
        }
      }
    }
    return null;
  }

  /** `stopped` is the position after which to continue. */
  async #judge(user: Tag, after: Position | null) {
    const userSessions = new UserSessions(this.#server, this.#keys, user);
    const asked: { readonly found: FoundSession; readonly position: Position }[] = [];
    let any = false;
    let stopped: Position | null = null;
    for await (const { position, session } of userSessions.each('up', after ?? undefined)) {
      if (session === null || !isEndless(session)) continue;
      any = true;
      asked.push({ found: { session, epochs: { realm: null, account: null, user: null, member: null } }, position });
      if (asked.length === this.#left) {
        stopped = position;
        break;
      }
    }
    this.#left -= asked.length;
    const endless = asked.map(({ found: { session } }) => session);
    const tags = [user, ...endless.map(({ realm }) => realmTag(realm))];
    const [records, othersOf] = await Promise.all([
      recordsOf(this.#server, this.#keys, tags),
      accountsOf(this.#server, this.#keys, endless),
    ]);
    const revoked = asked.filter(({ found: { session } }) => {
      const [realm = null, own = null] = [records.get(realmTag(session.realm)), records.get(user)];
      return this.#batch.revoked({ session, epochs: { realm, user: own, ...othersOf(session) } });
    });
    if (revoked.length > 0) {
      const call = new Call().key(this.#keys.record(user), this.#keys.sessions(user), this.#keys.aside(user));
      for (const { position } of revoked) call.arg(position.member).key(this.#keys.session(user, position.member));
      this.#sessions += Number(await this.#server.run(REMOVE, call));
    }
    return { any, stopped };
  }
}
