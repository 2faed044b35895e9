import type { AuditPage, AuditPower, AuditRecord, Tag } from '../../../../src/adapter.ts';
import type { AuditEntry } from '../../../../src/index.ts';
import type { Context } from '../context.ts';
import { type Position, walk } from '../indexes/scan.ts';
import { Call, type Script } from '../scripts/script.ts';
import { REMOVE_ENTRIES, REPLACE_ENTRIES } from '../scripts/upkeep.ts';
import { formatEntry, indexesFor, indexesOf, isWanted, parseEntry, withoutActor, withoutUser } from './entry.ts';

const CHUNK = 200;

/**
 * Maximum number of rounds. A second process may change entries after a round reads them, and the round then skips
 * them.
 */
const ATTEMPTS = 10;

export const auditPower = (context: Context): AuditPower => {
  const { readiness, journal } = context;
  return {
    append: (records) => readiness.ask(() => journal.append(records)),
    read: (page) => readiness.ask(() => readAudit(context, page)),
    forget: (user, limit) => readiness.ask(() => forgetUser(context, user, limit)),
    prune: (before, limit) => readiness.ask(() => pruneAudit(context, before, limit)),
  };
};

async function readAudit(
  context: Context,
  page: AuditPage,
): Promise<{ readonly entries: readonly AuditEntry[]; readonly more: boolean }> {
  await context.journal.settle(page.realm);
  const wanted = page.limit + 1;
  const pages = await Promise.all(indexesFor(context.keys, page).map((index) => readBy(context, index, page, wanted)));
  const entries = pages.flat();
  if (pages.length > 1) entries.sort(youngestFirst);
  return { entries: entries.slice(0, page.limit), more: entries.length > page.limit };
}

async function readBy(context: Context, index: string, page: AuditPage, wanted: number): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  const way = { direction: 'down', after: topOf(page), least: page.since, chunk: Math.min(wanted, CHUNK) } as const;
  for await (const positions of walk(context.server, index, way)) {
    const texts = await textsOf(
      context,
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

/**
 * Returns the position after which a page starts, in a walk from the newest entry down. `undefined` means the newest
 * entry. `until` is exclusive: with an empty member, only earlier entries follow.
 */
function topOf({ after, until }: AuditPage): Position | undefined {
  if (until !== undefined && (after === undefined || until <= after.at)) return { score: until, member: '' };
  return after === undefined ? undefined : { score: after.at, member: after.id };
}

const youngestFirst = (a: AuditEntry, b: AuditEntry): number => b.at - a.at || (a.id < b.id ? 1 : -1);

async function forgetUser(context: Context, user: Tag, limit: number): Promise<number> {
  const { keys, journal } = context;
  let done = 0;
  for (const realm of await journal.realms()) {
    await journal.settle(realm);
    done += await erase(context, realm, keys.logBy(realm, 'user', user), limit - done, withoutUser);
    done += await erase(context, realm, keys.logBy(realm, 'actor', user), limit - done, withoutActor);
  }
  return done;
}

/**
 * Replaces the entries that an index lists by their erased form. The index then no longer contains them, so each round
 * reads the next ones.
 */
async function erase(
  context: Context,
  realm: Tag,
  index: string,
  limit: number,
  erased: (record: AuditRecord) => AuditRecord,
): Promise<number> {
  let done = 0;
  for (let attempt = 0; attempt < ATTEMPTS && done < limit; attempt++) {
    const ids = (await context.server.ask(index, 'ZRANGE', index, '0', String(limit - done - 1))) as string[];
    if (ids.length === 0) break;
    done += await rewrite(context, realm, index, ids, erased);
  }
  return done;
}

async function pruneAudit(context: Context, before: number, limit: number): Promise<number> {
  const { server, keys, journal } = context;
  let done = 0;
  for (const realm of await journal.realms()) {
    await journal.settle(realm);
    const keep = keys.logKeep(realm);
    for (let attempt = 0; attempt < ATTEMPTS && done < limit; attempt++) {
      const range = ['-inf', `(${before}`, 'BYSCORE', 'LIMIT', '0', String(limit - done)];
      const ids = (await server.ask(keep, 'ZRANGE', keep, ...range)) as string[];
      if (ids.length === 0) break;
      done += await rewrite(context, realm, keep, ids, null);
    }
  }
  return done;
}

/**
 * Removes entries from the log, or replaces them by the result of `erased`. Returns how many it changed. Also removes
 * ids from the index whose entry is missing in the log.
 */
async function rewrite(
  context: Context,
  realm: Tag,
  index: string,
  ids: readonly string[],
  erased: ((record: AuditRecord) => AuditRecord) | null,
): Promise<number> {
  const { server, keys } = context;
  const script: Script = erased === null ? REMOVE_ENTRIES : REPLACE_ENTRIES;
  const call = new Call().key(keys.log(realm));
  if (erased === null) call.key(keys.logKeep(realm));
  const texts = await textsOf(context, realm, ids);
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
    const kept = changed === undefined ? [] : indexesOf(keys, changed);
    const left = indexesOf(keys, record).filter((one) => !kept.includes(one));
    call.arg(id, text, ...(changed === undefined ? [] : [formatEntry(changed)]), left.length).key(...left);
  }
  if (lost.length > 0) await server.ask(index, 'ZREM', index, ...lost);
  return Number(await server.run(script, call));
}

async function textsOf(
  { server, keys }: Context,
  realm: Tag,
  ids: readonly string[],
): Promise<readonly (string | null)[]> {
  const log = keys.log(realm);
  return (await server.ask(log, 'HMGET', log, ...ids)) as (string | null)[];
}
