import type { HttpExchange } from '../exchange.ts';

// A registered symbol, so that all builds and entries of a process warn once together.
const WARNED: unique symbol = Symbol.for('session-revocation.insecure-cookie');

const LOOPBACK = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])\.?(?::\d*)?$/i;

/** Warns once per process when a host other than this machine gets a cookie without `Secure`. */
export function warnAwayFromLoopback(exchange: HttpExchange): void {
  const host = exchange.header('host') ?? exchange.header(':authority');
  if (host === undefined || LOOPBACK.test(host) || Reflect.get(process, WARNED) === true) return;
  Reflect.set(process, WARNED, true);
  process.emitWarning(
    'a session cookie without Secure was set for a host that is not localhost, so others on the network can read it: serve https, and leave out cookie.secure: false',
    { type: 'SessionRevocationWarning', code: 'SESSION_COOKIE_INSECURE' },
  );
}
