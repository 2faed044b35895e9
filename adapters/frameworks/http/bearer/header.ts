import type { HttpExchange } from '../exchange.ts';
import { trimSpaces } from '../whitespace.ts';

/** The bearer token in the `Authorization` header. */
export type Presented =
  /** No header, or another scheme. */
  | { readonly is: 'nothing' }
  /** `''` for a missing or malformed token. */
  | { readonly is: 'token'; readonly token: string }
  /** Several credentials, at least one of them a bearer token. None of them counts. */
  | { readonly is: 'several' };

const NOTHING: Presented = { is: 'nothing' };
const SEVERAL: Presented = { is: 'several' };

const SCHEME = /^bearer(?: +|$)/i;
/** A second header line that a proxy or server has joined to the first. */
const ANOTHER = /,[ \t]*bearer(?:[ \t]|$)/i;
/** `b64token` (RFC 6750 2.1). */
const TOKEN = /^[\w.~+/-]+=*$/;

/** Reads the bearer token of a request, only from the header. In the query, it would get into logs and to other sites (RFC 6750 5.3). */
export function presentedTo(exchange: HttpExchange): Presented {
  const text = exchange.header('authorization');
  if (text === undefined) return NOTHING;
  const lines = exchange.headerLines('authorization');
  if (lines.length > 1) return lines.some((line) => SCHEME.test(line)) ? SEVERAL : NOTHING;
  if (ANOTHER.test(text)) return SEVERAL;
  const [scheme] = SCHEME.exec(text) ?? [];
  if (scheme === undefined) return NOTHING;
  const token = trimSpaces(text.slice(scheme.length));
  if (token.includes(',')) return SEVERAL;
  return { is: 'token', token: TOKEN.test(token) ? token : '' };
}
