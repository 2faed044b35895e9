import {
  type EpochCache,
  type EpochRecord,
  type FoundSession,
  isLive,
  isOverForGood,
  type ListPage,
  memberTag,
  type SessionRecord,
  type SessionRef,
  type Tag,
} from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import type { Context } from '../context.ts';
import { UserSessions } from '../indexes/user-sessions.ts';
import type { Keys } from '../keys.ts';
import { epochOf, epochTextOf } from '../rows/epoch.ts';
import { sessionOf } from '../rows/session.ts';
import { accountsOf } from './epochs.ts';

type Found = readonly (FoundSession | null)[];

/** Looks up sessions, with the records that judge them. Not `async`, which would cost each check an extra tick. */
export function find(context: Context, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  const role = context.readiness.role();
  const found = findSessions(context, realm, refs);
  return role === null ? found : Promise.all([role, found]).then(([, answer]) => answer);
}

/**
 * Sends the commands of a look-up. On one server, this is always one MGET. On a cluster, it is one command for each
 * user, account and realm, all at once. A session and the records of its user and membership come from one command, and
 * so from one snapshot.
 */
function findSessions(context: Context, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  if (refs.length === 0) return Promise.resolve([]);
  const { server, keys } = context;
  const found = (server.isCluster ? findInCluster : findOnServer)(context, realm, refs);
  // A token names its account; only other lookups leave it open.
  if (refs.every(({ account }) => account !== undefined)) return found;
  return found.then((incomplete) => completed(server, keys, refs, incomplete));
}

function findOnServer({ server, keys, epochs }: Context, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  const wanted = [keys.record(realm)];
  const asked: Asked[] = [];
  const accounts = new Map<Tag, number>();
  for (const ref of refs) {
    const { id, user, account } = ref;
    const at = wanted.push(keys.record(user), keys.session(user, id)) - 2;
    if (typeof account !== 'string') {
      asked.push({ ref, at, accountAt: -1, memberAt: -1 });
      continue;
    }
    const memberAt = wanted.push(keys.record(memberTag(user, account))) - 1;
    const accountAt = accounts.get(account) ?? wanted.push(keys.record(account)) - 1;
    accounts.set(account, accountAt);
    asked.push({ ref, at, accountAt, memberAt });
  }
  return server.read(wanted).then((values) => {
    const record = sharedEpochOf(epochs, values[0], realm);
    return asked.map(({ ref, at, accountAt, memberAt }) => {
      const account = sharedEpochOf(epochs, values[accountAt], ref.account);
      return foundOf(ref, values[at + 1], { realm: record, account, user: values[at], member: values[memberAt] });
    });
  });
}

/** One reference of a look-up on one server. The numbers are indexes in the result of the MGET. */
interface Asked {
  readonly ref: SessionRef;
  readonly at: number;
  /** -1 if none is requested. */
  readonly accountAt: number;
  readonly memberAt: number;
}

async function findInCluster(
  { server, keys, epochs }: Context,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<Found> {
  const users = new Map<Tag, string[]>();
  const shared = new Map<Tag, Promise<Value>>();
  const ask = (tag: Tag): Promise<Value> => {
    const answer = shared.get(tag) ?? server.read([keys.record(tag)]).then(([value]) => value);
    shared.set(tag, answer);
    return answer;
  };
  const asked = refs.map((ref) => {
    const { id, user, account } = ref;
    const wanted = users.get(user) ?? [keys.record(user)];
    users.set(user, wanted);
    const sessionAt = wanted.push(keys.session(user, id)) - 1;
    const memberAt = typeof account === 'string' ? wanted.push(keys.record(memberTag(user, account))) - 1 : -1;
    return { ref, sessionAt, memberAt };
  });
  const owned = new Map<Tag, Promise<readonly Value[]>>();
  for (const [user, wanted] of users) owned.set(user, server.read(wanted));
  const realmRecord = ask(realm);
  const accounts = refs.map(({ account }) => (typeof account === 'string' ? ask(account) : null));
  // All commands are already sent. Waiting for them together leaves no unhandled rejection after a failure.
  await Promise.all([...owned.values(), ...shared.values()]);

  const record = sharedEpochOf(epochs, await realmRecord, realm);
  return Promise.all(
    asked.map(async ({ ref, sessionAt, memberAt }, nth) => {
      const values = (await owned.get(ref.user)) ?? [];
      const account = sharedEpochOf(epochs, await accounts[nth], ref.account);
      return foundOf(ref, values[sessionAt], { realm: record, account, user: values[0], member: values[memberAt] });
    }),
  );
}

type Value = string | null | undefined;

const sharedEpochOf = (epochs: EpochCache, value: Value, tag: Tag | null | undefined): EpochRecord | null =>
  value === null || value === undefined ? null : epochs.get(epochTextOf(value), tag ?? '');

interface Records {
  readonly realm: EpochRecord | null;
  readonly account: EpochRecord | null;
  readonly user: Value;
  readonly member: Value;
}

function foundOf(
  { id, user: userTag, account: accountTag }: SessionRef,
  value: Value,
  { realm, account, user, member }: Records,
): FoundSession | null {
  if (value === null || value === undefined) return null;
  const session = sessionOf(value, id, userTag);
  if (accountTag !== undefined && accountTag !== session.accountTag) return null;
  return { session, epochs: { realm, account, user: epochOf(user), member: epochOf(member) } };
}

async function completed(server: Server, keys: Keys, refs: readonly SessionRef[], found: Found): Promise<Found> {
  const isOpen = (one: FoundSession | null, at: number): one is FoundSession =>
    one !== null && refs[at]?.account === undefined && one.session.accountTag !== null;
  const read = await accountsOf(
    server,
    keys,
    found.filter(isOpen).map(({ session }) => session),
  );
  return found.map((one, at) => (isOpen(one, at) ? { ...one, epochs: { ...one.epochs, ...read(one.session) } } : one));
}

export async function list(
  context: Context,
  realm: Tag,
  user: Tag,
  page: ListPage,
): Promise<{ readonly found: readonly FoundSession[]; readonly more: boolean }> {
  const { server, keys, readiness, upkeep } = context;
  const role = readiness.role();
  const listing = listSessions(context, realm, new UserSessions(server, keys, user), page);
  const [{ found, more, gone, aside }] = await Promise.all([listing, role]);
  upkeep.tidy(user, gone);
  upkeep.setAside(user, aside);
  return { found, more };
}

const MAX_AT_ONCE = 500;

/** `gone`: ids in the index without a session. `aside`: ids of sessions that are over for good. */
interface Listed {
  readonly found: readonly FoundSession[];
  readonly more: boolean;
  readonly gone: readonly string[];
  readonly aside: readonly string[];
}

async function listSessions(
  { server, keys }: Context,
  realm: Tag,
  sessions: UserSessions,
  page: ListPage,
): Promise<Listed> {
  const rows: { readonly session: SessionRecord; readonly user: EpochRecord | null }[] = [];
  const gone: string[] = [];
  const aside: string[] = [];
  const after = page.after && { score: page.after.createdAt, member: page.after.id };
  const wanted = page.limit + 1;
  const chunk = Math.min(wanted, MAX_AT_ONCE);
  const open = !page.ended && page.born !== undefined;
  const account = page.account ?? undefined;
  for await (const { record, member, indexed } of sessions.chunks('down', { after, chunk, open, account })) {
    const records = { user: epochOf(record), member: epochOf(member) };
    for (const { position, session } of indexed) {
      if (session === null) {
        gone.push(position.member);
        continue;
      }
      // The record of one membership does not apply to another.
      const known = session.accountTag === account ? records : { ...records, member: null };
      if (open && isOverForGood(session, known)) aside.push(position.member);
      if (isListed(session, page)) rows.push({ session, user: records.user });
    }
    if (rows.length >= wanted) break;
  }
  const shown = rows.slice(0, page.limit);
  const [[realmValue], othersOf] = await Promise.all([
    server.read([keys.record(realm)]),
    accountsOf(
      server,
      keys,
      shown.map(({ session }) => session),
    ),
  ]);
  const realmRecord = epochOf(realmValue);
  const found = shown.map(({ session, user }) => ({
    session,
    epochs: {
      realm: realmRecord,
      user,
      ...othersOf(session),
    },
  }));
  return { found, more: rows.length > page.limit, gone, aside };
}

function isListed(session: SessionRecord, { account, born, ended, now }: ListPage): boolean {
  const { accountTag, stamps } = session;
  if (account !== undefined && accountTag !== account) return false;
  if (born !== undefined && !born.user.includes(stamps.user)) return false;
  if (born?.member && !born.member.includes(stamps.member ?? '')) return false;
  return ended || isLive(session, now);
}
