import { isSameSecret } from '../model/credential.ts';
import { judge } from '../model/judge.ts';
import { refOf, type SessionRecord } from '../model/session.ts';
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
  const isOther = found === null || (!ignoreRotation && !isSameSecret(found.session.credential, judged.credential));
  if (!isOther && end === null) return found.session;
  core.freshness?.noticeRefusal(ref, found, end);
  return null;
}
