import { parseText } from '../lib/input.ts';

const MAX_AUDIENCES = 16;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Tells whether an attacker on the network cannot read or change what this URL gives: https, and http on loopback. */
export const isSecure = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));

/** Parses the URL of an issuer. Refuses http, except on loopback, because an attacker on the network could pose as the issuer. */
export function parseIssuer(name: string, value: unknown): string {
  if (value === undefined) throw new TypeError(`${name} is missing: set the https URL of the issuer`);
  const text = parseText(name, value);
  if (!URL.canParse(text)) throw new TypeError(`${name} is ${JSON.stringify(text)}, which is not a URL`);
  const url = new URL(text);
  if (!isSecure(url)) {
    throw new TypeError(`${name} is ${JSON.stringify(text)}; allowed is https, and http on loopback`);
  }
  if (/[?#]/.test(text) || url.username !== '' || url.password !== '') {
    throw new TypeError(`${name} is ${JSON.stringify(text)}; allowed is neither a query, a fragment nor a user name`);
  }
  return text;
}

export function parseAudience(name: string, value: unknown): readonly [string, ...string[]] {
  if (value === undefined)
    throw new TypeError(`${name} is missing: name the recipient of the tokens, such as the URL of an API`);
  const names = Array.isArray(value) ? value : [value];
  const [first, ...others] = names.map((one, at) => parseText(Array.isArray(value) ? `${name}[${at}]` : name, one));
  if (first === undefined || names.length > MAX_AUDIENCES) {
    throw new TypeError(`${name} must be a name, or 1 to ${MAX_AUDIENCES} of them`);
  }
  return [first, ...others];
}
