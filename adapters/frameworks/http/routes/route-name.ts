import { inCall, shown } from '../../../../src/adapter.ts';
import type { Sessions } from '../../../../src/index.ts';
import { refuseNoSessions } from '../options/authentication.ts';

/** Method and path of each route, below the mount path. */
export type RouteName =
  | 'GET /'
  | 'DELETE /:sessionId'
  | 'POST /:sessionId/sign-out'
  | 'POST /sign-out'
  | 'POST /sign-out-others'
  | 'POST /sign-out-everywhere'
  | 'GET /policy'
  | 'PUT /policy'
  | 'POST /refresh'
  | 'POST /token'
  | 'GET /jwks.json';

export interface RouteLine {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Matches the path with and without a trailing slash. */
  readonly pattern: RegExp;
}

export function parseRouteName(name: RouteName): RouteLine {
  const [method, path = ''] = name.split(' ');
  const source = path.replace(/\/$/, '').replace('.', '\\.').replace(':sessionId', '([^/]+)');
  return { method: method as RouteLine['method'], path, pattern: new RegExp(`^${source}/?$`) };
}

const CALL = 'sessionRoutes(sessions, { path })';

/**
 * The mount path, without a trailing slash: `''` is the root.
 * @throws `TypeError` for a value that is not a path.
 */
export function parseMount(sessions: Sessions, path: unknown): string {
  return inCall(CALL, () => {
    refuseNoSessions(sessions, CALL);
    if (typeof path === 'string' && /^(\/[^/?#]+)*\/?$/.test(path) && path !== '') return path.replace(/\/$/, '');
    throw new TypeError(`path is ${shown(path)}; it must be where the routes are, such as '/sessions'`);
  });
}

/** The path below the mount path, or `null`: `/sessionsx` is not below `/sessions`. */
export const pathBelow = (mount: string, path: string): string | null =>
  path === mount || path.startsWith(`${mount}/`) ? path.slice(mount.length) : null;
