/** An id that begins with a hyphen, as one in 64 does. The option parser would take it for an option. */
const HYPHENED_ID = /^-[\w-]{21}$/;

/** Prefix that hides the hyphen of an id until the command line is parsed. */
const SHIELD = 'id:';

const SWITCHES: readonly string[] = ['--dry-run', '--json', '--debug'];

export function shieldIds(words: readonly string[]): string[] {
  return words.map((word, at) => {
    const before = words[at - 1] ?? '';
    const isValue = before.startsWith('--') && !before.includes('=') && !SWITCHES.includes(before);
    return HYPHENED_ID.test(word) && !isValue ? SHIELD + word : word;
  });
}

export const unshielded = (id: string): string => (id.startsWith(SHIELD) ? id.slice(SHIELD.length) : id);
