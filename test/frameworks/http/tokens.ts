import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';

/** Returns a well-formed token for this user, from another store than the one under test. */
export async function tokenOfElsewhere(user: string): Promise<string> {
  const sessions = createSessions({ store: memoryStore() });
  const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
  if (!started.ok) throw new Error(started.reason);
  return started.token;
}
