import { SessionError } from '../../../src/index.ts';
import type { Server } from './connection.ts';
import type { Context } from './context.ts';
import { requireDurability } from './durability.ts';
import type { Keys } from './keys.ts';
import { requireRights } from './rights.ts';
import { parseInfo, requireServer } from './server.ts';
import { refuseReadsWhenDown } from './settings.ts';

/** Risks that the options allow. */
export interface Tolerance {
  readonly allowEviction: boolean;
  /** `undefined` warns, once per process. */
  readonly allowLossOnRestart: boolean | undefined;
}

const APPLICATION = 'session-revocation';
const VERSION = 1;

/** Redis needs no tables. Checks the server and the rights of its user, and records the owner of the keys. */
export async function setUp({ server, keys, confirmation, readiness }: Context): Promise<void> {
  readiness.requireOpen();
  await readiness.ready();
  await requireRights(server, keys, confirmation);
  await readiness.mark();
}

/** Returns the recorded owner and version of the keys, or `null`. */
export async function requireKeys(server: Server, keys: Keys): Promise<string | null> {
  const meta = (await server.ask(keys.meta, 'GET', keys.meta)) as string | null;
  if (meta === null) return null;
  const [name, version] = meta.split(' ');
  if (name !== APPLICATION || !/^\d{1,9}$/.test(version ?? '')) {
    throw new SessionError(
      'SESSION_STORE_NAME_CONFLICT',
      'the keys under the prefix of the session store belong to another application: give redisStore another prefix',
    );
  }
  if (Number(version) > VERSION) {
    throw new SessionError(
      'SESSION_STORE_TOO_NEW',
      `the keys under the prefix of the session store are of version ${version}; this one knows up to ${VERSION}: upgrade it`,
    );
  }
  return meta;
}

export async function recordOwner(server: Server, keys: Keys): Promise<string | null> {
  await server.ask(keys.meta, 'SET', keys.meta, `${APPLICATION} ${VERSION}`, 'NX');
  return requireKeys(server, keys);
}

/** @throws `SESSION_STORE_UNSUPPORTED` or `SESSION_STORE_UNSAFE` if the store cannot rely on one of the servers. */
export async function requireServers(server: Server, { allowEviction, allowLossOnRestart }: Tolerance): Promise<void> {
  const servers = (await server.askAll('INFO')).map(({ reply }) => parseInfo(reply));
  for (const info of servers) requireServer(info, server.isCluster, allowEviction);
  if (server.isCluster) await refuseReadsWhenDown(server);
  await requireDurability(server, servers, allowLossOnRestart);
}
