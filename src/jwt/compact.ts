import { isPlainObject } from '../input.ts';
import { Recent } from '../recent.ts';

/** The protected header of a token: who signed it, how, and what it is. Nothing else may stand there. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid?: string | undefined;
  readonly typ?: string | undefined;
  readonly cty?: string | undefined;
}

/** What a token says. Nothing of it is true before its signature is checked. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** The most characters that a token has. */
export const LONGEST_TOKEN = 8192;
const LONGEST_KID = 256;
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
// What may be the last of two, and of three characters: their unused bits are 0. Never is one character alone.
const LAST_OF_TWO = /[AQgw]$/;
const LAST_OF_THREE = /[AEIMQUYcgkosw048]$/;
const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'cty']);
const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g;

/** A key has one header, and signs many tokens. */
const HEADERS = new Recent<TokenHeader>(64, 512);

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes a signed token (RFC 7515, compact) apart, and checks no signature; `null` for whatever has two readings, or asks for
 * more than to be read: other characters than those of base64url (RFC 8725), a part that could be spelt otherwise, members
 * that occur twice, a header that brings a key of its own (`jwk`, `jku`, `x5u`, `x5c`), has extensions (`crit`) or holds
 * another token, and what is over 8,192 characters. So a token has one spelling, but for its signature: of an ES256 one
 * (*r*, *s*) there is another, (*r*, *n* - *s*), that fits as well. Know a token by `iss` and `jti`, never by its text.
 */
export function parseCompact(jwt: unknown): { readonly header: TokenHeader; readonly claims: TokenClaims } | null {
  if (typeof jwt !== 'string' || jwt.length > LONGEST_TOKEN || !COMPACT.test(jwt)) return null;
  const [first = '', second = '', signature = ''] = jwt.split('.');
  if (!isCanonical(signature)) return null;
  const header = HEADERS.get(first) ?? readHeader(first);
  if (header === null) return null;
  const claims = readObject(second);
  return claims === null ? null : { header, claims };
}

function readHeader(part: string): TokenHeader | null {
  const header = readObject(part);
  return header === null || !isHeader(header) ? null : HEADERS.put(part, header);
}

function isCanonical(part: string): boolean {
  const rest = part.length % 4;
  if (rest === 0) return true;
  return rest === 2 ? LAST_OF_TWO.test(part) : rest === 3 && LAST_OF_THREE.test(part);
}

function readObject(part: string): Record<string, unknown> | null {
  if (!isCanonical(part)) return null;
  try {
    const text = UTF_8.decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) && membersIn(text) === membersOf(value) ? value : null;
  } catch {
    return null;
  }
}

/** How many members the objects in a JSON text have: each has one colon outside of a string. */
function membersIn(json: string): number {
  let count = 0;
  const bare = json.replace(STRINGS, '');
  for (let at = bare.indexOf(':'); at !== -1; at = bare.indexOf(':', at + 1)) count++;
  return count;
}

/** How many members are left of them once they are read: fewer, where a name stood twice. */
function membersOf(value: object): number {
  let count = 0;
  // No recursion: a token may be nested deeper than the stack goes.
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const parts: unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += parts.length;
    for (const part of parts) if (typeof part === 'object' && part !== null) waiting.push(part);
  }
  return count;
}

function isHeader(header: Record<string, unknown>): header is Record<string, unknown> & TokenHeader {
  for (const name of Object.keys(header)) {
    if (!HEADER_MEMBERS.has(name) || typeof header[name] !== 'string') return false;
  }
  const { alg, kid, cty } = header as Partial<TokenHeader>;
  return alg !== undefined && (kid?.length ?? 0) <= LONGEST_KID && !/^(?:application\/)?jwt$/i.test(cty ?? '');
}
