import { DecodeCache } from '../lib/decode-cache.ts';
import { isPlainObject } from '../lib/json.ts';

/** Protected header (RFC 7515). Other members are refused. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid?: string | undefined;
  readonly typ?: string | undefined;
  readonly cty?: string | undefined;
}

/** The claims of a token. They are not trusted before the signature is checked. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** In characters. */
export const MAX_TOKEN = 8192;
const MAX_KID = 256;
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
// Last characters of a base64url group of two and of three: their unused bits are 0. A group of one is never valid.
const LAST_OF_TWO = /[AQgw]$/;
const LAST_OF_THREE = /[AEIMQUYcgkosw048]$/;
const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ', 'cty']);
const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g;

/** All tokens of a key share one header. */
const HEADERS = new DecodeCache<TokenHeader>(64, 512);

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses a signed token (RFC 7515, compact) without checking its signature. Returns `null` for an ambiguous token:
 *
 * - It has characters outside of base64url (RFC 8725), or more than 8,192 characters.
 * - A part has a second spelling, or a member occurs twice.
 * - The header brings its own key (`jwk`, `jku`, `x5u`, `x5c`), has extensions (`crit`) or holds another token.
 *
 * Only the signature may have two spellings: ES256 accepts (*r*, *s*) and (*r*, *n* - *s*). So identify a token by
 * `iss` and `jti`.
 */
export function parseCompact(jwt: unknown): { readonly header: TokenHeader; readonly claims: TokenClaims } | null {
  if (typeof jwt !== 'string' || jwt.length > MAX_TOKEN || !COMPACT.test(jwt)) return null;
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

/** Counts the members of objects in JSON text: each member has one colon outside of strings. */
function membersIn(json: string): number {
  let count = 0;
  const bare = json.replace(STRINGS, '');
  for (let at = bare.indexOf(':'); at !== -1; at = bare.indexOf(':', at + 1)) count++;
  return count;
}

/** Counts the members of a parsed object, at every depth. They are fewer than in the text if a name occurs twice. */
function membersOf(value: object): number {
  let count = 0;
  // A token may be nested deeper than the stack allows recursion.
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
  return alg !== undefined && (kid?.length ?? 0) <= MAX_KID && !/^(?:application\/)?jwt$/i.test(cty ?? '');
}
