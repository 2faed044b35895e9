import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { pages, readPage, root } from './markdown.ts';

test('README.md names every subpath, and each has a page', async () => {
  const subpaths = Object.keys(manifest.exports).filter((subpath) => !/^\.$|package\.json/.test(subpath));
  const [readme, writing] = [await readPage('README.md'), await readPage('docs/writing-a-store.md')];
  for (const subpath of subpaths) {
    const name = subpath.slice(2);
    if (name === 'testing') expect(writing).toContain(`session-revocation/${name}`);
    else {
      expect(readme).toContain(`](docs/${name}.md)`);
      expect(readme).toContain(`\`session-revocation/${name}\``);
    }
  }
});

test.each(pages)('the links of %s lead somewhere', async (page) => {
  for (const [, target = ''] of (await readPage(page)).matchAll(/\]\(([^)]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    expect(existsSync(join(root, file)), `${page}: ${target}`).toBe(true);
    if (anchor === undefined) continue;
    const headings = [...(await readPage(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(headings, `${page}: ${target}`).toContain(anchor);
  }
});
