/** Query parameters of a URL that a driver may take a secret from. */
const SECRET_PARAMETER = /pass|secret|token|key/i;

/** What stands in the place of a password. */
const HIDDEN = '***';

/** Shorter ones would blot out half of every message, and are hidden where they stand in a URL. */
const SHORTEST = 3;

/**
 * Takes passwords out of messages. Drivers quote URLs when they fail, and so does a parser of options when one is
 * misspelt, so whatever goes to stderr passes through here.
 */
export class Secrets {
  readonly #known: readonly string[];

  /** `texts` are the words of the command line and the URL of the environment. */
  constructor(texts: readonly (string | undefined)[]) {
    const found = texts.flatMap((text) => (text === undefined ? [] : secretsIn(text)));
    // The longest first: one may be a part of another.
    this.#known = [...new Set(found)].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length);
  }

  hide(text: string): string {
    // To the last @ of a word: a password that was not encoded may hold one itself.
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
