import { CLOCKS_APART } from '../lib/clock.ts';
import type { SessionError } from '../lib/errors.ts';
import { type Epochs, newEpoch } from '../model/epoch.ts';
import type { Identity } from '../model/identity.ts';
import { memberTag, newVersion, type Tag } from '../model/token.ts';
import { nonsense } from './guarded.ts';
import type { EpochRequest, SessionStore, VersionedEpoch } from './store.ts';

/** The epoch records of a user. `version` is the version of the user's record. */
export interface UserEpochs {
  readonly epochs: Epochs & { readonly realm: VersionedEpoch['record']; readonly user: VersionedEpoch['record'] };
  readonly version: number;
}

export const ensuring = (tag: Tag, now: number, keepUntil: number | null): EpochRequest => ({
  ...{ tag, create: newEpoch(now), version: newVersion(), keepUntil },
});

/**
 * How long, in ms, to keep a record that is only read, because a later write keeps it for longer. A longer time here would cost one more
 * write: the store would have to raise the `keepUntil` of an existing record.
 */
export const UNTIL_WRITTEN: number = CLOCKS_APART;

export async function ensureEpoch(
  { store }: { readonly store: SessionStore },
  tag: Tag,
  now: number,
  keepUntil: number | null,
): Promise<VersionedEpoch> {
  const [ensured] = await store.ensureEpochs([ensuring(tag, now, keepUntil)], now);
  if (!ensured) throw malformed('ensureEpochs');
  return ensured;
}

export async function ensureIdentity(
  { store, realmTag }: { readonly store: SessionStore; readonly realmTag: Tag },
  { tags }: Identity,
  now: number,
  keepUntil: { readonly user: number | null; readonly shared: number | null },
): Promise<UserEpochs> {
  const wanted: [Tag, number | null][] = [
    [realmTag, keepUntil.shared],
    [tags.user, keepUntil.user],
  ];
  const { user: userTag, account: accountTag } = tags;
  if (accountTag !== null)
    wanted.push([accountTag, keepUntil.shared], [memberTag(userTag, accountTag), keepUntil.user]);
  const requests = wanted.map(([tag, until]) => ensuring(tag, now, until));
  const [realm, user, account, member] = await store.ensureEpochs(requests, now);
  if (!realm || !user) throw malformed('ensureEpochs');
  return {
    epochs: {
      ...{ realm: realm.record, user: user.record },
      ...{ account: account?.record ?? null, member: member?.record ?? null },
    },
    version: user.version,
  };
}

export const malformed = (verb: string): SessionError => nonsense(verb);
