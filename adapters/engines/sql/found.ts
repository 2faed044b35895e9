import {
  type EpochRecord,
  type FoundSession,
  type RecordCache,
  type RecordTexts,
  realmTag,
  type SessionRecord,
  type SessionRef,
  type Tag,
} from '../../../src/adapter.ts';
import { recordOf } from './session-rows.ts';

export function foundOf(
  records: RecordCache,
  session: SessionRecord,
  { user, account, member }: RecordTexts,
  realm: EpochRecord | null,
): FoundSession {
  return {
    session,
    epochs: {
      realm,
      account: recordOf(records, account, session.accountTag),
      user: recordOf(records, user, session.userTag),
      member: recordOf(records, member),
    },
  };
}

/** Decodes only a text that has changed. */
export function foundById(
  records: RecordCache,
  id: string,
  text: string,
  texts: RecordTexts,
  realm: EpochRecord | null,
  decode: (records: RecordCache, text: string) => SessionRecord,
): FoundSession {
  const last = records.session(id);
  return last.get(text, texts, realm) ?? last.set(text, texts, foundOf(records, decode(records, text), texts, realm));
}

/** Reads the records after the sessions: a record that is created between the two reads must not look lost. */
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

/** Returns `null` for a session whose tags differ from the reference. */
export function matching(found: FoundSession, { user, account }: SessionRef): FoundSession | null {
  const { userTag, accountTag } = found.session;
  return userTag === user && (account === undefined || account === accountTag) ? found : null;
}

/** Of two sessions with the same time, the one with the greater id in byte order comes first. */
export const youngestFirst = ({ session: a }: FoundSession, { session: b }: FoundSession): number =>
  b.createdAt - a.createdAt || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id));
