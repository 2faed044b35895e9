import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The names that an entry exports, each with the heading that it stands under in the source: a line such as `// Sessions`.
 * @param {string} source
 * @returns {ReadonlyMap<string, string>}
 */
export function headingsOf(source) {
  const text = readFileSync(source, 'utf8').split('*/').slice(1).join('*/');
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const part of text.split(/^\/\/ /m).slice(1)) {
    const heading = part.split('\n', 1)[0]?.replace(/\.$/, '') ?? '';
    for (const [, names = ''] of part.matchAll(/export (?:type )?\{([^}]*)\}/g)) {
      for (const name of names.split(',')) found.set(name.replace(/\btype\b/, '').trim(), heading);
    }
    for (const [, file = ''] of part.matchAll(/export type \* from '([^']*)'/g)) {
      const all = readFileSync(join(dirname(source), file), 'utf8');
      for (const [, name = ''] of all.matchAll(/^export (?:interface|type) (\w+)/gm)) found.set(name, heading);
    }
  }
  return found;
}
