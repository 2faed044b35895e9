import { isSessionError, SessionError } from '../../../src/index.ts';
import type { Keys } from './keys.ts';
import { DENIED } from './lua/rights.ts';
import { Call } from './script.ts';
import type { Confirmation, Server } from './server.ts';

/** What a user of the server's ACL has to be granted. */
export const RIGHTS = 'grant it +@read +@write +@scripting +@connection +info +role +time +wait on the keys';

/** The commands that the user may not send, of those that the store needs. Asks, and writes nothing. */
export async function missingRights(
  server: Server,
  keys: Keys,
  confirmation: Confirmation | null,
): Promise<readonly string[]> {
  const call = new Call()
    .key(keys.meta)
    .arg(confirmation === null ? 0 : 1)
    .arg(server.isCluster ? 1 : 0);
  // Both at once is a contradiction, which is told only to whoever may write.
  const writing = server.ask(keys.meta, 'SET', keys.meta, '', 'NX', 'XX');
  const [denied, isRefused] = await Promise.all([
    server.run(DENIED, call).catch(refusedAs(['EVALSHA', 'EVAL'])),
    writing.then(() => [], refusedAs(['SET'])).catch(() => []),
  ]);
  return [...new Set([...(denied as readonly string[]), ...isRefused])];
}

/** What is missing, where that is why a question was refused. */
const refusedAs =
  (names: readonly string[]) =>
  (error: unknown): readonly string[] => {
    if (isSessionError(error, 'SESSION_STORE_DENIED')) return names;
    throw error;
  };

/** @throws `SESSION_STORE_DENIED` where rights are missing. */
export async function demandRights(server: Server, keys: Keys, confirmation: Confirmation | null): Promise<void> {
  const missing = await missingRights(server, keys, confirmation);
  if (missing.length === 0) return;
  throw new SessionError(
    'SESSION_STORE_DENIED',
    `the user of Redis may not do all that the session store needs (${missing.join(', ')}): ${RIGHTS} of its prefix`,
  );
}
