import { isIP } from 'node:net';
import type { Client } from '../../../src/index.ts';
import type { HttpExchange } from './exchange.ts';

const HINTS = [
  ['brands', 'sec-ch-ua'],
  ['mobile', 'sec-ch-ua-mobile'],
  ['platform', 'sec-ch-ua-platform'],
] as const;

/** What a request says of the client that it comes from. */
export function clientOf(exchange: HttpExchange): Client {
  const hints: Record<string, string> = {};
  for (const [hint, name] of HINTS) {
    const value = exchange.header(name);
    if (value !== undefined) hints[hint] = value;
  }
  return { userAgent: exchange.header('user-agent'), hints, ip: addressOf(exchange.ip) };
}

const IPV4_MAPPED = /^::ffff:(?=[\d.]+$)/i;

/**
 * What a proxy says may be anything, such as `unknown`. Some add a port, which is another one with each connection. A server that
 * listens on all addresses is told those of IPv4 in a form of IPv6 (RFC 4291 2.5.5.2), which nobody would take for their own.
 */
function addressOf(said: string | undefined): string | undefined {
  if (said === undefined) return undefined;
  const address = isIP(said) === 0 ? said.replace(/^\[(.+)\](:\d+)?$|^([\d.]+):\d+$/, '$1$3') : said;
  return isIP(address) === 0 ? undefined : address.replace(IPV4_MAPPED, '');
}
