/** One id in 64 begins with a hyphen, and would pass for an option. */
const HYPHENED_ID = /^-[\w-]{21}$/;

/** Stands before it while the command line is taken apart. */
const SHIELD = 'id:';

const SWITCHES: readonly string[] = ['--dry-run', '--json', '--debug'];

/** The words of a command line, with ids of sessions shielded; what belongs to an option is left as it is. */
export function shieldIds(words: readonly string[]): string[] {
  return words.map((word, at) => {
    const before = words[at - 1] ?? '';
    const isValue = before.startsWith('--') && !before.includes('=') && !SWITCHES.includes(before);
    return HYPHENED_ID.test(word) && !isValue ? SHIELD + word : word;
  });
}

/** The id as it was typed. */
export const unshielded = (id: string): string => (id.startsWith(SHIELD) ? id.slice(SHIELD.length) : id);
