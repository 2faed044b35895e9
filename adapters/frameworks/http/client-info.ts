import { isIP } from 'node:net';
import type { ClientInfo } from '../../../src/index.ts';
import type { HttpExchange } from './exchange.ts';

const HINTS = [
  ['brands', 'sec-ch-ua'],
  ['mobile', 'sec-ch-ua-mobile'],
  ['platform', 'sec-ch-ua-platform'],
] as const;

/** Reads the client's address and its headers. Call it before the first `await`: a closed socket has no address. */
export function clientInfoOf(exchange: HttpExchange): ClientInfo {
  const hints: Record<string, string> = {};
  for (const [hint, name] of HINTS) {
    const value = exchange.header(name);
    if (value !== undefined) hints[hint] = value;
  }
  return { userAgent: exchange.header('user-agent'), hints, ip: addressOf(exchange.ip) };
}

const IPV4_MAPPED = /^::ffff:(?=[\d.]+$)/i;

/**
 * Returns the IP address in the text, or `undefined`. A proxy may send any text, such as `unknown`, or append a port,
 * which changes with each connection. A server that listens on all addresses sees IPv4 addresses in IPv6 form (RFC 4291
 * 2.5.5.2), which users do not recognise.
 */
function addressOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const address = isIP(text) === 0 ? text.replace(/^\[(.+)\](:\d+)?$|^([\d.]+):\d+$/, '$1$3') : text;
  return isIP(address) === 0 ? undefined : address.replace(IPV4_MAPPED, '');
}
