import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';

/** A token that is well-formed and was made for this user, by a store that is not the one under test. */
export async function tokenOfElsewhere(user: string): Promise<string> {
  const sessions = createSessions({ store: memoryStore() });
  const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
  if (!started.ok) throw new Error(started.reason);
  return started.token;
}
