import { isSessionError, SessionError } from '../../../src/index.ts';
import type { Server } from './connection.ts';

/**
 * Returns the values that the primaries have for a setting. Leaves out primaries on which the server or the user's
 * rights do not allow `CONFIG`.
 */
export async function settingsOf(server: Server, name: string): Promise<readonly string[]> {
  try {
    const replies = await server.askAll('CONFIG', 'GET', name);
    return replies.flatMap(({ reply }) => valueIn(reply, name) ?? []);
  } catch (error) {
    const isKept = error instanceof Error && /unknown command/i.test(error.message);
    if (isKept || isSessionError(error, 'SESSION_STORE_DENIED')) return [];
    throw error;
  }
}

/** Returns a setting from a reply of `CONFIG GET`: a list in RESP2, an object in RESP3. */
function valueIn(reply: unknown, name: string): string | undefined {
  if (!Array.isArray(reply)) return (reply as Readonly<Record<string, string>> | null)?.[name];
  return reply.length === 2 ? String(reply[1]) : undefined;
}

/** A setting that must be off. A node that is cut off from the others does not know their revocations. */
export const READS_WHEN_DOWN = 'cluster-allow-reads-when-down';

export async function refuseReadsWhenDown(server: Server): Promise<void> {
  if (!(await settingsOf(server, READS_WHEN_DOWN)).includes('yes')) return;
  throw new SessionError(
    'SESSION_STORE_UNSAFE',
    `a node of this cluster answers also while it is cut off from the others, where it knows nothing of what they revoke: ` +
      `set ${READS_WHEN_DOWN} no`,
  );
}
