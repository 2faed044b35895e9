import type { EpochRecord, FoundSession, SessionRecord, SessionRef, Tag } from '../../../src/index.ts';
import { epochOf } from './epoch-value.ts';
import type { Keys } from './keys.ts';
import type { Place, Places, Value } from './place.ts';
import type { Server } from './server.ts';

type Found = readonly (FoundSession | null)[];

/**
 * Finds sessions. On one server a look-up is one MGET, whatever it asks for. On a cluster it is as many commands at once as
 * there are users, accounts and realms in it: a session and its user's record come from one of them, so that they are of
 * one moment; the other scopes are judged each by itself, by what was true after the question.
 */
export function find(server: Server, places: Places, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  if (refs.length === 0) return Promise.resolve([]);
  const found = (server.isCluster ? findInCluster : findOnServer)(server, places, realm, refs);
  // A token names its account: only other questions leave it open.
  if (refs.every(({ account }) => account !== undefined)) return found;
  return found.then((incomplete) => completed(server, places.keys, refs, incomplete));
}

function findOnServer(server: Server, places: Places, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  const { keys } = places;
  const wanted = [keys.record(realm)];
  const asked: Place[] = [];
  const accounts = new Map<Tag, number>();
  for (const ref of refs) {
    const place = places.of(ref);
    asked.push(place);
    wanted.push(place.record, place.session);
    const { account } = ref;
    // Many are in one account, which is asked for once.
    if (typeof account === 'string' && !accounts.has(account)) accounts.set(account, accounts.size);
  }
  const accountsAt = wanted.length;
  for (const account of accounts.keys()) wanted.push(keys.record(account));
  return server.read(wanted).then((values) => {
    const record = epochOf(values[0], realm);
    return asked.map((place, nth) => {
      const ref = refs[nth] as SessionRef;
      const at = typeof ref.account === 'string' ? accounts.get(ref.account) : undefined;
      const account = at === undefined ? null : values[accountsAt + at];
      return places.found(place, ref, values[2 * nth + 2], values[2 * nth + 1], account, record);
    });
  });
}

async function findInCluster(server: Server, places: Places, realm: Tag, refs: readonly SessionRef[]): Promise<Found> {
  const { keys } = places;
  const asked = refs.map((ref) => places.of(ref));
  const users = new Map<Tag, string[]>();
  const shared = new Map<Tag, Promise<Value>>();
  const ask = (tag: Tag): Promise<Value> => {
    const answer = shared.get(tag) ?? server.read([keys.record(tag)]).then(([value]) => value);
    shared.set(tag, answer);
    return answer;
  };
  for (const { user, record, session } of asked) {
    const wanted = users.get(user);
    if (wanted === undefined) users.set(user, [record, session]);
    else wanted.push(session);
  }
  const owned = new Map<Tag, Promise<readonly Value[]>>();
  for (const [user, wanted] of users) owned.set(user, server.read(wanted));
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
      return places.found(asked[nth] as Place, ref, values[at], values[0], await accounts[nth], record);
    }),
  );
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
