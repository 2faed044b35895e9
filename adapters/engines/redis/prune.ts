import { endOf, type PruneBatch, type Pruned, realmTag, type SessionRecord, type Tag } from '../../../src/adapter.ts';
import type { Context } from './context.ts';
import { dueAt, setDate } from './indexes/due-dates.ts';
import { leave, pageOf } from './indexes/member-index.ts';
import type { Position } from './indexes/scan.ts';
import { isEndless } from './indexes/upkeep.ts';
import { UserSessions } from './indexes/user-sessions.ts';
import { BUCKETS } from './keys.ts';
import { Call } from './scripts/script.ts';
import { REMOVE_RECORD } from './scripts/upkeep.ts';
import { REMOVE } from './scripts/verbs.ts';
import { accountsOf, recordsOf } from './verbs/epochs.ts';

/** Number of users that are checked at once. */
const AT_ONCE = 16;

type Cursor = readonly [bucket: number, user: Tag | null, position: Position | null];

const START: Cursor = [0, null, null];

/**
 * Removes due sessions, due records, and revoked sessions that never expire. The server itself would remove nearly all
 * due data hours later. Pruning gives exact counts, and removes the rest.
 */
export async function prune(context: Context, batch: PruneBatch): Promise<Pruned> {
  const { limit, after } = batch;
  const sessions = await pruneSessions(context, batch);
  let left = limit - sessions.removed;
  if (!sessions.complete) return { sessions: sessions.removed, epochs: 0, more: true, after };
  const epochs = await pruneEpochs(context, batch, left);
  left -= epochs.removed;
  if (!epochs.complete) return { sessions: sessions.removed, epochs: epochs.removed, more: true, after };

  const start = after === null ? START : (JSON.parse(after) as Cursor);
  const endless = await pruneEndless(context, batch, start, left);
  return {
    sessions: sessions.removed + endless.removed,
    epochs: epochs.removed,
    more: endless.next !== null,
    after: endless.next === null ? null : JSON.stringify(endless.next),
  };
}

interface Removed {
  readonly removed: number;
  /** False if more is due. */
  readonly complete: boolean;
}

async function pruneSessions(context: Context, { sessionsBefore, limit }: PruneBatch): Promise<Removed> {
  const { server, keys } = context;
  const due = await dueIn(context, (bucket) => keys.dueSessions(bucket), sessionsBefore, limit);
  let removed = 0;
  for (let at = 0; at < due.positions.length; at += AT_ONCE) {
    if (removed === limit) return { removed, complete: false };
    const some = due.positions.slice(at, at + AT_ONCE);
    const looks = some.map(({ position }) => dueOf(context, position.member, sessionsBefore, limit));
    for (const [nth, look] of (await Promise.all(looks)).entries()) {
      const one = some[nth];
      if (one === undefined) continue;
      const ids = look.due.slice(0, limit - removed);
      removed += await look.sessions.sweep([...ids, ...look.gone], sessionsBefore);
      if (ids.length < look.due.length) return { removed, complete: false };
      await setDate(server, one.dates, one.position, look.next);
    }
  }
  return { removed, complete: !due.areMore };
}

/**
 * Finds the due sessions of a user. Reads until more than `limit` are due. `gone`: ids in the index whose session is
 * missing. `next`: the earliest time at which one of the others is due; `null` for none.
 */
async function dueOf({ server, keys }: Context, user: Tag, before: number, limit: number) {
  const sessions = new UserSessions(server, keys, user);
  const due: string[] = [];
  const gone: string[] = [];
  let next: number | null = null;
  for await (const { position, session } of sessions.each('up')) {
    const over = session === null ? null : endOf(session);
    if (session === null) gone.push(position.member);
    else if (over !== null && over <= before) due.push(position.member);
    else if (over !== null && (next === null || over < next)) next = over;
    if (due.length > limit) break;
  }
  return { sessions, due, gone, next };
}

async function pruneEpochs(context: Context, { epochsBefore, limit }: PruneBatch, left: number): Promise<Removed> {
  const { server, keys } = context;
  // A record that must be kept until exactly this time is not due yet.
  const due = await dueIn(context, (bucket) => keys.dueRecords(bucket), epochsBefore - 1, limit);
  let removed = 0;
  for (const { dates, position } of due.positions) {
    if (removed === left) return { removed, complete: false };
    const call = new Call().key(keys.record(position.member), keys.marker(position.member)).arg(epochsBefore);
    const [count, keep = ''] = (await server.run(REMOVE_RECORD, call)) as [unknown, string?];
    removed += Number(count);
    await setDate(server, dates, position, keep === '' ? null : Number(keep));
  }
  return { removed, complete: !due.areMore };
}

async function dueIn({ server }: Context, datesOf: (bucket: number) => string, time: number, limit: number) {
  const all = await Promise.all(
    Array.from({ length: BUCKETS }, async (_, bucket) => {
      const dates = datesOf(bucket);
      return (await dueAt(server, dates, time, limit)).map((position) => ({ dates, position }));
    }),
  );
  return { positions: all.flat(), areMore: all.some((positions) => positions.length === limit) };
}

/**
 * Removes revoked sessions that never expire, of all users. Looks at no more than `limit` sessions. `next` is the
 * position to continue from, or `null` at the end.
 */
async function pruneEndless(
  context: Context,
  batch: PruneBatch,
  [first, from, inside]: Cursor,
  limit: number,
): Promise<{ readonly removed: number; readonly next: Cursor | null }> {
  const { server, keys } = context;
  let [left, removed] = [limit, 0];
  const judge = async (user: Tag, after: Position | null) => {
    const judged = await removeRevoked(context, batch, user, after, left);
    left -= judged.lookedAt;
    removed += judged.removed;
    return judged;
  };
  if (left === 0) return { removed, next: [first, from, inside] };
  for (let bucket = first, user = from, position = inside; bucket < BUCKETS; bucket++, user = null, position = null) {
    const memberIndex = keys.endless(bucket);
    if (user !== null && position !== null) {
      const { stopped } = await judge(user, position);
      if (stopped !== null) return { removed, next: [bucket, user, stopped] };
    }
    for (let full = true; full; ) {
      const users = await pageOf(server, memberIndex, user, batch.limit);
      full = users.length === batch.limit;
      for (const one of users) {
        user = one;
        const { stopped, lookedAt } = await judge(one, null);
        if (stopped !== null) return { removed, next: [bucket, one, stopped] };
        if (lookedAt === 0) await leave(server, memberIndex, [one]);
      }
    }
  }
  return { removed, next: null };
}

/**
 * Removes a user's revoked sessions that never expire. `stopped` is the position after which to continue, or `null` if
 * the user has no more sessions.
 */
async function removeRevoked(
  { server, keys }: Context,
  batch: PruneBatch,
  user: Tag,
  after: Position | null,
  left: number,
) {
  const endless: { readonly session: SessionRecord; readonly position: Position }[] = [];
  for await (const { position, session } of new UserSessions(server, keys, user).each('up', after ?? undefined)) {
    if (session === null || !isEndless(session)) continue;
    endless.push({ session, position });
    if (endless.length === left) break;
  }
  const stopped = endless.length === left ? (endless.at(-1)?.position ?? null) : null;
  const sessions = endless.map(({ session }) => session);
  const tags = [user, ...sessions.map(({ realm }) => realmTag(realm))];
  const [records, othersOf] = await Promise.all([recordsOf(server, keys, tags), accountsOf(server, keys, sessions)]);
  const revoked = endless.filter(({ session }) => {
    const [realm = null, own = null] = [records.get(realmTag(session.realm)), records.get(user)];
    return batch.revoked({ session, epochs: { realm, user: own, ...othersOf(session) } });
  });
  let removed = 0;
  if (revoked.length > 0) {
    const call = new Call().key(keys.record(user), keys.marker(user), keys.sessions(user), keys.aside(user));
    for (const { position } of revoked) call.arg(position.member).key(keys.session(user, position.member));
    removed = Number(await server.run(REMOVE, call));
  }
  return { lookedAt: endless.length, removed, stopped };
}
