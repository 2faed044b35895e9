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

/** A request as a page sees it, through the wrapper of the framework under test. */
export interface PageRequest {
  /** `authOf(request, sessions)` */
  auth(sessions?: Sessions): Auth<string>;
  /** `sessionOf(request, sessions)` */
  session(sessions?: Sessions): Session;
  readonly query: URLSearchParams;
  /** Whether the framework considers the request to have come by https. */
  readonly secure: boolean;
  /** Adds a header of the app's own. */
  addHeader(name: string, value: string): void;
  /** Sends the headers, so that it is too late for more. */
  sendHeaders(): void;
}

/** A page of the app under test. The result of `run` is sent as JSON. The framework answers its errors. */
export interface Page {
  readonly method: 'get' | 'post';
  /** `'*'` matches every path. */
  readonly path: string;
  /** The options of `requireSession`, or of `requireRecentSignIn` if there is a `maxAge`. */
  readonly guard?: RequireSessionOptions | RecentSignInOptions;
  run(request: PageRequest): unknown;
}

/** An app, in a form that is the same for all frameworks. */
export interface AppDescription {
  readonly sessions: Sessions;
  /** The options of `authentication`. `null` means that the app does not use it. */
  readonly authentication: AuthenticationOptions | null;
  /** The options of the session routes, which are mounted at `/sessions`. */
  readonly routes: SessionRoutesOptions;
  /** The `Sessions` object that the routes use. */
  readonly routesOf: Sessions;
  /** Other realms, whose `authentication` runs first. The routes of the first one are mounted at `/also`. */
  readonly also: readonly Sessions[];
  readonly pages: readonly Page[];
  /** Whether the framework's own parsers for JSON and forms run before the library. */
  readonly parsesBodies: boolean;
  /** Whether `X-HTTP-Method-Override` overrides the method after `authentication`. Impossible for a `Request`. */
  readonly overridesMethod: boolean;
  /** The address of the only trusted proxy (`X-Forwarded-*`), or `null` for none. */
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

/** Makes a server listen on a free port of this machine. */
export async function serveOn(server: Server, scheme: 'http' | 'https'): Promise<Served> {
  // With a keep-alive timeout, a stalled machine could close a connection just before its next request.
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
