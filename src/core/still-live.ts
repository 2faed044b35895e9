import { isSameSecret } from '../model/credential.ts';
import { judge } from '../model/judge.ts';
import { refOf, Session, type SessionRecord } from '../model/session.ts';
import type { Core } from './context.ts';

/** Reads the session again. Returns `null` if it is over or, without `ignoreRotation`, if its secret was rotated meanwhile. */
export async function stillLive(
  core: Core,
  judged: SessionRecord,
  now: number,
  ignoreRotation = false,
): Promise<SessionRecord | null> {
  const ref = refOf(judged);
  const [found = null] = await core.store.find(core.realmTag, [ref]);
  const end = found && judge(found.session, found.epochs, now);
  const isOther = found === null || (!ignoreRotation && found.session.credential !== judged.credential);
  if (!isOther && end === null) return found.session;
  core.freshness?.noticeRefusal(ref, found, end);
  return null;
}

/**
 * Returns the record by which a session was judged. Reads a session from memory again: another process may have
 * refreshed its tokens since then, which changes the credential of the same session.
 */
export async function judgedRecord(core: Core, name: string, session: Session): Promise<SessionRecord> {
  const record = Session.recordOf(name, session);
  if (!Session.isRemembered(session)) return record;
  const [found] = await core.store.find(core.realmTag, [refOf(record)]);
  return found && isSameSecret(found.session.credential, record.credential) ? found.session : record;
}
