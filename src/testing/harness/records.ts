import assert from 'node:assert/strict';
import { type EpochRecord, newEpoch } from '../../model/epoch.ts';
import type { Grant } from '../../model/grant.ts';
import { type Ended, refOf, type SessionRecord } from '../../model/session.ts';
import {
  accountTag,
  hashSecret,
  memberTag,
  newId,
  newSecret,
  newVersion,
  realmTag,
  type Tag,
  userTag,
} from '../../model/token.ts';
import type { FoundSession, PruneBatch, Renewal, SessionStore, UserWrite, VersionedEpoch } from '../../store/store.ts';
import { DAY, NOW } from './bench.ts';

export interface Person {
  readonly realm: string;
  readonly user: string;
  readonly account: string | null;
  readonly tags: {
    readonly realm: Tag;
    readonly user: Tag;
    readonly account: Tag | null;
    readonly member: Tag | null;
  };
}

export function person(user: string, account: string | null = null, realm = 'shop'): Person {
  const own = userTag(realm, user);
  const theirs = account === null ? null : accountTag(realm, account);
  const tags = {
    ...{ realm: realmTag(realm), user: own, account: theirs },
    member: theirs === null ? null : memberTag(own, theirs),
  };
  return { realm, user, account, tags };
}

export const newHash = (): string => hashSecret(newSecret());

/** Returns the record of a new session. The record is not frozen. */
export function sessionOf({ realm, user, account, tags }: Person, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: newId(),
    realm,
    user,
    account,
    userTag: tags.user,
    accountTag: tags.account,
    kind: 'browser',
    credential: newHash(),
    serial: 0,
    stamps: {
      realm: 'realm.1',
      user: 'user.1',
      account: account === null ? null : 'account.1',
      member: account === null ? null : 'member.1',
    },
    createdAt: NOW,
    authenticatedAt: NOW,
    lastUsedAt: NOW,
    expiresAt: NOW + 30 * DAY,
    idle: 14 * DAY,
    amr: ['pwd', 'otp'],
    device: { label: 'Chrome on Mac OS', browser: 'Chrome', os: 'Mac OS', type: 'desktop', ip: '192.0.2.1' },
    deviceTag: null,
    attributes: { theme: 'dark', tabs: [1, 2, { open: true }] },
    client: null,
    federated: null,
    ended: null,
    ...changes,
  };
}

/** Grants: a plain one, and the largest that the core writes. */
export const CLIENTS: readonly Grant[] = [
  { id: 'app', name: 'The app', scope: null, kept: null },
  { id: '"'.repeat(256), name: '\u20ac'.repeat(256), scope: 'read '.repeat(205).slice(0, 1024), kept: 'cookie' },
];

export const endedAt = (
  at: number,
  reason: string | null = 'signed-out',
  by: string | null = 'ann',
  fromDevice: string | null = by && 'Chrome on Mac OS',
): Ended => ({ at, by, reason, fromDevice });

/** Returns an epoch record that differs from every stored record. */
export const anotherRecord = (reason: string): EpochRecord =>
  structuredClone({ ...newEpoch(NOW), last: { at: NOW, by: 'admin', reason, fromDevice: 'Firefox on Windows' } });

export async function recordOf(store: SessionStore, tag: Tag, keepUntil: number | null = 0): Promise<VersionedEpoch> {
  const answer = await store.ensureEpochs([{ tag, create: newEpoch(NOW), version: newVersion(), keepUntil }], NOW);
  assert.equal(answer.length, 1, 'ensureEpochs answers each request');
  const [found] = answer;
  assert.ok(found, 'what is missing is created');
  return found;
}

export async function openRecords(
  store: SessionStore,
  { tags }: Person,
  keepUntil: number | null = null,
): Promise<{
  realm: VersionedEpoch;
  user: VersionedEpoch;
  account: VersionedEpoch | null;
  member: VersionedEpoch | null;
}> {
  return {
    realm: await recordOf(store, tags.realm, keepUntil),
    user: await recordOf(store, tags.user, keepUntil),
    account: tags.account === null ? null : await recordOf(store, tags.account, keepUntil),
    member: tags.member === null ? null : await recordOf(store, tags.member, keepUntil),
  };
}

export const versionOf = async (store: SessionStore, { tags }: Person): Promise<number> =>
  (await recordOf(store, tags.user)).version;

export const plainWrite = (changes: Partial<UserWrite> = {}): UserWrite => ({
  now: NOW,
  retention: DAY,
  ending: [],
  keepUntil: 0,
  audit: [],
  ...changes,
});

export async function add(
  store: SessionStore,
  session: SessionRecord,
  write?: Partial<UserWrite>,
): Promise<SessionRecord> {
  assert.equal(await store.add(session, plainWrite(write)), 'added');
  return session;
}

export async function addNew(
  store: SessionStore,
  whose: Person,
  changes?: Partial<SessionRecord>,
  keepUntil: number | null = null,
): Promise<SessionRecord> {
  await openRecords(store, whose, keepUntil);
  return add(store, sessionOf(whose, changes));
}

export async function look(store: SessionStore, session: SessionRecord): Promise<FoundSession | null> {
  const answer = await store.find(realmTag(session.realm), [refOf(session)]);
  assert.equal(answer.length, 1, 'find answers each reference');
  return answer[0] ?? null;
}

export async function stored(store: SessionStore, session: SessionRecord): Promise<SessionRecord> {
  const found = await look(store, session);
  assert.ok(found, 'the session is found');
  return found.session;
}

export function renewalOf(
  session: SessionRecord,
  changes: Partial<SessionRecord> = {},
  write: Partial<Renewal> = {},
): Renewal {
  const next = { ...session, credential: newHash(), serial: session.serial + 1, ...changes };
  return { session: next, ifCredential: session.credential, moves: false, ...plainWrite(), ...write };
}

export async function pruneAll(
  store: SessionStore,
  changes: Partial<PruneBatch> = {},
): Promise<{ sessions: number; epochs: number; batches: number }> {
  const total = { sessions: 0, epochs: 0, batches: 0 };
  let after: string | null = null;
  for (let more = true; more; ) {
    assert.ok(total.batches < 500, 'pruning comes to an end');
    const batch: PruneBatch = {
      sessionsBefore: 0,
      epochsBefore: 0,
      limit: 100,
      after,
      revoked: () => false,
      ...changes,
    };
    const pruned = await store.prune({ ...batch, after });
    total.sessions += pruned.sessions;
    total.epochs += pruned.epochs;
    total.batches += 1;
    ({ more, after } = pruned);
  }
  return total;
}

export async function outlives(store: SessionStore, at: number, witness: SessionRecord): Promise<boolean> {
  await pruneAll(store, { epochsBefore: at });
  const found = await look(store, witness);
  assert.ok(found, 'the session is found');
  return found.epochs.user !== null;
}

/** Asserts that two values are deeply equal. Ignores prototypes. */
export function same(actual: unknown, expected: unknown, message?: string): void {
  assert.deepEqual(structuredClone(actual), structuredClone(expected), message);
}

export function nth<T>(list: readonly T[], at: number): T {
  const one = list.at(at);
  assert.ok(one !== undefined, 'the list is long enough');
  return one;
}
