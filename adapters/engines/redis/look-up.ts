import type { EpochRecord, FoundSession, SessionRecord, SessionRef, Tag } from '../../../src/index.ts';
import { epochOf } from './epoch-value.ts';
import type { Keys } from './keys.ts';
import type { Server } from './server.ts';
import { sessionOf } from './session-value.ts';

type Found = readonly (FoundSession | null)[];
type Value = string | null | undefined;

/**
 * Finds sessions. On one server a look-up is one MGET, whatever it asks for. On a cluster it is as many commands at once as
 * there are users, accounts and realms in it: a session and its user's record come from one of them, so that they are of
 * one moment; the other scopes are judged each by itself, by what was true after the question.
 */
export function find(server: Server, keys: Keys, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  if (refs.length === 0) return Promise.resolve([]);
  const found = (server.isCluster ? findInCluster : findOnServer)(server, keys, realm, refs);
  // A token names its account: only other questions leave it open.
  if (refs.every(({ account }) => account !== undefined)) return found;
  return found.then((incomplete) => completed(server, keys, refs, incomplete));
}

function findOnServer(server: Server, keys: Keys, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  const wanted = [keys.record(realm)];
  const accounts = new Map<Tag, number>();
  for (const { id, user, account } of refs) {
    wanted.push(keys.record(user), keys.session(user, id));
    // Many are in one account, which is asked for once.
    if (typeof account === 'string' && !accounts.has(account)) accounts.set(account, accounts.size);
  }
  const accountsAt = wanted.length;
  for (const account of accounts.keys()) wanted.push(keys.record(account));
  return server.read(wanted).then((values) => {
    const record = epochOf(values[0], realm);
    return refs.map((ref, nth) => {
      const { account } = ref;
      const at = typeof account === 'string' ? accounts.get(account) : undefined;
      const accountValue = at === undefined ? null : values[accountsAt + at];
      return foundOf(ref, values[2 * nth + 2], values[2 * nth + 1], accountValue, record);
    });
  });
}

async function findInCluster(server: Server, keys: Keys, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  const users = new Map<Tag, string[]>();
  const shared = new Map<Tag, Promise<Value>>();
  const ask = (tag: Tag): Promise<Value> => {
    const asked = shared.get(tag) ?? server.read([keys.record(tag)]).then(([value]) => value);
    shared.set(tag, asked);
    return asked;
  };
  for (const { id, user } of refs) {
    const ids = users.get(user);
    if (ids === undefined) users.set(user, [id]);
    else ids.push(id);
  }
  const owned = new Map<Tag, Promise<readonly Value[]>>();
  for (const [user, ids] of users) {
    owned.set(user, server.read([keys.record(user), ...ids.map((id) => keys.session(user, id))]));
  }
  const realmRecord = ask(realm);
  const accounts = refs.map(({ account }) => (account === undefined || account === null ? null : ask(account)));
  // All are sent by now, and nothing may be left unhandled where one of them fails.
  await Promise.all([...owned.values(), ...shared.values()]);

  const record = epochOf(await realmRecord, realm);
  const next = new Map<Tag, number>();
  return Promise.all(
    refs.map(async (ref, nth) => {
      const at = (next.get(ref.user) ?? 0) + 1;
      next.set(ref.user, at);
      const values = (await owned.get(ref.user)) ?? [];
      return foundOf(ref, values[at], values[0], await accounts[nth], record);
    }),
  );
}

function foundOf(
  ref: SessionRef,
  value: Value,
  user: Value,
  account: Value,
  realm: EpochRecord | null,
): FoundSession | null {
  if (value === null || value === undefined) return null;
  const session = sessionOf(value, ref.id, ref.user);
  if (ref.account !== undefined && ref.account !== session.accountTag) return null;
  const accountTag = session.accountTag ?? undefined;
  return { session, epochs: { realm, user: epochOf(user, ref.user), account: epochOf(account, accountTag) } };
}

/** The records of accounts that nobody could name beforehand. */
async function completed(server: Server, keys: Keys, refs: readonly SessionRef[], found: Found): Promise<Found> {
  const isOpen = (one: FoundSession | null, at: number): one is FoundSession =>
    one !== null && refs[at]?.account === undefined && one.session.accountTag !== null;
  const records = await accountsOf(
    server,
    keys,
    found.filter(isOpen).map(({ session }) => session),
  );
  return found.map((one, at) =>
    isOpen(one, at) ? { ...one, epochs: { ...one.epochs, account: records.get(one.session.accountTag) ?? null } } : one,
  );
}

/** The records of the accounts that sessions are in. */
export async function accountsOf(
  server: Server,
  keys: Keys,
  sessions: readonly SessionRecord[],
): Promise<ReadonlyMap<Tag | null, EpochRecord | null>> {
  return recordsOf(
    server,
    keys,
    sessions.flatMap(({ accountTag }) => accountTag ?? []),
  );
}

/** Records by their tags. */
export async function recordsOf(
  server: Server,
  keys: Keys,
  tags: readonly Tag[],
): Promise<ReadonlyMap<Tag | null, EpochRecord | null>> {
  const wanted = [...new Set(tags)];
  const values = await server.readAnywhere(wanted.map((tag) => keys.record(tag)));
  return new Map(wanted.map((tag, at) => [tag, epochOf(values[at], tag)]));
}
