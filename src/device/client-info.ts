import { parseArguments } from '../lib/input.ts';
import { type ClientHints, describeDevice } from './describe-device.ts';
import type { SessionDevice } from './device.ts';

/**
 * Holds details of the client, as it claims them. {@link Sessions.start} takes them, as {@link Sessions.fence} shows.
 */
export interface ClientInfo {
  /** The unchanged `User-Agent` header. */
  readonly userAgent?: string | null | undefined;
  /** The unchanged `Sec-CH-UA*` headers. */
  readonly hints?: ClientHints | undefined;
  /** The client's address. */
  readonly ip?: string | null | undefined;
}

export function deviceOf({ userAgent, hints, ip }: ClientInfo): SessionDevice {
  const { label, browser, os, type } = describeDevice(userAgent, hints);
  return Object.freeze({ label, browser, os, type, ip: addressOf(ip) });
}

// Returns an address, or `null` for other text. It causes no error, because addresses often come from a proxy's header.
export const addressOf = (ip: unknown): string | null =>
  typeof ip === 'string' && /^[\w.:%-]{1,64}$/.test(ip) ? ip : null;

export const CLIENT_INFO_KEYS: readonly string[] = ['userAgent', 'hints', 'ip'];

/** Parses and copies the client's details, before the caller's first `await`: the request may be gone afterwards. */
export function parseClientInfo(
  name: string,
  client: ClientInfo,
  known: readonly string[] = CLIENT_INFO_KEYS,
): ClientInfo {
  const { userAgent, hints, ip } = parseArguments(name, client, known) as ClientInfo;
  return { userAgent, hints, ip };
}
