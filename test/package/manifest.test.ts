import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';

const root = join(import.meta.dirname, '../..');
const home = manifest.homepage.replace(/#.*$/, '');
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the home of the project', () => {
  test('is named by package.json, as npm reads it', () => {
    expect(manifest.repository).toEqual({ type: 'git', url: `git+${home}.git` });
    expect(manifest.bugs).toEqual({ url: `${home}/issues` });
    expect(manifest.homepage).toBe(`${home}#readme`);
  });

  test('is spelt like that in every file', () => {
    const files = execFileSync('git', ['grep', '-lzI', 'github', '--', ':!package-lock.json'], { cwd: root })
      .toString()
      .split('\0')
      .filter((file) => file !== '');
    const own = files.flatMap((file) =>
      [...textOf(file).matchAll(/[\w+:/.@-]*github[\w./:-]*session-revocation[\w.:-]*/gi)].map(([url]) => ({
        file,
        url,
      })),
    );
    expect(own.length).toBeGreaterThan(4);
    expect(own.filter(({ url }) => !url.replace(/^git\+/, '').startsWith(home))).toEqual([]);
  });

  test('takes reports of vulnerabilities in private', () => {
    expect(textOf('SECURITY.md')).toContain(`](${home}/security/advisories/new)`);
  });
});

describe('the packed documents', { timeout: TEST_TIMEOUT }, () => {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const listing = execFileSync('npm', pack, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [packed] = JSON.parse(listing) as { files: { path: string }[] }[];
  const files = packed!.files.map(({ path }) => path);

  test('hold the README, the threat model, the changes and a page for each subpath', () => {
    expect(files).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/express.md']));
    expect(files.filter((file) => /^(src|test|adapters)\//.test(file) || file.endsWith('.map'))).toEqual([]);
  });

  test('link to packed files, or to the home of the project', () => {
    const links = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((page) => [...textOf(page).matchAll(/\]\(([^)#]+)/g)].map(([, target = '']) => ({ page, target })));
    expect(links.length).toBeGreaterThan(100);
    const astray = links.filter(({ page, target }) => {
      if (target.startsWith(`${home}/blob/HEAD/`)) return !existsSync(join(root, target.split('/blob/HEAD/')[1]!));
      return !/^https:/.test(target) && !files.includes(normalize(join(dirname(page), target)));
    });
    expect(astray).toEqual([]);
  });
});
