import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  Auth,
  AuthenticationOptions,
  RecentSignInOptions,
  RequireSessionOptions,
  SessionRoutesOptions,
} from '../../../adapters/frameworks/http/index.ts';
import type { Session, Sessions } from '../../../src/index.ts';

/** What a page sees of a request: what the wrapper of the framework under test says. */
export interface PageRequest {
  /** `authOf(request, sessions)` */
  auth(sessions?: Sessions): Auth<string>;
  /** `sessionOf(request, sessions)` */
  session(sessions?: Sessions): Session;
  readonly query: URLSearchParams;
  /** Whether the framework takes the request to have come by https. */
  readonly secure: boolean;
  /** Adds a header of the app's own. */
  addHeader(name: string, value: string): void;
  /** Sends the headers, so that it is too late for more. */
  sendHeaders(): void;
}

/** A page of the app under test. What `run` returns is sent as JSON; what it throws is the framework's to answer. */
export interface Page {
  readonly method: 'get' | 'post';
  /** `'*'` is every path. */
  readonly path: string;
  /** `requireSession(…)`, or `requireRecentSignIn(…)` where it has a `maxAge`. */
  readonly guard?: RequireSessionOptions | RecentSignInOptions;
  run(request: PageRequest): unknown;
}

/** An app in no framework's words. */
export interface AppDescription {
  readonly sessions: Sessions;
  /** `null`: it is not used at all. */
  readonly authentication: AuthenticationOptions | null;
  /** The session routes are mounted at `/sessions`. */
  readonly routes: SessionRoutesOptions;
  /** Whose sessions the routes are made for. */
  readonly routesOf: Sessions;
  /** Other realms, which are read before; the routes of the first one are mounted at `/also`. */
  readonly also: readonly Sessions[];
  readonly pages: readonly Page[];
  /** Whether the framework's own parsers for JSON and forms run before. */
  readonly parsesBodies: boolean;
  /** Whether the header `X-HTTP-Method-Override` overrides the method of a request, behind `authentication`; of a `Request`, nothing can. */
  readonly overridesMethod: boolean;
  /** The address of the only trusted proxy (`X-Forwarded-*`); `null` for none. */
  readonly trustedProxy: string | null;
}

/** A server that listens. */
export interface Served {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** A framework under test. */
export interface Framework {
  /** Builds the app and listens on a port of its own. */
  serve(app: AppDescription): Promise<Served>;
}

/** Serves on a free port of this machine. */
export const listen = (listener: RequestListener): Promise<Served> => serveOn(createServer(listener), 'http');

/** Has a server listen on a free port of this machine. */
export async function serveOn(server: Server, scheme: 'http' | 'https'): Promise<Served> {
  // Else a machine that stands still for some seconds closes a connection under the next request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
