import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { styleText } from '../../adapters/ui/login-management/style.ts';
import { includes } from '../ci-only.ts';
import { blocksOf, readPage, root, rowsOf } from '../docs/markdown.ts';
import { useCardPages } from './support/card-page.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';

const PAGE = 'docs/ui.md';
const folder = join(root, 'adapters/ui/login-management');

const source = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
const namesIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

/** Returns the names in the first column of the table with this heading. */
async function named(heading: string): Promise<string[]> {
  const rows = await rowsOf(PAGE);
  const start = rows.findIndex(([cell]) => cell === heading) + 2;
  const end = rows.findIndex(([, cell], at) => at > start && /^-+$/.test(cell ?? ''));
  return rows.slice(start, end < 0 ? undefined : end - 1).flatMap(([cell = '']) => namesIn(cell));
}

describe('docs/ui.md', () => {
  test('names every attribute, and every part that can be hidden or added', async () => {
    const settings = await source('settings.ts');
    const listed = (name: string): string[] =>
      [...(new RegExp(`${name}[^=]*= \\[([^\\]]*)\\]`).exec(settings)?.[1] ?? '').matchAll(/'([\w-]+)'/g)].map(
        ([, found = '']) => found,
      );
    expect(await named('attribute')).toEqual(listed('ATTRIBUTES'));
    const [, hide = ''] = (await rowsOf(PAGE)).find(([cell]) => cell === '`hide`') ?? [];
    expect(namesIn(hide.split('. ')[0] ?? '')).toEqual(listed('PARTS'));
    const [, show = ''] = (await rowsOf(PAGE)).find(([cell]) => cell === '`show`') ?? [];
    expect(namesIn(show)).toEqual(listed('EXTRAS'));
  });

  test('names every event with its detail', async () => {
    const events = await source('events.ts');
    const details = new Map(
      [...events.matchAll(/'([\w-]+)': CardEvent<(\w+)>/g)].map(([, name = '', type = '']) => [name, type]),
    );
    expect(await named('event')).toEqual([...details.keys()]);
    for (const [cell = '', detail = ''] of await rowsOf(PAGE)) {
      const type = details.get(cell.replaceAll('`', ''));
      if (type === undefined) continue;
      const body = new RegExp(`interface ${type} \\{([^}]*)\\}`).exec(events)?.[1] ?? '';
      const members = [...body.matchAll(/readonly (\w+):/g)].map(([, member]) => member);
      expect(`${cell} ${detail.split(' }')[0]} }`).toBe(`${cell} \`{ ${members.join(', ')} }`);
    }
  });

  test('names every property and every part', async () => {
    const properties = new Set([...styleText().matchAll(/--session-card-[\w-]+/g)].map(([name]) => name));
    expect((await named('property')).sort()).toEqual([...properties].sort());
    const parts = new Set(['plain-button', 'danger-button', 'button']);
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      for (const [, names = ''] of (await source(file)).matchAll(/part: '([\w -]+)'/g))
        for (const name of names.split(' ')) parts.add(name);
    }
    const paragraph = /^Parts, for `::part\(\)`: ([\s\S]*?)\n\n/m.exec(await readPage(PAGE))?.[1] ?? '';
    expect(namesIn(paragraph).sort()).toEqual([...parts].sort());
  });
});

describeInChromium('the tag of docs/ui.md', () => {
  const cards = useCardPages();

  test.runIf(includes('ui: the tag of the page'))('works as it stands', async () => {
    const [block] = await blocksOf(PAGE);
    cards.stub.markup = block?.text ?? '';
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    // The stub page loads the script from its own path. The markup of the docs also loads its script.
    expect(cards.stub.count('GET /session-revocation-ui.js')).toBe(1);
  });
});
