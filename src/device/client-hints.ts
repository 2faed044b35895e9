import { browserName, systemName, WEB_VIEW } from './names.ts';
import { parseBoolean, parseString, parseStringList } from './structured-field.ts';

/**
 * The values of the headers of the same names, as they were sent. A browser built on Chromium sends the first three
 * to every secure origin, unasked (UA Client Hints, WICG, 3.1, 3.7, 3.9); nothing else is needed, and nothing has to be
 * requested by `Accept-CH`.
 */
export interface ClientHints {
  /** `Sec-CH-UA`, such as `"Chromium";v="124", "Not-A.Brand";v="99", "Brave";v="124"`. */
  readonly brands?: string | null | undefined;
  /** `Sec-CH-UA-Mobile`: `?1` or `?0`. */
  readonly mobile?: string | null | undefined;
  /** `Sec-CH-UA-Platform`, such as `"macOS"`. */
  readonly platform?: string | null | undefined;
  /** `Sec-CH-UA-Form-Factors`, such as `"Tablet"`. Only sent to an app that asks for it; this library never does. */
  readonly formFactors?: string | null | undefined;
}

/** What the hints say, with `null` for what was not sent or does not parse. */
export interface HintReading {
  readonly browser: string | null;
  /** Whether the browser is no more than the engine that many browsers and apps share. */
  readonly shared: boolean;
  readonly os: string | null;
  readonly mobile: boolean | null;
  readonly form: 'desktop' | 'embedded' | 'mobile' | 'tablet' | 'wearable' | null;
}

/** Reads client hints; whatever they hold, it does not throw (UA Client Hints, 3: "servers MUST accept arbitrary"). */
export function readClientHints(hints: ClientHints): HintReading {
  const brand = chooseBrand(parseStringList(hints.brands) ?? []);
  const forms = parseStringList(hints.formFactors) ?? [];
  return {
    browser: brand,
    shared: brand !== null && SHARED.has(brand),
    os: systemName(parseString(hints.platform)),
    mobile: parseBoolean(hints.mobile),
    form: FORMS.find(([value]) => forms.includes(value))?.[1] ?? null,
  };
}

const SHARED: ReadonlySet<string> = new Set(['Chrome', 'Chromium', WEB_VIEW]);

// The list has no meaningful order, so that nobody relies on one (GREASE-like UA Brand Lists); the choice does not
// depend on it either. The most telling brand wins: a browser's own over Chrome's, Chrome's over the engine's.
function chooseBrand(brands: readonly string[]): string | null {
  const candidates = brands.flatMap((brand) => {
    const found = isArbitrary(brand) ? null : browserName(brand);
    return found === null ? [] : [{ name: found.name, rank: rankOf(found) }];
  });
  // An app on Windows that embeds Edge names Edge as well. It is not the person's Edge.
  const embedded = candidates.some(({ name }) => name === WEB_VIEW);
  const [best] = candidates
    .filter(({ name }) => !(embedded && name === 'Edge'))
    .sort((one, other) => one.rank - other.rank || (one.name < other.name ? -1 : 1));
  return best?.name ?? null;
}

function rankOf({ name, known }: { readonly name: string; readonly known: boolean }): number {
  const shared = [WEB_VIEW, 'Chrome', 'Chromium'].indexOf(name);
  return shared >= 0 ? 2 + shared : known ? 0 : 1;
}

// The made-up brand: "Not A Brand", with any of ( ) - . / : ; = ? _ between the words and, once, around them. The spec
// lets a browser make up other words too; of those, the ones that contain what no product's name does are told.
const isArbitrary = (brand: string): boolean =>
  /^not(?:an?)?(?:any)?(?:brand|browser)$/i.test(brand.replace(/[^A-Za-z]/g, '')) || /[():;=?/\\"]/.test(brand);

// Most telling first: a headset may call itself a phone as well.
const FORMS = [
  ['Watch', 'wearable'],
  ['XR', 'wearable'],
  ['Automotive', 'embedded'],
  ['Tablet', 'tablet'],
  ['Mobile', 'mobile'],
  ['Desktop', 'desktop'],
] as const;
