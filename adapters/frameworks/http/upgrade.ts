import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Awaitable } from '../../../src/adapter.ts';
import { isSessionError, type Session, type Sessions } from '../../../src/index.ts';
import { storeUnavailable } from './answer.ts';
import { type Auth, openAuth, sessionOf } from './auth/auth.ts';
import type { Answer } from './exchange.ts';
import { type RequireSessionOptions, requireSessionGuard } from './guard.ts';
import { NodeExchange } from './node-exchange.ts';
import { type AuthenticationOptions, parseAuthenticationOptions } from './options/authentication.ts';

/** Options of `authenticateUpgrade`: those of `authentication`, and the requirements of `requireSession`. */
export type UpgradeOptions = Omit<AuthenticationOptions, 'property'> & UpgradeRequirements;

/** Requirements of `requireSession` that also apply to a WebSocket. */
export type UpgradeRequirements = Pick<RequireSessionOptions, 'kinds' | 'scope' | 'maxStaleness'>;

/**
 * Checks the session and the origin of a request that opens a WebSocket. No middleware sees that request. Returns a
 * function for the event `upgrade` of the HTTP server. That function returns the session, or answers 401, 403 across
 * origins, or 503 in an outage, and returns `null`.
 * @param sessions the result of `createSessions`.
 * @param options the options that the app's `authentication` has, and the requirements for the session. Default: any
 * live session.
 * @throws `TypeError` for unknown or contradictory options.
 */
export function authenticateUpgrade(
  sessions: Sessions,
  options: UpgradeOptions = {},
): (request: IncomingMessage, socket: Duplex) => Promise<Session | null> {
  const { kinds, scope, maxStaleness, ...others } = options;
  if ('property' in others) throw new TypeError('the option property does not exist here: the session is returned');
  const settings = parseAuthenticationOptions(sessions, others, 'authenticateUpgrade(sessions, options)');
  return guardUpgrade({ kinds, scope, maxStaleness }, (request, response) =>
    openAuth(settings, new NodeExchange(request, response)),
  );
}

/** Makes the function for the event `upgrade`. `open` makes the `Auth` of a request. The response passed to `open` reaches no client. */
export function guardUpgrade(
  requirements: UpgradeRequirements,
  open: (request: IncomingMessage, response: ServerResponse) => Awaitable<Auth>,
): (request: IncomingMessage, socket: Duplex) => Promise<Session | null> {
  const guard = requireSessionGuard(requirements);
  return async function upgrade(request, socket) {
    // An `error` event without a listener ends the process.
    const ignore = (): void => {};
    socket.on('error', ignore);
    let auth: Auth;
    try {
      auth = await open(request, new ServerResponse(request));
    } catch (error) {
      const isOutage = isSessionError(error, 'SESSION_STORE_UNAVAILABLE');
      refuse(socket, isOutage ? storeUnavailable() : { status: 500, headers: {}, body: null });
      if (isOutage) return null;
      throw error;
    }
    const answer = await guard(auth);
    if (answer !== null) refuse(socket, answer);
    if (answer !== null || socket.destroyed) return null;
    socket.off('error', ignore);
    return sessionOf(auth);
  };
}

function refuse(socket: Duplex, { status, headers, body }: Answer): void {
  const text = body ?? '';
  const lines = Object.entries({ ...headers, connection: 'close', 'content-length': `${Buffer.byteLength(text)}` });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${text}`);
}
