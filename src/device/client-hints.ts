import { browserName, systemName, WEB_VIEW } from './names.ts';
import { parseBoolean, parseString, parseStringList } from './structured-field.ts';

/**
 * Holds client hint headers, unchanged. Browsers built on Chromium send the first three to every https origin without
 * `Accept-CH` (UA Client Hints, WICG, 3.1, 3.7, 3.9). {@link describeDevice} reads them.
 */
export interface ClientHints {
  /** `Sec-CH-UA`, such as `"Chromium";v="124", "Not-A.Brand";v="99", "Brave";v="124"`. */
  readonly brands?: string | null | undefined;
  /** `Sec-CH-UA-Mobile`: `?1` or `?0`. */
  readonly mobile?: string | null | undefined;
  /** `Sec-CH-UA-Platform`, such as `"macOS"`. */
  readonly platform?: string | null | undefined;
  /** `Sec-CH-UA-Form-Factors`, such as `"Tablet"`. Sent only to an app that asks for it, which this library never does. */
  readonly formFactors?: string | null | undefined;
}

/** The meaning of the client hints. `null` for a hint that was not sent or does not parse. */
export interface HintReading {
  readonly browser: string | null;
  /** True if the brand is only an engine that many browsers and apps share. */
  readonly shared: boolean;
  readonly os: string | null;
  readonly mobile: boolean | null;
  readonly form: 'desktop' | 'embedded' | 'mobile' | 'tablet' | 'wearable' | null;
}

/** Reads client hints. Never throws (UA Client Hints, 3: "servers MUST accept arbitrary"). */
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

// The order of the list has no meaning (GREASE-like UA Brand Lists). The most specific brand wins: a browser's own,
// then Chrome's.
function chooseBrand(brands: readonly string[]): string | null {
  const candidates = brands.flatMap((brand) => {
    const found = isArbitrary(brand) ? null : browserName(brand);
    return found === null ? [] : [{ name: found.name, rank: rankOf(found) }];
  });
  // An app on Windows that embeds Edge also names it.
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

// The arbitrary brand, such as "Not A Brand" with some of ( ) - . / : ; = ? _ around its words. If a browser uses other
// words, the brand is recognised only by characters that no product name has.
const isArbitrary = (brand: string): boolean =>
  /^not(?:an?)?(?:any)?(?:brand|browser)$/i.test(brand.replace(/[^A-Za-z]/g, '')) || /[():;=?/\\"]/.test(brand);

// The most specific first: a headset may also call itself a phone.
const FORMS = [
  ['Watch', 'wearable'],
  ['XR', 'wearable'],
  ['Automotive', 'embedded'],
  ['Tablet', 'tablet'],
  ['Mobile', 'mobile'],
  ['Desktop', 'desktop'],
] as const;
