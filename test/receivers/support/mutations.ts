import { Interleaver } from '../../../src/testing/harness/interleaver.ts';

const ODD = ['\0', '%', '%zz', '%00', '&', '=', '+', ';', ' ', '\n', '"', '\u00e9', '\ud83d', '__proto__', '.', 'rt1.'];
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/=%&:';

export const random = new Interleaver(20_261_125);
export const pick = <T>(all: readonly T[]): T => all[random.pick(all.length)]!;
const place = (text: string): number => random.pick(text.length + 1);

/** Changes that an attacker may make to a token, a credential or a whole body. */
const MUTATIONS: readonly ((text: string, other: string) => string)[] = [
  (text) => replaced(text, place(text), pick([...ALPHABET])),
  (text) => replaced(text, place(text), pick(ODD)),
  (text) => replaced(text, place(text), ''),
  (text) => text.slice(0, place(text)),
  (text) => text.slice(place(text)),
  (text) => text + text.slice(place(text)),
  (text) => `${text}&${text}`,
  (text, other) => text.slice(0, place(text)) + other.slice(place(other)),
  (text, other) => {
    const [mine, theirs] = [text.split('.'), other.split('.')];
    const at = random.pick(mine.length);
    return mine.with(at, theirs[at] ?? '').join('.');
  },
  (text) => text + pick(ODD).repeat(1 + random.pick(2_000)),
  (text) => (random.pick(2) === 0 ? text.toUpperCase() : text.toLowerCase()),
];

const replaced = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at + 1);

/** Changes a text as an attacker may. `other` is a text of which parts may be taken. The result may be equal. */
export const mutation = (text: string, other: string): string => pick(MUTATIONS)(text, other);
