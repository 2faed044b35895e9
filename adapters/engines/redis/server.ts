import { SessionError } from '../../../src/index.ts';
import { isReplica, needsClusterClient } from './errors.ts';

export type ServerInfo = ReadonlyMap<string, string>;

export function parseInfo(reply: unknown): ServerInfo {
  const lines = String(reply).split(/\r?\n/);
  return new Map(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 || line.startsWith('#') ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}

/** The oldest supported version, because of how the store reads sorted sets. */
const LEAST = [6, 2] as const;

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** The only eviction policy under which no revoked session can come back. */
export const SAFE_POLICY = 'noeviction';

export function requireServer(info: ServerInfo, isCluster: boolean, allowEviction: boolean): void {
  const version = info.get('redis_version') ?? 'unknown';
  if (!isNewEnough(version)) {
    throw new SessionError('SESSION_STORE_UNSUPPORTED', `Redis is ${version}; the session store needs 6.2 or later`);
  }
  if (info.get('cluster_enabled') === '1' && !isCluster) {
    throw needsClusterClient();
  }
  if (info.get('role') === 'slave') throw isReplica();
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy !== SAFE_POLICY && !allowEviction) {
    throw new SessionError(
      'SESSION_STORE_UNSAFE',
      `Redis evicts keys when its memory is full (maxmemory-policy ${policy}), so that people would be signed out, and ` +
        `suspensions and policies lost: set maxmemory-policy ${SAFE_POLICY}, or allowEviction: true to put up with it`,
    );
  }
}
