import { createSessions, type Session, type Sessions, type SessionsOptions } from 'session-revocation';
import { type SqliteConnection, type SqliteOptions, sqliteStore } from 'session-revocation/sqlite';

/** The sessions in a database. */
export const sessionsIn = (
  file: string | SqliteConnection,
  options: Omit<SessionsOptions, 'store'> = {},
  storeOptions: SqliteOptions = {},
): Sessions => createSessions({ store: sqliteStore(file, storeOptions), ...options });

/** Signs somebody in, who must be let in. */
export async function signIn(sessions: Sessions, user: string): Promise<{ session: Session; token: string }> {
  const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
  if (!started.ok) throw new Error(`${user} was refused: ${started.reason}`);
  return started;
}
