import { inCall, shown } from '../../../../src/adapter.ts';
import type { Sessions } from '../../../../src/index.ts';
import { refuseNoSessions } from '../options/authentication.ts';

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
  readonly pattern: RegExp;
}

export function parseRouteName(name: RouteName): RouteLine {
  const [method, path = ''] = name.split(' ');
  const source = path.replace(/\/$/, '').replace('.', '\\.').replace(':sessionId', '([^/]+)');
  return { method: method as RouteLine['method'], path, pattern: new RegExp(`^${source}/?$`) };
}

const CALL = 'sessionRoutes(sessions, { path })';

/** Removes a trailing slash, so `''` is the root. Refuses a value that is not a path. */
export function parseMount(sessions: Sessions, path: unknown): string {
  return inCall(CALL, () => {
    refuseNoSessions(sessions, CALL);
    if (typeof path === 'string' && /^(\/[^/?#]+)*\/?$/.test(path) && path !== '') return path.replace(/\/$/, '');
    throw new TypeError(`path is ${shown(path)}; use the mount path of the routes, such as '/sessions'`);
  });
}

/** Returns the rest of a path below the mount path. `null` for another path: `/sessionsx` is not below `/sessions`. */
export const pathBelow = (mount: string, path: string): string | null =>
  path === mount || path.startsWith(`${mount}/`) ? path.slice(mount.length) : null;
