import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import tsconfig from '../../tsconfig.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const sources = ['src', 'adapters'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

/** Returns the imports of a file, type imports included: names of packages, and paths of files from the root. */
function importsOf(file: string): string[] {
  return ts
    .preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
    .importedFiles.map(({ fileName }) =>
      fileName.startsWith('.') ? normalize(join(dirname(file), fileName)) : fileName,
    );
}

const imports = new Map(sources.map((file) => [file, importsOf(file)]));

/**
 * The folders and files of `src` in layers, from the lowest up. A file imports only from lower layers or its own
 * folder.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['lib'],
  ['device'],
  ['model'],
  ['store'],
  ['events'],
  ['freshness'],
  ['core'],
  ['operations'],
  ['sessions.ts'],
  ['create-sessions.ts', 'adapter-handle.ts', 'jwt'],
  ['index.ts', 'adapter.ts', 'testing'],
];

/** Returns the folder below `src` of a file: `lib` for `src/lib/page.ts`. For `src/index.ts`, returns `index.ts`. */
const roomOf = (file: string): string => file.split('/')[1]!;
const floorOf = (file: string): number => FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));

/** The packages that a part of the core may import. The rest of the core imports no package. */
const CORE_PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/^src\/device\//, 'ua-parser-js'],
  [/^src\/jwt\//, 'jose'],
  [/^src\/jwt\/keys\//, 'node:crypto'],
  [/^src\/jwt\/keys\/keys\.ts/, 'node:util'],
  [/^src\/lib\/channels\.ts/, 'node:diagnostics_channel'],
  [/^src\/model\/token\.ts/, 'node:crypto'],
  [/^src\/testing\//, 'node:assert/strict'],
  [/^src\/testing\//, 'node:util'],
];

/** Files of other adapters that an adapter may import. */
const SHARED: readonly (readonly [RegExp, RegExp])[] = [
  [/^adapters\/(frameworks|bridges|receivers)\//, /^adapters\/frameworks\/http\/index\.ts$/],
  [/^adapters\/frameworks\/\w+\/index\.ts$/, /^adapters\/frameworks\/http\/exports\.ts$/],
  [/^adapters\/bridges\//, /^adapters\/bridges\/shared\//],
  [/^adapters\/bridges\/fastify-session\//, /^adapters\/frameworks\/fastify\/exchange\.ts$/],
  [/^adapters\/bridges\/koa-session\//, /^adapters\/frameworks\/koa\/exchange\.ts$/],
  // Only types, so that a wrapper does not load jose if the app signs no tokens.
  [/^adapters\/frameworks\/http\/options\/bearer\.ts$/, /^src\/jwt\/index\.ts$/],
  [/^adapters\/notifiers\//, /^adapters\/notifiers\//],
  [/^adapters\/receivers\//, /^adapters\/receivers\//],
  // Types of the entry, and the two files that read and verify a JWT of another party.
  [/^adapters\/receivers\//, /^src\/jwt\/(index|compact|issuer|verify-jwt)\.ts$/],
  [/^adapters\/transmitters\//, /^adapters\/transmitters\//],
  // Both are endpoints for other systems, with the same answers and the same hashes of secrets.
  [/^adapters\/transmitters\//, /^adapters\/receivers\/(shared\/|clients\/secret\.ts$)/],
  // Types of the entry, and the files that parse issuers and keys, and sign.
  [/^adapters\/transmitters\//, /^src\/jwt\/(index|issuer|sign-jwt|keys\/keys)\.ts$/],
  [/^adapters\/engines\//, /^adapters\/engines\/shared\//],
  [/^adapters\/engines\/(sqlite|postgres|mysql)\//, /^adapters\/engines\/sql\//],
  // A driver's errors are needed if the connection fails before a store exists.
  [/^adapters\/cli\//, /^adapters\/(cli\/|engines\/\w+\/(index|errors)\.ts$)/],
  // The notes of a message, and the names of queues.
  [/^adapters\/cli\//, /^adapters\/transmitters\/(message-state|queue-worker)\.ts$/],
  // This file, because the entry of `src/jwt` would load jose.
  [/^adapters\/cli\/commands\/keys\.ts$/, /^src\/jwt\/keys\/generate-key\.ts$/],
  // The card runs in browsers. This file imports nothing, so the bundle stays small.
  [/^adapters\/ui\//, /^src\/model\/factors\.ts$/],
];

/** The files of the core that adapters may import: the entry for apps and the entry for adapters. */
const CORE_ENTRIES = ['src/index.ts', 'src/adapter.ts'];

const HTTP = 'adapters/frameworks/http/';

/** Files and folders of the HTTP policy, from the lowest layer up. Each may import from the rows above it. */
const HTTP_ROOMS: readonly (readonly string[])[] = [
  ['exchange', 'whitespace', 'linger', 'describe-value', 'refuse-uncalled', 'oauth-scope', 'state'],
  ['origin', 'client-info'],
  ['options'],
  ['answer', 'members', 'body', 'node-exchange', 'report', 'challenge'],
  ['cookie'],
  ['bearer'],
  ['auth'],
  ['guard'],
  ['routes', 'upgrade'],
  ['index', 'exports'],
];

/** The entry point of the command line program. */
const BIN = 'adapters/cli/index.ts';

/** Returns the first import cycle as a list of files, or `null` if there is none. */
function findCircle(): readonly string[] | null {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const imported of imports.get(file) ?? []) {
      const circle = visit(imported, [...path, file]);
      if (circle !== null) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of sources) {
    const circle = visit(file, []);
    if (circle !== null) return circle;
  }
  return null;
}

describe('the layout', () => {
  test('finds the sources', () => expect(sources.length).toBeGreaterThan(30));

  test('has no circle of imports, type imports included', () => expect(findCircle()).toBeNull());

  test.each(sources.filter((file) => file.startsWith('src/')))('%s imports only lower floors of the core', (file) => {
    expect(floorOf(file), `${file} is in no room of the layout`).toBeGreaterThanOrEqual(0);
    for (const imported of imports.get(file)!) {
      if (imported.startsWith('src/')) {
        const isLower = floorOf(imported) < floorOf(file);
        expect(isLower || roomOf(imported) === roomOf(file), `${file} imports ${imported}`).toBe(true);
      } else {
        const isAllowed = CORE_PACKAGES.some(([place, name]) => place.test(file) && imported === name);
        expect(isAllowed, `${file} imports ${imported}`).toBe(true);
      }
    }
  });

  test.each(sources.filter((file) => file.startsWith('adapters/')))('%s imports only entries of the core', (file) => {
    const [, group, name] = file.split('/');
    for (const imported of imports.get(file)!) {
      if (!/^(src|adapters)\//.test(imported)) continue;
      const isOwn = imported.startsWith(`adapters/${group}/${name}/`);
      const isShared = SHARED.some(([place, pattern]) => place.test(file) && pattern.test(imported));
      expect(isOwn || isShared || CORE_ENTRIES.includes(imported), `${file} imports ${imported}`).toBe(true);
    }
  });

  test('the HTTP policy imports no framework, and its rooms import downwards only', () => {
    const rankOf = (file: string): number =>
      HTTP_ROOMS.findIndex((rooms) => rooms.includes(file.slice(HTTP.length).replace(/(\.ts|\/.*)$/, '')));
    const files = sources.filter((file) => file.startsWith(HTTP));
    expect(files.filter((file) => rankOf(file) < 0)).toEqual([]);
    for (const file of files) {
      for (const imported of imports.get(file)!) {
        expect(imported, file).toMatch(/^(node:|src\/|adapters\/frameworks\/http\/)/);
        if (!imported.startsWith(HTTP)) continue;
        if (dirname(file) === dirname(imported) && rankOf(file) === rankOf(imported)) continue;
        expect(rankOf(imported), `${file} imports ${imported}`).toBeLessThan(rankOf(file));
      }
    }
  });

  test('a wrapper imports only types of src/jwt, so that jose is loaded only where the app signs tokens', () => {
    for (const file of sources.filter((name) => name.startsWith('adapters/frameworks/'))) {
      const text = readFileSync(join(root, file), 'utf8');
      for (const line of text.split('\n').filter((one) => one.includes('src/jwt/'))) {
        expect(line, file).toMatch(/^(import|export) type /);
      }
    }
  });

  test('every file is reached from a public entry', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const imported of imports.get(file) ?? []) visit(imported);
    };
    for (const [entry] of Object.values(tsconfig.compilerOptions.paths)) visit(normalize(entry!));
    visit(BIN);
    expect(sources.filter((file) => !reached.has(file))).toEqual([]);
  });
});

describe('the public entries', () => {
  const entries = Object.entries(tsconfig.compilerOptions.paths).map(([name, [source]]) => ({
    subpath: name.replace(manifest.name, '.'),
    output: `./dist/${name.split('/')[1] ?? 'index'}`,
    source: source!,
  }));

  test.each(entries)('$subpath is a file', ({ source }) => expect(existsSync(join(root, source))).toBe(true));

  test('are exactly what package.json exports, types first', () => {
    const expected = Object.fromEntries(
      entries.map(({ subpath, output }) => [
        subpath,
        {
          import: { types: `${output}.d.ts`, default: `${output}.js` },
          require: { types: `${output}.d.cts`, default: `${output}.cjs` },
        },
      ]),
    );
    expect(manifest.exports).toEqual({ ...expected, './package.json': './package.json' });
    for (const conditions of Object.values(manifest.exports)) {
      if (typeof conditions === 'string') continue;
      for (const condition of Object.values(conditions)) expect(Object.keys(condition)).toEqual(['types', 'default']);
    }
  });

  test('depend on jose and ua-parser-js ^1 alone', () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual(['jose', 'ua-parser-js']);
    expect(manifest.dependencies['ua-parser-js']).toMatch(/^\^1\./);
  });
});
