import type { AuditLog } from './audit.ts';
import { CLOCKS_APART } from './clock.ts';
import { newEpoch } from './epoch.ts';
import { SessionError } from './errors.ts';
import type { Events } from './events.ts';
import { parseText } from './input.ts';
import type { Notes } from './notes.ts';
import type { KindSettings, Settings } from './options.ts';
import type { StorePowers } from './powers.ts';
import type { Epochs, SessionRecord } from './session.ts';
import type { EpochRequest, SessionRef, SessionStore, Touch, VersionedEpoch } from './store.ts';
import type { Suspicion } from './suspicion.ts';
import { accountTag, newVersion, type Tag, userTag } from './token.ts';

/** What every operation of one realm works with. */
export interface Core {
  readonly settings: Settings;
  /** Guarded: it answers in time or throws `SESSION_STORE_UNAVAILABLE`. */
  readonly store: SessionStore;
  readonly realmTag: Tag;
  readonly events: Events;
  /** `null` where none is kept. */
  readonly log: AuditLog | null;
  readonly touches: Notes<Touch>;
  readonly suspicion: Suspicion;
  /** Whether the store writes in a transaction of the caller's. */
  readonly isWithin?: true;
  /** Unix ms. */
  now(): number;
}

/** A user, and the account they act in, by name and by tag. */
export interface Identity {
  readonly user: string;
  readonly account: string | null;
  readonly tags: { readonly user: Tag; readonly account: Tag | null };
}

export function identify({ settings: { realm } }: Core, user: unknown, account: unknown): Identity {
  const userName = parseText('user', user);
  const accountName = account === undefined || account === null ? null : parseText('account', account);
  return {
    user: userName,
    account: accountName,
    tags: {
      user: userTag(realm, userName),
      account: accountName === null ? null : accountTag(realm, accountName),
    },
  };
}

/** The settings of a kind. */
export function kindSettings({ settings: { kinds } }: Core, kind: string): KindSettings {
  const found = kinds.get(kind);
  if (found !== undefined) return found;
  throw new TypeError(
    `kind ${JSON.stringify(String(kind).slice(0, 40))} is unknown; there are ${[...kinds.keys()].join(', ')}`,
  );
}

/** The records that an identity is judged by, and the user's version. */
export interface UserEpochs {
  readonly epochs: Epochs & { readonly realm: VersionedEpoch['record']; readonly user: VersionedEpoch['record'] };
  readonly version: number;
}

/** Asks for a record, to be created where it is missing, and to be kept for so long. */
export const keeping = (tag: Tag, now: number, keepUntil: number | null): EpochRequest => ({
  ...{ tag, create: newEpoch(now), version: newVersion(), keepUntil },
});

/**
 * How long a record is to be kept, in ms, that is read in order to be written next: the write says how long from then on. To ask
 * for more here would be a write more, and on most engines a transaction.
 */
export const UNTIL_WRITTEN: number = CLOCKS_APART;

/** Asks for a record as it is, if it is there. */
export const lookingAt = (tag: Tag): EpochRequest => ({ tag, create: null, version: 0, keepUntil: 0 });

/** Reads a record, creating it where it is missing. */
export async function keepEpoch(
  { store }: Pick<Core, 'store'>,
  tag: Tag,
  now: number,
  keepUntil: number | null,
): Promise<VersionedEpoch> {
  const [found] = await store.epochs([keeping(tag, now, keepUntil)], now);
  if (!found) throw malformed('epochs');
  return found;
}

/** Reads the records of an identity, creating what is missing. */
export async function readEpochs(
  { store, realmTag }: Core,
  { tags }: Identity,
  now: number,
  keepUntil: { readonly user: number | null; readonly shared: number | null },
): Promise<UserEpochs> {
  const wanted: [Tag, number | null][] = [
    [realmTag, keepUntil.shared],
    [tags.user, keepUntil.user],
  ];
  if (tags.account !== null) wanted.push([tags.account, keepUntil.shared]);
  const requests = wanted.map(([tag, until]) => keeping(tag, now, until));
  const [realm, user, account] = await store.epochs(requests, now);
  if (!realm || !user) throw malformed('epochs');
  return {
    epochs: { realm: realm.record, user: user.record, account: account?.record ?? null },
    version: user.version,
  };
}

/** What a store says that cannot be. */
export const malformed = (verb: string): SessionError =>
  new SessionError('SESSION_STORE_UNAVAILABLE', `the session store's answer to ${verb} is malformed`);

/** Where a record is found again. */
export const refOf = ({ id, userTag, accountTag }: SessionRecord): SessionRef => ({
  id,
  user: userTag,
  account: accountTag,
});

/**
 * What the store can do beyond its verbs.
 * @throws `SESSION_STORE_LACKS_POWER` where it does not declare that.
 */
export function powerOf<Name extends keyof StorePowers>(
  { store }: { readonly store: SessionStore },
  name: Name,
): NonNullable<StorePowers[Name]> {
  const power = store.powers?.[name];
  if (power !== undefined && power !== null) return power;
  throw new SessionError(
    'SESSION_STORE_LACKS_POWER',
    `the store does not declare the power ${name}: it cannot keep that`,
  );
}

const LONGEST_WAIT = 64;
const AT_ONCE = 3;

/**
 * Reads, decides and writes by compare-and-set until the write is not beaten by another one: a few times at once, then
 * after growing, jittered waits, until the deadline. In a transaction nobody waits: what it reads is locked, or of an older
 * snapshot that no waiting renews, and others wait for its locks.
 */
export async function contend<T>({ settings, isWithin }: Core, attempt: () => Promise<T | 'conflict'>): Promise<T> {
  const until = performance.now() + settings.deadline;
  for (let tries = 1, wait = 1; ; tries++) {
    const outcome = await attempt();
    if (outcome !== 'conflict') return outcome;
    if (performance.now() >= until) {
      throw new SessionError('SESSION_STORE_UNAVAILABLE', `other writes kept coming first for ${settings.deadline} ms`);
    }
    if (tries < AT_ONCE) continue;
    if (isWithin) {
      throw new SessionError(
        'SESSION_STORE_UNSAFE',
        'the transaction sees an older snapshot than others have written to: roll it back, and repeat it',
      );
    }
    wait = Math.min(wait * 2, LONGEST_WAIT);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * wait));
  }
}
