import { isSessionError, SessionError } from '../../../src/index.ts';
import type { Server } from './connection.ts';
import type { Keys } from './keys.ts';
import type { Confirmation } from './replication.ts';
import { DENIED } from './scripts/rights.ts';
import { Call } from './scripts/script.ts';

export const RIGHTS = 'grant it +@read +@write +@scripting +@connection +info +role +time +wait on the keys';

export async function missingRights(
  server: Server,
  keys: Keys,
  confirmation: Confirmation | null,
): Promise<readonly string[]> {
  const call = new Call()
    .key(keys.meta)
    .arg(confirmation === null ? 0 : 1)
    .arg(server.isCluster ? 1 : 0);
  // NX and XX contradict each other. The server reports that only to users who may write, and writes nothing.
  const writing = server.ask(keys.meta, 'SET', keys.meta, '', 'NX', 'XX');
  const [denied, isRefused] = await Promise.all([
    server.run(DENIED, call).catch(refusedAs(['EVALSHA', 'EVAL'])),
    writing.then(() => [], refusedAs(['SET'])).catch(() => []),
  ]);
  return [...new Set([...(denied as readonly string[]), ...isRefused])];
}

const refusedAs =
  (names: readonly string[]) =>
  (error: unknown): readonly string[] => {
    if (isSessionError(error, 'SESSION_STORE_DENIED')) return names;
    throw error;
  };

export async function requireRights(server: Server, keys: Keys, confirmation: Confirmation | null): Promise<void> {
  const missing = await missingRights(server, keys, confirmation);
  if (missing.length === 0) return;
  throw new SessionError(
    'SESSION_STORE_DENIED',
    `the user of Redis may not do all that the session store needs (${missing.join(', ')}): ${RIGHTS} of its prefix`,
  );
}
