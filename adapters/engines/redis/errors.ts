import { isSessionError, SessionError } from '../../../src/index.ts';

/**
 * Returns the error that the store throws for an error of the client. The server's code is the first word of its
 * message, also within a script's error.
 */
export function meaningOf(error: unknown, isCluster: boolean): unknown {
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
        'SESSION_STORE_NAME_CONFLICT',
        'a key under the prefix of the session store belongs to another application: give redisStore another prefix',
        { cause: error },
      );
    case 'MOVED':
    case 'CROSSSLOT':
      // On a cluster, slots may be moving. This is not a misuse, and the client updates itself soon.
      return isCluster ? error : needsClusterClient(error);
    default:
      return error;
  }
}

export const needsClusterClient = (cause?: Error): SessionError =>
  new SessionError(
    'SESSION_STORE_UNSUPPORTED',
    "this Redis is a cluster, and its client is not: hand in ioredis's Cluster, or node-redis's createCluster",
    cause === undefined ? undefined : { cause },
  );

export const isReplica = (): SessionError =>
  new SessionError(
    'SESSION_STORE_UNSAFE',
    'this Redis is a replica, which may not know yet what was revoked: connect to the primary, or by Sentinel',
  );

/** True if the server does not know the script. This happens after a restart, a failover or SCRIPT FLUSH. */
export const isNoScript = (error: unknown): boolean => error instanceof Error && error.message.includes('NOSCRIPT');

export const isMoved = (error: unknown): boolean => error instanceof Error && /^MOVED\b/.test(error.message);

/**
 * Properties with secrets that clients add to errors. `command` of ioredis has the password of an `AUTH`, and hashes
 * and names from a script's arguments. node-redis adds the replies around a failed one. Some errors contain bytes that
 * failed to parse.
 */
const SECRETS = ['command', 'args', 'replies', 'buffer'] as const;

/**
 * Removes properties with secrets from an error and the errors within it, because errors end up in logs. The error
 * object stays the same, with its message and stack.
 */
export function withoutSecrets(error: Error): void {
  const seen = new Set<Error>();
  const open: Error[] = [error];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    for (const name of SECRETS) Reflect.deleteProperty(one, name);
    // Covers `cause`, the `errors` of an AggregateError, and properties of clients, such as `lastNodeError`.
    for (const name of Reflect.ownKeys(one)) open.push(...errorsIn(Reflect.get(one, name)));
  }
}

const errorsIn = (value: unknown): readonly Error[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => one instanceof Error);
