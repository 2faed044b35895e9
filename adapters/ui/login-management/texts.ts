import { german } from './texts-de.ts';
import { english } from './texts-en.ts';

/** Every text of the card, in one language. What stands in braces is filled in. */
export interface Texts {
  heading: string;
  /** Where the rows are left out. */
  headingWithoutRows: string;
  loading: string;
  /** The badge of this session. */
  current: string;
  /** In place of a time, on this session. */
  activeNow: string;
  /** Less than a minute ago, as in a sentence. */
  justNow: string;
  /** `{time}` */
  signedIn: string;
  /** The absolute times, on hover: `{used}`, `{created}`. */
  times: string;
  /** A device with a browser and a system: `{browser}`, `{os}`. */
  device: string;
  unknownDevice: string;
  /** What else than a browser a session is for, by its kind. Another kind is shown as it is. */
  kinds: Readonly<Record<string, string>>;
  noOthers: string;
  none: string;
  more: string;

  logOut: string;
  /** What a screen reader says of the button: `{device}`. */
  logOutDevice: string;
  logOutOthers: string;
  signOutEverywhere: string;
  signOut: string;
  cancel: string;
  /** `{device}` */
  confirmLogOut: string;
  confirmLogOutDetail: string;
  confirmOthers: string;
  confirmOthersDetail: string;
  confirmEverywhere: string;
  confirmEverywhereDetail: string;
  confirmSignOut: string;
  confirmSignOutDetail: string;
  /** In place of it where the account ends all sessions. */
  confirmSignOutAllDetail: string;
  /** `{device}` */
  loggedOut: string;
  /** `{device}` was over before it could be ended. */
  alreadyOver: string;
  othersLoggedOut: string;
  signedOut: string;

  ended: string;
  noEnded: string;
  /** `{what}` is one of `causes`; `{time}` may be missing. */
  endedAt: string;
  endedBySelf: string;
  /** `{from}` is the device that did it. */
  endedBySelfFrom: string;
  endedByOther: string;
  endedFrom: string;
  expired: string;
  /** Where the cause is hidden, or has no text. */
  endedSomehow: string;
  /** By the code of the cause; those of an app too. */
  causes: Readonly<Record<string, string>>;

  policy: string;
  policySession: string;
  policyEverywhere: string;
  policyEverywhereNotice: string;
  policySave: string;
  confirmPolicy: string;
  confirmPolicySession: string;
  confirmPolicyEverywhere: string;
  policySaved: string;

  tryAgain: string;
  signIn: string;
  reload: string;
  retrying: string;
  sessionOver: string;
  signInNotRecent: string;
  crossOrigin: string;
  forbidden: string;
  storeUnavailable: string;
  offline: string;
  /** `{status}` */
  refused: string;
  misconfigured: string;

  /** For the developer: `{detail}`. */
  missingSrc: string;
  invalidSrc: string;
  crossOriginSrc: string;
  invalidLoginUrl: string;
  /** For the developer: `{request}`, `{status}`. */
  notFound: string;
  notAllowed: string;
  redirected: string;
  notJson: string;
  wrongShape: string;
}

/** Some texts in place of those of the language. */
export type TextOverrides = Partial<Texts>;

/** The languages by their tag, such as `fr` or `pt-BR`. An app adds its own. */
export const texts: Record<string, Texts> = { en: english, de: german };

/** The texts for a language (BCP 47), and the tag that dates and numbers are worded in. */
export function textsFor(tag: string, overrides: TextOverrides): { texts: Texts; locale: string } {
  let key = tag.toLowerCase();
  const known = new Map(Object.keys(texts).map((name) => [name.toLowerCase(), name]));
  while (key !== '' && !known.has(key)) key = key.slice(0, Math.max(0, key.lastIndexOf('-')));
  // One language for all: no French dates among English words.
  const name = known.get(key) ?? 'en';
  const language = texts[name] ?? english;
  return {
    texts: {
      ...language,
      ...overrides,
      kinds: { ...language.kinds, ...overrides.kinds },
      causes: { ...language.causes, ...overrides.causes },
    },
    locale: key !== '' && isLocale(tag) ? tag : name,
  };
}

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
