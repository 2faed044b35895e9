import { german } from './de.ts';
import { english } from './en.ts';
import type { Texts } from './type.ts';

/** Texts that replace those of the language. */
export type TextOverrides = Partial<Texts>;

/** Languages by tag, such as `fr` or `pt-BR`. An app can add its own. */
export const texts: Record<string, Texts> = { en: english, de: german };

/** Chooses the texts for a language tag (BCP 47), and the locale for dates. Falls back to English. */
export function textsFor(tag: string, overrides: TextOverrides): { texts: Texts; locale: string } {
  let key = tag.toLowerCase();
  const known = new Map(Object.keys(texts).map((name) => [name.toLowerCase(), name]));
  while (key !== '' && !known.has(key)) key = key.slice(0, Math.max(0, key.lastIndexOf('-')));
  // If the language has no texts, dates are in English, too.
  const name = known.get(key) ?? 'en';
  const language = texts[name] ?? english;
  return {
    texts: {
      ...language,
      ...overrides,
      kinds: { ...language.kinds, ...overrides.kinds },
      reasonCodes: { ...language.reasonCodes, ...overrides.reasonCodes },
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
