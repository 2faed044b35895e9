/** Method and path of each route, below where the routes are. */
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

/** What a name says. */
export interface RouteLine {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** The path as it is asked for: with a slash at its end or without. */
  readonly pattern: RegExp;
}

export function parseRouteName(name: RouteName): RouteLine {
  const [method, path = ''] = name.split(' ');
  const source = path.replace(/\/$/, '').replace('.', '\\.').replace(':sessionId', '([^/]+)');
  return { method: method as RouteLine['method'], path, pattern: new RegExp(`^${source}/?$`) };
}
