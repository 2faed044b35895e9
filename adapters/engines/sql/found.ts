import {
  type EpochCache,
  type EpochRecord,
  type FoundSession,
  realmTag,
  type SessionRecord,
  type SessionRef,
  type Tag,
} from '../../../src/adapter.ts';
import { recordOf, sharedRecordOf } from './session-rows.ts';

/** The texts of the records that judge a session. `null` for a missing one. */
export interface RecordTexts {
  readonly account: string | null;
  readonly user: string | null;
  readonly member: string | null;
}

export function foundOf(
  epochs: EpochCache,
  session: SessionRecord,
  { account, user, member }: RecordTexts,
  realm: EpochRecord | null,
): FoundSession {
  return {
    session,
    epochs: {
      realm,
      account: sharedRecordOf(epochs, account, session.accountTag),
      user: recordOf(user),
      member: recordOf(member),
    },
  };
}

/**
 * Adds to sessions the record of each one's realm. Reads the records after the sessions: a record that is created
 * between the two reads must not look lost.
 */
export async function withRealms(
  found: readonly FoundSession[],
  read: (tags: readonly Tag[]) => Promise<ReadonlyMap<Tag, EpochRecord | null>>,
): Promise<readonly FoundSession[]> {
  const tags = new Map(found.map(({ session: { realm } }) => [realm, realmTag(realm)]));
  if (tags.size === 0) return [];
  const realms = await read([...tags.values()]);
  return found.map(({ session, epochs }) => {
    return { session, epochs: { ...epochs, realm: realms.get(tags.get(session.realm) ?? '') ?? null } };
  });
}

/** Returns a session that a reference found, or `null` if its tags differ from the reference. */
export function matching(found: FoundSession, { user, account }: SessionRef): FoundSession | null {
  const { userTag, accountTag } = found.session;
  return userTag === user && (account === undefined || account === accountTag) ? found : null;
}

/**
 * Compares sessions by creation, the youngest first. Of two sessions with the same time, the one with the greater id in
 * byte order comes first.
 */
export const youngestFirst = ({ session: a }: FoundSession, { session: b }: FoundSession): number =>
  b.createdAt - a.createdAt || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id));

/** A place that sorts before every session. */
export const TOP: { readonly createdAt: number; readonly id: string } = { createdAt: Number.MAX_SAFE_INTEGER, id: '' };
