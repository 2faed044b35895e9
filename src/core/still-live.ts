import { judge } from '../model/judge.ts';
import { refOf, type SessionRecord } from '../model/session.ts';
import type { Core } from './context.ts';

/**
 * Reads the session again. Returns `null` if it is over, or if its secret is no longer the one that was judged. `ignoreRotation` skips
 * the comparison of the secret.
 */
export async function stillLive(
  core: Core,
  judged: SessionRecord,
  now: number,
  ignoreRotation = false,
): Promise<SessionRecord | null> {
  const [found] = await core.store.find(core.realmTag, [refOf(judged)]);
  if (found === undefined || found === null) return null;
  if (!ignoreRotation && found.session.credential !== judged.credential) return null;
  return judge(found.session, found.epochs, now) === null ? found.session : null;
}
