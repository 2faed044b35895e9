import { createSessions, type Session, type Sessions, type SessionsOptions } from 'session-revocation';
import { type SqliteConnection, type SqliteOptions, sqliteStore } from 'session-revocation/sqlite';

/** Opens the sessions in a database. */
export const sessionsIn = (
  file: string | SqliteConnection,
  options: Omit<SessionsOptions, 'store'> = {},
  storeOptions: SqliteOptions = {},
): Sessions => createSessions({ store: sqliteStore(file, storeOptions), ...options });

/** Signs a user in. Throws if the sign-in is refused. */
export async function signIn(sessions: Sessions, user: string): Promise<{ session: Session; token: string }> {
  const started = await sessions.start({ user, fence: await sessions.fence({ user }) });
  if (!started.ok) throw new Error(`${user} was refused: ${started.reason}`);
  return started;
}
