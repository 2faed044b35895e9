import type { HttpExchange } from '../exchange.ts';
import { trimSpaces } from '../whitespace.ts';

/** What the `Authorization` header of a request presents. */
export type Presented =
  /** No header, or one of another scheme. */
  | { readonly is: 'nothing' }
  /** A bearer token. `''` for a missing or malformed one. */
  | { readonly is: 'token'; readonly token: string }
  /** Several credentials, at least one of them a bearer token. None of them counts. */
  | { readonly is: 'several' };

const NOTHING: Presented = { is: 'nothing' };
const SEVERAL: Presented = { is: 'several' };

const SCHEME = /^bearer(?: +|$)/i;
/** A second header line, which a proxy or server has joined to the first with a comma. */
const ANOTHER = /,[ \t]*bearer(?:[ \t]|$)/i;
/** RFC 6750 2.1, `b64token`. */
const TOKEN = /^[\w.~+/-]+=*$/;

/** Reads the header only. A token in the query or the body would get into logs, and into pages of other sites (RFC 6750 5.3). */
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
