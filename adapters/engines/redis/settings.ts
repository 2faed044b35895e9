import { isSessionError } from '../../../src/index.ts';
import type { Server } from './connection.ts';

/** Leaves out primaries on which the server or the user's rights do not allow `CONFIG`. */
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

/** A list in RESP2, an object in RESP3. */
function valueIn(reply: unknown, name: string): string | undefined {
  if (!Array.isArray(reply)) return (reply as Readonly<Record<string, string>> | null)?.[name];
  return reply.length === 2 ? String(reply[1]) : undefined;
}

/** Returns the data that a restart may lose, or `null`. `appendfsync` is `undefined` if unknown. */
export function lossOnRestart(aofEnabled: string | undefined, appendfsync: string | undefined): string | null {
  if (aofEnabled !== '1')
    return 'keeps snapshots at most (appendonly no): a restart may lose all that was written since the last one';
  if (appendfsync === 'no')
    return 'leaves it to the system when to write (appendfsync no): a crash of the machine may lose half a minute';
  return null;
}

/** Must be off: a node that is cut off from the others does not know their revocations. */
export const READS_WHEN_DOWN = 'cluster-allow-reads-when-down';
