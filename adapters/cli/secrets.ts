/** URL parameters that may hold a secret for the driver. */
const SECRET_PARAMETER = /pass|secret|token|key/i;

const HIDDEN = '***';

/** Shorter secrets would occur in ordinary words, so they are hidden only in URLs. */
const SHORTEST = 3;

/** Removes passwords from text for stderr. Drivers quote URLs in errors, and so does the option parser. */
export class Secrets {
  readonly #known: readonly string[];

  /** `texts` are the arguments and the URL from the environment. */
  constructor(texts: readonly (string | undefined)[]) {
    const found = texts.flatMap((text) => (text === undefined ? [] : secretsIn(text)));
    // Longest first, because a secret may contain another one.
    this.#known = [...new Set(found)].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length);
  }

  hide(text: string): string {
    // Hides the text up to the last @ of a word, because an unencoded password may contain an @.
    let hidden = text.replace(/(:\/\/[^\s:@]*:)\S*@/g, `$1${HIDDEN}@`);
    for (const secret of this.#known) hidden = hidden.replaceAll(secret, HIDDEN);
    return hidden;
  }
}

function secretsIn(text: string): string[] {
  const user = /:\/\/(.*)@/s.exec(text)?.[1];
  const parts = user?.includes(':') ? [user.slice(user.indexOf(':') + 1)] : [];
  for (const [, name = '', value = ''] of text.matchAll(/[?&]([^=&\s]+)=([^&\s]*)/g)) {
    if (SECRET_PARAMETER.test(name)) parts.push(value);
  }
  return parts.flatMap((part) => [part, decoded(part)]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
