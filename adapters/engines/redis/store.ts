import {
  type Advance,
  type AuditRecord,
  type Ended,
  type EpochRecord,
  type EpochRequest,
  type FoundSession,
  formatEpoch,
  type ListPage,
  overAt,
  type PruneBatch,
  type Pruned,
  type Renewal,
  realmTag,
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
import { epochValueOf, keepLine } from './epoch-value.ts';
import { Journal } from './journal.ts';
import type { Keys } from './keys.ts';
import { list } from './listing.ts';
import { find } from './look-up.ts';
import { ADD, ADVANCE, ADVANCE_FOR, END, KEEP_RECORD, REMOVE, RENEW, TOUCH } from './lua/verbs.ts';
import { Places } from './place.ts';
import { redisPowers } from './powers.ts';
import { Pruning } from './pruning.ts';
import { Readiness } from './readiness.ts';
import { demandRights } from './rights.ts';
import { pageOf } from './roster.ts';
import { Call } from './script.ts';
import type { Confirmation, Server } from './server.ts';
import { endedLine, renewableLines, sessionValue } from './session-value.ts';
import { Shelf } from './shelf.ts';
import { lineOf, numberLine, numberOrNothing } from './text.ts';
import { Upkeep } from './upkeep.ts';

/** How many users are looked at at a time. */
const AT_ONCE = 64;

/** What a {@link RedisStore} works with. */
export interface Setting {
  readonly server: Server;
  readonly keys: Keys;
  readonly allowEviction: boolean;
  readonly confirmation: Confirmation | null;
}

/** A request that is for more than a look. */
type Creation = EpochRequest & { readonly create: EpochRecord };

/** The verbs of the port. */
export class RedisStore implements SessionStore {
  readonly powers: StorePowers;
  readonly #server: Server;
  readonly #keys: Keys;
  readonly #confirmation: Confirmation | null;
  readonly #places: Places;
  readonly #readiness: Readiness;
  readonly #journal: Journal;
  readonly #upkeep: Upkeep;
  #closed = false;

  constructor({ server, keys, allowEviction, confirmation }: Setting) {
    this.#server = server;
    this.#keys = keys;
    this.#confirmation = confirmation;
    this.#places = new Places(keys);
    this.#readiness = new Readiness(server, keys, allowEviction);
    this.#journal = new Journal(server, keys);
    this.#upkeep = new Upkeep(server, keys);
    this.powers = redisPowers({ server, keys, confirmation, journal: this.#journal, open: () => this.#open() });
  }

  async setup(): Promise<void> {
    this.#refuseIfClosed();
    await this.#readiness.check();
    await demandRights(this.#server, this.#keys, this.#confirmation);
    await this.#readiness.mark();
  }

  async epochs(requests: readonly EpochRequest[], now: number): Promise<readonly (VersionedEpoch | null)[]> {
    await this.#open();
    // What is only looked at decides who is let in.
    const role = requests.some(({ create }) => create === null) ? this.#readiness.role() : null;
    const reading = this.#server.readAnywhere(requests.map(({ tag }) => this.#keys.record(tag)));
    const [values] = await Promise.all([reading, role]);
    return Promise.all(
      requests.map(({ tag, create, version, keepUntil }, at) => {
        const value = values[at];
        const kept = value === null || value === undefined ? null : epochValueOf(value);
        if (create !== null && (kept === null || !isKept(kept.keepUntil, keepUntil))) {
          return this.#keep({ tag, create, version, keepUntil }, now);
        }
        return kept && { record: kept.record, version: kept.version };
      }),
    );
  }

  async #keep({ tag, create, version, keepUntil }: Creation, now: number): Promise<VersionedEpoch> {
    // Nothing is written before some record is.
    await this.#readiness.mark();
    const call = new Call().key(this.#keys.record(tag)).arg(now, version, keepLine(keepUntil), formatEpoch(create));
    const [isNew, value] = (await this.#server.run(KEEP_RECORD, call)) as [unknown, string];
    if (Number(isNew) === 1) await this.#upkeep.noteRecord(tag, keepUntil, now);
    const { record, version: present } = epochValueOf(value);
    return { record, version: present };
  }

  async add(session: SessionRecord, write: UserWrite): Promise<'added' | 'conflict'> {
    await this.#open();
    const { id, userTag } = session;
    const { now, retention, ifVersion, keepUntil, audit, ending } = write;
    const call = new Call()
      .key(this.#keys.record(userTag), this.#keys.session(userTag, id), this.#keys.sessions(userTag))
      .arg(now, ifVersion ?? '', keepLine(keepUntil), sessionValue(session, retention), id);
    this.#enter(call, userTag, write);

    await this.#upkeep.announce(session, now, retention);
    const run = () => (ending.length === 0 ? this.#server.run(ADD, call) : this.#server.runForGood(ADD, call));
    const [[added, ids = []]] = (await Promise.all([
      this.#journal.write(userTag, [...audit, ...ending.flatMap((one) => one.audit)], run),
      this.#upkeep.noteSession(userTag, earliest(overAt(session), write), now, retention),
    ])) as [[unknown, string[]?], unknown];
    this.#upkeep.tidy(userTag, ids);
    return Number(added) === 1 ? 'added' : 'conflict';
  }

  find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    const opening = this.#open();
    return opening === null ? this.#find(realm, refs) : opening.then(() => this.#find(realm, refs));
  }

  #find(realm: Tag, refs: readonly SessionRef[]): Promise<readonly (FoundSession | null)[]> {
    const role = this.#readiness.role();
    const found = find(this.#server, this.#places, realm, refs);
    return role === null ? found : Promise.all([role, found]).then(([, answer]) => answer);
  }

  async list(
    realm: Tag,
    user: Tag,
    page: ListPage,
  ): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
    await this.#open();
    const role = this.#readiness.role();
    const listing = list(this.#server, this.#keys, realm, new Shelf(this.#server, this.#keys, user), page);
    const [{ found, more, gone }] = await Promise.all([listing, role]);
    this.#upkeep.tidy(user, gone);
    return { found, more };
  }

  async touch(touches: readonly Touch[]): Promise<void> {
    await this.#open();
    const calls = touches.map(({ id, user, at }) =>
      new Call().key(this.#keys.session(user, id), this.#keys.sessions(user)).arg(at),
    );
    await Promise.all(calls.map((call) => this.#server.run(TOUCH, call)));
  }

  async renew(renewal: Renewal): Promise<'renewed' | 'not-live' | 'conflict'> {
    await this.#open();
    const { session, ifHash, ifVersion, now, retention, moves, keepUntil, audit, ending } = renewal;
    const { id, userTag } = session;
    const call = new Call()
      .key(this.#keys.record(userTag), this.#keys.session(userTag, id), this.#keys.sessions(userTag))
      .arg(now, lineOf(ifHash), ifVersion ?? '', keepLine(keepUntil), moves ? '1' : '0')
      .arg(lineOf(session.hash), numberLine(session.serial), session.lastUsedAt)
      .arg(session.expiresAt ?? '', numberOrNothing(session.idle), numberLine(retention))
      .arg(session.authenticatedAt, renewableLines(session));
    this.#enter(call, userTag, renewal);

    // It may lie in another account, and last longer, than what was announced of it.
    await this.#upkeep.announce(session, now, retention);
    const [outcome] = await Promise.all([
      this.#journal.write(userTag, [...audit, ...ending.flatMap((one) => one.audit)], () =>
        this.#server.runForGood(RENEW, call),
      ),
      this.#upkeep.noteSession(userTag, earliest(overAt(session), renewal), now, retention),
    ]);
    return outcome as 'renewed' | 'not-live' | 'conflict';
  }

  async end({ id, user, account }: SessionRef, ended: Ended, audit: readonly AuditRecord[]): Promise<boolean> {
    await this.#open();
    const call = new Call()
      .key(this.#keys.record(user), this.#keys.session(user, id))
      .arg(endedLine(ended), account === undefined ? '1' : '0', lineOf(account ?? null));
    this.#journal.enter(call, user, audit);
    const [done] = await Promise.all([
      this.#journal.write(user, audit, () => this.#server.runForGood(END, call)),
      this.#upkeep.noteSession(user, ended.at, ended.at, null),
    ]);
    return Number(done) === 1;
  }

  async advance(tag: Tag, advance: Advance): Promise<'advanced' | 'conflict' | 'not-live'> {
    await this.#open();
    const { record, ifVersion, now, keepUntil, asker, audit } = advance;
    const call = new Call().key(this.#keys.record(tag)).arg(now, ifVersion, keepLine(keepUntil), formatEpoch(record));
    if (asker !== undefined) {
      call.key(this.#keys.session(tag, asker.id));
      call.arg(lineOf(asker.ifHash), lineOf(asker.hash), numberLine(asker.serial));
    }
    this.#journal.enter(call, tag, audit);
    const script = asker === undefined ? ADVANCE : ADVANCE_FOR;
    const outcome = await this.#journal.write(tag, audit, () => this.#server.runForGood(script, call));
    return outcome as 'advanced' | 'conflict' | 'not-live';
  }

  async users(
    of: UsersOf,
    after: string | null,
    limit: number,
  ): Promise<{ readonly users: readonly Tag[]; readonly after: string | null }> {
    await this.#open();
    const roster = this.#keys.users(of.account ?? realmTag(of.realm));
    const page = await pageOf(this.#server, roster, after, limit);
    const users: Tag[] = [];
    for (let at = 0; at < page.length; at += AT_ONCE) {
      const some = page.slice(at, at + AT_ONCE);
      const isThere = await Promise.all(some.map((user) => this.#upkeep.isThere(of, user)));
      users.push(...some.filter((_, nth) => isThere[nth]));
      this.#upkeep.dismiss(
        roster,
        some.filter((_, nth) => !isThere[nth]),
      );
    }
    return { users, after: page.length < limit ? null : (page.at(-1) ?? null) };
  }

  async remove(user: Tag, limit: number): Promise<number> {
    await this.#open();
    const index = this.#keys.sessions(user);
    let removed = 0;
    while (removed < limit) {
      const ids = (await this.#server.ask(index, 'ZRANGE', index, '0', String(limit - removed - 1))) as string[];
      if (ids.length === 0) break;
      const call = new Call().key(this.#keys.record(user), index).arg(...ids);
      call.key(...ids.map((id) => this.#keys.session(user, id)));
      removed += Number(await this.#server.runForGood(REMOVE, call));
    }
    return removed;
  }

  async prune(batch: PruneBatch): Promise<Pruned> {
    await this.#open();
    return new Pruning(this.#server, this.#keys, batch).run();
  }

  /** The connections are the caller's, and stay open. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#upkeep.background.settled();
  }

  /** `null` where the server is known to be one to rely on. */
  #open(): Promise<void> | null {
    this.#refuseIfClosed();
    return this.#readiness.ready();
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new Error('the store is closed');
  }

  /** What a write takes behind its own arguments: its entries, and the sessions to end, each with theirs. */
  #enter(call: Call, user: Tag, { audit, ending }: UserWrite): void {
    this.#journal.enter(call, user, audit);
    call.arg(ending.length);
    for (const { id, ended, audit: told } of ending) {
      call.key(this.#keys.session(user, id)).arg(endedLine(ended));
      this.#journal.enter(call, user, told);
    }
  }
}

/** Whether a record is kept so long already. */
const isKept = (kept: number | null, wanted: number | null): boolean =>
  kept === null || (wanted !== null && kept >= wanted);

/** When the first of what is written is over by itself: the session, or one that it ends. */
function earliest(over: number | null, { ending }: UserWrite): number | null {
  const times = [over, ...ending.map(({ ended }) => ended.at)].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}
