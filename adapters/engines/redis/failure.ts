import { isSessionError, SessionError } from '../../../src/index.ts';
import { withoutSecrets } from './scrubbing.ts';

/**
 * What an error of the server means, where it is told by a code of its own; otherwise the error itself, which the core
 * tells as `SESSION_STORE_UNAVAILABLE`. The server's own codes are the first word of its messages, also within a script's.
 * Nothing that was sent is left on it.
 */
export function failureOf(error: unknown, isCluster: boolean): unknown {
  if (!(error instanceof Error) || isSessionError(error)) return error;
  withoutSecrets(error);
  const [code] = /\b(?:NOPERM|NOAUTH|WRONGPASS|WRONGTYPE|MOVED|CROSSSLOT)\b/.exec(error.message) ?? [];
  switch (code) {
    case 'NOPERM':
    case 'NOAUTH':
    case 'WRONGPASS':
      return new SessionError(
        'SESSION_STORE_DENIED',
        `Redis refused (${error.message}): check user name and password, and the user's rights (ACL GETUSER)`,
        { cause: error },
      );
    case 'WRONGTYPE':
      return new SessionError(
        'SESSION_STORE_FOREIGN',
        'a key under the prefix of the session store is somebody else’s: give redisStore another prefix',
        { cause: error },
      );
    case 'MOVED':
    case 'CROSSSLOT':
      // A cluster that moves its slots about is no misuse, and its client knows better in a moment.
      return isCluster ? error : needsClusterClient(error);
    default:
      return error;
  }
}

/** A cluster that is asked by a client for one server. */
export const needsClusterClient = (cause?: Error): SessionError =>
  new SessionError(
    'SESSION_STORE_UNSUPPORTED',
    "this Redis is a cluster, and its client is not: hand in ioredis's Cluster, or node-redis's createCluster",
    cause === undefined ? undefined : { cause },
  );

/** A replica that is asked for what only the primary knows for sure. */
export const isReplica = (): SessionError =>
  new SessionError(
    'SESSION_STORE_UNSAFE',
    'this Redis is a replica, which may not know yet what was revoked: connect to the primary, or by Sentinel',
  );

/**
 * Looks at what `ROLE` says.
 * @throws `SESSION_STORE_UNSAFE` for all but a primary.
 */
export function refuseReplica(role: unknown): void {
  if (String((role as readonly unknown[])[0]) !== 'master') throw isReplica();
}

/** Whether the server does not remember a script: after a restart, a failover or SCRIPT FLUSH. */
export const isNoScript = (error: unknown): boolean => error instanceof Error && error.message.includes('NOSCRIPT');

/** Whether a node of a cluster says that a key is another's. */
export const isMoved = (error: unknown): boolean => error instanceof Error && /^MOVED\b/.test(error.message);
