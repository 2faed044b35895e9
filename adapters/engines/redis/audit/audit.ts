import type { AuditPage, AuditPower, AuditRecord, Tag } from '../../../../src/adapter.ts';
import type { AuditEntry } from '../../../../src/index.ts';
import type { Server } from '../connection.ts';
import type { Context } from '../context.ts';
import { type Position, walk } from '../indexes/scan.ts';
import type { Keys } from '../keys.ts';
import { Call, type Script } from '../scripts/script.ts';
import { REMOVE_ENTRIES, REPLACE_ENTRIES } from '../scripts/upkeep.ts';
import { formatEntry, indexesFor, indexesOf, isWanted, parseEntry, withoutActor, withoutUser } from './entry.ts';
import type { Journal } from './journal.ts';

const CHUNK = 200;

/** Others may write the same entries. */
const ATTEMPTS = 10;

export function auditPower({ server, keys, readiness, journal }: Context): AuditPower {
  const log = new AuditLog(server, keys, journal);
  return {
    append: (records) => readiness.ask(() => journal.append(records)),
    read: (page) => readiness.ask(() => log.read(page)),
    forget: (user, limit) => readiness.ask(() => log.forget(user, limit)),
    prune: (before, limit) => readiness.ask(() => log.prune(before, limit)),
  };
}

class AuditLog {
  readonly #server: Server;
  readonly #keys: Keys;
  readonly #journal: Journal;

  constructor(server: Server, keys: Keys, journal: Journal) {
    this.#server = server;
    this.#keys = keys;
    this.#journal = journal;
  }

  async read(page: AuditPage): Promise<{ readonly entries: readonly AuditEntry[]; readonly more: boolean }> {
    await this.#journal.settle(page.realm);
    const wanted = page.limit + 1;
    const pages = await Promise.all(indexesFor(this.#keys, page).map((index) => this.#readBy(index, page, wanted)));
    const entries = pages.flat();
    if (pages.length > 1) entries.sort(youngestFirst);
    return { entries: entries.slice(0, page.limit), more: entries.length > page.limit };
  }

  async forget(user: Tag, limit: number): Promise<number> {
    let done = 0;
    for (const realm of await this.#journal.realms()) {
      await this.#journal.settle(realm);
      done += await this.#erase(realm, this.#keys.logBy(realm, 'user', user), limit - done, withoutUser);
      done += await this.#erase(realm, this.#keys.logBy(realm, 'actor', user), limit - done, withoutActor);
    }
    return done;
  }

  async prune(before: number, limit: number): Promise<number> {
    let done = 0;
    for (const realm of await this.#journal.realms()) {
      await this.#journal.settle(realm);
      const keep = this.#keys.logKeep(realm);
      for (let attempt = 0; attempt < ATTEMPTS && done < limit; attempt++) {
        const range = ['-inf', `(${before}`, 'BYSCORE', 'LIMIT', '0', String(limit - done)];
        const ids = (await this.#server.ask(keep, 'ZRANGE', keep, ...range)) as string[];
        if (ids.length === 0) break;
        done += await this.#rewrite(realm, keep, ids, null);
      }
    }
    return done;
  }

  async #readBy(index: string, page: AuditPage, wanted: number): Promise<AuditEntry[]> {
    const found: AuditEntry[] = [];
    const way = { direction: 'down', after: topOf(page), least: page.since, chunk: Math.min(wanted, CHUNK) } as const;
    for await (const positions of walk(this.#server, index, way)) {
      const texts = await this.#textsOf(
        page.realm,
        positions.map(({ member }) => member),
      );
      for (const text of texts) {
        const record = text === null ? null : parseEntry(text);
        if (record !== null && isWanted(record, page) && found.push(record.entry) === wanted) return found;
      }
    }
    return found;
  }

  /** The index then no longer contains these entries. */
  async #erase(
    realm: Tag,
    index: string,
    limit: number,
    erased: (record: AuditRecord) => AuditRecord,
  ): Promise<number> {
    let done = 0;
    for (let attempt = 0; attempt < ATTEMPTS && done < limit; attempt++) {
      const ids = (await this.#server.ask(index, 'ZRANGE', index, '0', String(limit - done - 1))) as string[];
      if (ids.length === 0) break;
      done += await this.#rewrite(realm, index, ids, erased);
    }
    return done;
  }

  /** Also removes ids that an index has but the log lacks. */
  async #rewrite(
    realm: Tag,
    index: string,
    ids: readonly string[],
    erased: ((record: AuditRecord) => AuditRecord) | null,
  ): Promise<number> {
    const script: Script = erased === null ? REMOVE_ENTRIES : REPLACE_ENTRIES;
    const call = new Call().key(this.#keys.log(realm));
    if (erased === null) call.key(this.#keys.logKeep(realm));
    const texts = await this.#textsOf(realm, ids);
    call.arg(texts.filter((text) => text !== null).length);
    const lost: string[] = [];
    for (const [at, id] of ids.entries()) {
      const text = texts[at];
      if (text === null || text === undefined) {
        lost.push(id);
        continue;
      }
      const record = parseEntry(text);
      const changed = erased?.(record);
      const kept = changed === undefined ? [] : indexesOf(this.#keys, changed);
      const left = indexesOf(this.#keys, record).filter((one) => !kept.includes(one));
      call.arg(id, text, ...(changed === undefined ? [] : [formatEntry(changed)]), left.length).key(...left);
    }
    if (lost.length > 0) await this.#server.ask(index, 'ZREM', index, ...lost);
    return Number(await this.#server.run(script, call));
  }

  async #textsOf(realm: Tag, ids: readonly string[]): Promise<readonly (string | null)[]> {
    const log = this.#keys.log(realm);
    return (await this.#server.ask(log, 'HMGET', log, ...ids)) as (string | null)[];
  }
}

/** `until` is exclusive: with an empty member, only earlier entries follow. */
function topOf({ after, until }: AuditPage): Position | undefined {
  if (until !== undefined && (after === undefined || until <= after.at)) return { score: until, member: '' };
  return after === undefined ? undefined : { score: after.at, member: after.id };
}

const youngestFirst = (a: AuditEntry, b: AuditEntry): number => b.at - a.at || (a.id < b.id ? 1 : -1);
