import { Failure } from './failure.ts';

/** Names of parts, for the attribute `hide`. */
const PARTS = ['rows', 'ended', 'sign-out-others', 'sign-out-everywhere', 'sign-out', 'policy'] as const;
export type Part = (typeof PARTS)[number];

/** Names of extras, for the attribute `show`. */
const EXTRAS = ['second-factor', 'expiry'] as const;
export type Extra = (typeof EXTRAS)[number];

export interface Settings {
  readonly src: URL;
  /** Page to go to when the session has ended. `null` reloads the page. */
  readonly loginUrl: URL | null;
  readonly pageSize: number;
  shows(part: Part): boolean;
  tells(extra: Extra): boolean;
}

export const ATTRIBUTES: readonly string[] = ['src', 'login-url', 'lang', 'page-size', 'hide', 'show', 'no-policy'];
const DEFAULT_PAGE_SIZE = 100;

export function readSettings(element: HTMLElement): Settings {
  const src = element.getAttribute('src');
  if (src === null || src.trim() === '') throw new Failure('misconfigured', { mistake: 'missingSrc' });
  const base = urlOf(src);
  if (base === null) throw new Failure('misconfigured', { mistake: 'invalidSrc', detail: src });
  // The browser sends the cookie to no other origin.
  if (base.origin !== location.origin) {
    throw new Failure('misconfigured', { mistake: 'crossOriginSrc', detail: base.origin });
  }
  // The card shows the user's own sessions, without `?user=`, and the routes refuse unknown parameters.
  if (base.search !== '') throw new Failure('misconfigured', { mistake: 'querySrc', detail: base.search });
  const login = element.getAttribute('login-url');
  const loginUrl = login === null || login.trim() === '' ? null : urlOf(login);
  // Refuses `javascript:` and `data:` URLs.
  if (loginUrl === null ? login?.trim() : !/^https?:$/.test(loginUrl.protocol)) {
    throw new Failure('misconfigured', { mistake: 'invalidLoginUrl', detail: login });
  }
  const pageSize = Math.floor(Number(element.getAttribute('page-size') ?? DEFAULT_PAGE_SIZE));
  return {
    src: base,
    loginUrl,
    pageSize: pageSize >= 1 ? pageSize : DEFAULT_PAGE_SIZE,
    shows: partsOf(element),
    tells: extrasOf(element),
  };
}

function partsOf(element: HTMLElement): (part: Part) => boolean {
  const hidden = tokensOf(element, 'hide', PARTS);
  // Without rows, the card lists no ended sessions either.
  if (hidden.has('rows')) hidden.add('ended');
  if (element.hasAttribute('no-policy')) hidden.add('policy');
  return (part) => !hidden.has(part);
}

function extrasOf(element: HTMLElement): (extra: Extra) => boolean {
  const shown = tokensOf(element, 'show', EXTRAS);
  return (extra) => shown.has(extra);
}

/** Reads the names in an attribute. Warns in the console about unknown names. */
function tokensOf(element: HTMLElement, attribute: string, known: readonly string[]): Set<string> {
  const tokens = new Set((element.getAttribute(attribute) ?? '').split(/\s+/).filter(Boolean));
  for (const token of tokens) {
    if (known.includes(token)) continue;
    console.warn(`<login-management>: ${attribute}="${token}" is unknown; known are ${known.join(', ')}.`);
  }
  return tokens;
}

function urlOf(text: string): URL | null {
  try {
    return new URL(text.trim(), document.baseURI);
  } catch {
    return null;
  }
}
