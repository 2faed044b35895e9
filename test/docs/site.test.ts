import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NAVIGATION } from '../../docs/site/navigation.js';
import { pages, root } from './markdown.ts';

/** TypeDoc reads all sources. */
const BUILD_TIMEOUT = 300_000;

/** No list of names without a heading is longer. */
const MAX_NAMES = 30;

const folder = mkdtempSync(join(tmpdir(), 'session-revocation-site-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the documentation site', () => {
  const htmlOf = new Map<string, string>();

  beforeAll(async () => {
    // Warnings, such as a link to a missing page, end it with an error.
    await promisify(execFile)(join(root, 'node_modules/.bin/typedoc'), ['--out', folder], { cwd: root });
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.html')) htmlOf.set(join(folder, name), readFileSync(join(folder, name), 'utf8'));
    }
  }, BUILD_TIMEOUT);

  test('has every page once, except those of the repository', () => {
    const placed = Object.values(NAVIGATION).flatMap((section) => Object.values(section));
    expect(placed.toSorted()).toEqual(
      pages.filter((page) => page !== 'README.md' && page !== 'docs/README.md').toSorted(),
    );
  });

  test('has no link to a missing file or anchor', () => {
    const anchorsOf = (html: string): ReadonlySet<string> =>
      new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id));
    const anchors = new Map([...htmlOf].map(([file, html]) => [file, anchorsOf(html)]));
    let links = 0;
    const broken: string[] = [];
    for (const [file, html] of htmlOf) {
      for (const [, link = ''] of html.matchAll(/\s(?:href|src)="([^"]+)"/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        links++;
        const [path = '', anchor = ''] = link.split('#');
        const target = path === '' ? file : join(dirname(file), decodeURIComponent(path.split('?')[0] ?? ''));
        const isThere =
          target.endsWith('.html') && anchor !== ''
            ? anchors.get(target)?.has(decodeURIComponent(anchor)) === true
            : existsSync(target);
        if (!isThere) broken.push(`${file.slice(folder.length)}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
    expect(links).toBeGreaterThan(10_000);
  });

  test(`lists at most ${MAX_NAMES} names without a heading`, () => {
    const long: string[] = [];
    for (const [file, html] of htmlOf) {
      for (const list of html.split(/<h[1-6]|<summary/).slice(1)) {
        const names = list.split('tsd-member-summary-name').length - 1;
        if (names > MAX_NAMES) long.push(`${file.slice(folder.length)}: ${names} names`);
      }
    }
    expect(long).toEqual([]);
    expect([...htmlOf.values()].some((html) => html.includes('tsd-member-summary-name'))).toBe(true);
  });

  test('links each entry to its guide, and the guide to its entry', () => {
    const read = (name: string): string => htmlOf.get(join(folder, name)) ?? expect.fail(`there is no ${name}`);
    for (const name of ['express', 'fastify', 'koa', 'postgres', 'redis', 'express-session']) {
      expect(read(`modules/session-revocation_${name}.html`)).toContain(`href="../documents/${name}.html"`);
      expect(read(`documents/${name}.html`)).toContain(`href="../modules/session-revocation_${name}.html"`);
    }
  });
});
