import { Failure } from './failure.ts';

/** Parts that a product may leave out. */
const PARTS = ['rows', 'ended', 'sign-out-others', 'sign-out-everywhere', 'sign-out', 'policy'] as const;
export type Part = (typeof PARTS)[number];

/** What the attributes say. */
export interface Settings {
  /** The base of the routes. */
  readonly src: URL;
  /** Where a session that is over goes; `null` reloads the page. */
  readonly loginUrl: URL | null;
  readonly pageSize: number;
  shows(part: Part): boolean;
}

export const ATTRIBUTES: readonly string[] = ['src', 'login-url', 'lang', 'page-size', 'hide', 'no-policy'];
const DEFAULT_PAGE_SIZE = 100;

/**
 * Reads the attributes.
 * @throws a `Failure` that tells the developer what to correct.
 */
export function readSettings(element: HTMLElement): Settings {
  const src = element.getAttribute('src');
  if (src === null || src.trim() === '') throw new Failure('misconfigured', { mistake: 'missingSrc' });
  const base = urlOf(src);
  if (base === null) throw new Failure('misconfigured', { mistake: 'invalidSrc', detail: src });
  // The session's cookie would not be sent there, and a list from elsewhere is not this session's.
  if (base.origin !== location.origin) {
    throw new Failure('misconfigured', { mistake: 'crossOriginSrc', detail: base.origin });
  }
  const login = element.getAttribute('login-url');
  const loginUrl = login === null || login.trim() === '' ? null : urlOf(login);
  // Not javascript:, not data:.
  if (loginUrl === null ? login?.trim() : !/^https?:$/.test(loginUrl.protocol)) {
    throw new Failure('misconfigured', { mistake: 'invalidLoginUrl', detail: login });
  }
  const pageSize = Math.floor(Number(element.getAttribute('page-size') ?? DEFAULT_PAGE_SIZE));
  return {
    src: base,
    loginUrl,
    pageSize: pageSize >= 1 ? pageSize : DEFAULT_PAGE_SIZE,
    shows: partsOf(element),
  };
}

function partsOf(element: HTMLElement): (part: Part) => boolean {
  const hidden = new Set((element.getAttribute('hide') ?? '').split(/\s+/).filter(Boolean));
  for (const token of hidden) {
    if (PARTS.some((part) => part === token)) continue;
    console.warn(`<login-management>: hide="${token}" is unknown; known are ${PARTS.join(', ')}.`);
  }
  // Without the rows, only the buttons are left: nothing is fetched.
  if (hidden.has('rows')) hidden.add('ended');
  if (element.hasAttribute('no-policy')) hidden.add('policy');
  return (part) => !hidden.has(part);
}

function urlOf(text: string): URL | null {
  try {
    return new URL(text.trim(), document.baseURI);
  } catch {
    return null;
  }
}
