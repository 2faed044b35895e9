import {
  type EpochRecord,
  type FoundSession,
  isLive,
  isOverForGood,
  type ListPage,
  type SessionRecord,
  type SessionRef,
  type Tag,
} from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import type { Context } from '../context.ts';
import { UserSessions } from '../indexes/user-sessions.ts';
import type { Keys } from '../keys.ts';
import { epochOf } from '../rows/epoch.ts';
import { accountsOf } from './epochs.ts';
import type { SessionLocation, SessionLocations, Value } from './session-location.ts';

type Found = readonly (FoundSession | null)[];

/** Not `async`: a check of a session does not pay for an extra tick. */
export function find(
  { server, locations, readiness }: Context,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<Found> {
  const role = readiness.role();
  const found = findSessions(server, locations, realm, refs);
  return role === null ? found : Promise.all([role, found]).then(([, answer]) => answer);
}

/**
 * On one server, always one MGET. On a cluster, one command for each user, account and realm, all at once. A session
 * and the records of its user and membership come from one command, and so from one snapshot.
 */
function findSessions(
  server: Server,
  locations: SessionLocations,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<Found> {
  if (refs.length === 0) return Promise.resolve([]);
  const found = (server.isCluster ? findInCluster : findOnServer)(server, locations, realm, refs);
  // A token names its account; only other lookups leave it open.
  if (refs.every(({ account }) => account !== undefined)) return found;
  return found.then((incomplete) => completed(server, locations.keys, refs, incomplete));
}

function findOnServer(
  server: Server,
  locations: SessionLocations,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<Found> {
  const { keys } = locations;
  const wanted = [keys.record(realm)];
  const asked: Asked[] = [];
  const accounts = new Map<Tag, number>();
  for (const ref of refs) {
    const location = locations.of(ref);
    const at = wanted.push(location.record, location.session) - 2;
    const { account } = ref;
    if (typeof account !== 'string') {
      asked.push({ ref, location, at, accountAt: -1, memberAt: -1 });
      continue;
    }
    const memberAt = wanted.push(location.memberIn(keys, account)) - 1;
    const accountAt = accounts.get(account) ?? wanted.push(keys.record(account)) - 1;
    accounts.set(account, accountAt);
    asked.push({ ref, location, at, accountAt, memberAt });
  }
  return server.read(wanted).then((values) => {
    const record = locations.epoch(values[0], realm);
    return asked.map(({ ref, location, at, accountAt, memberAt }) => {
      const texts = {
        user: values[at] ?? null,
        account: values[accountAt] ?? null,
        member: values[memberAt] ?? null,
      };
      return locations.found(location, ref, values[at + 1], texts, record);
    });
  });
}

/** The numbers are indexes in the result. */
interface Asked {
  readonly ref: SessionRef;
  readonly location: SessionLocation;
  readonly at: number;
  /** -1 if none is requested. */
  readonly accountAt: number;
  readonly memberAt: number;
}

async function findInCluster(
  server: Server,
  locations: SessionLocations,
  realm: Tag,
  refs: readonly SessionRef[],
): Promise<Found> {
  const { keys } = locations;
  const users = new Map<Tag, string[]>();
  const shared = new Map<Tag, Promise<Value>>();
  const ask = (tag: Tag): Promise<Value> => {
    const answer = shared.get(tag) ?? server.read([keys.record(tag)]).then(([value]) => value);
    shared.set(tag, answer);
    return answer;
  };
  const asked = refs.map((ref) => {
    const location = locations.of(ref);
    const wanted = users.get(location.user) ?? [location.record];
    users.set(location.user, wanted);
    const sessionAt = wanted.push(location.session) - 1;
    const { account } = ref;
    const memberAt = typeof account === 'string' ? wanted.push(location.memberIn(keys, account)) - 1 : -1;
    return { location, ref, sessionAt, memberAt };
  });
  const owned = new Map<Tag, Promise<readonly Value[]>>();
  for (const [user, wanted] of users) owned.set(user, server.read(wanted));
  const realmRecord = ask(realm);
  const accounts = refs.map(({ account }) => (account === undefined || account === null ? null : ask(account)));
  // All commands are sent by now. Awaits them together, so that a failure leaves no unhandled rejection.
  await Promise.all([...owned.values(), ...shared.values()]);

  const record = locations.epoch(await realmRecord, realm);
  return Promise.all(
    asked.map(async ({ location, ref, sessionAt, memberAt }, nth) => {
      const values = (await owned.get(ref.user)) ?? [];
      const account = (await accounts[nth]) ?? null;
      const texts = { user: values[0] ?? null, account, member: values[memberAt] ?? null };
      return locations.found(location, ref, values[sessionAt], texts, record);
    }),
  );
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
