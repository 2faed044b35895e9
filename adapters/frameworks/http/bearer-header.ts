import type { HttpExchange } from './exchange.ts';

/** What the `Authorization` header of a request is to us. */
export type Presented =
  /** None, or one of another scheme. */
  | { readonly is: 'nothing' }
  /** `''` is none at all, or text that no token can be. */
  | { readonly is: 'token'; readonly token: string }
  /** Several, of which one is a bearer token: nobody knows which of them was meant. */
  | { readonly is: 'several' };

const NOTHING: Presented = { is: 'nothing' };
const SEVERAL: Presented = { is: 'several' };

const SCHEME = /^bearer(?: +|$)/i;
/** Behind a comma stands what another header line had: whoever joins them, joins them so. */
const ANOTHER = /,\s*bearer(?:\s|$)/i;
/** RFC 6750 2.1, `b64token`. */
const TOKEN = /^[\w.~+/-]+=*$/;

/** The one place that is looked at: a token in the query or the body gets into logs, and into other sites' pages (RFC 6750 5.3). */
export function presentedTo(exchange: HttpExchange): Presented {
  // Nearly always there is none: the lines are not looked for then.
  const text = exchange.header('authorization');
  if (text === undefined) return NOTHING;
  const lines = exchange.headerLines('authorization');
  if (lines.length > 1) return lines.some((line) => SCHEME.test(line)) ? SEVERAL : NOTHING;
  if (ANOTHER.test(text)) return SEVERAL;
  const [scheme] = SCHEME.exec(text) ?? [];
  if (scheme === undefined) return NOTHING;
  const token = text.slice(scheme.length).trimEnd();
  if (token.includes(',')) return SEVERAL;
  return { is: 'token', token: TOKEN.test(token) ? token : '' };
}
