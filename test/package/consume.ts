// Installs the packed tarball in an empty project and uses it as a consumer does. It loads every subpath by import, by
// require, and bundled. It compiles the types in strict mode as ESM, as CommonJS and for bundlers, with and without the
// frameworks' types. Then it tests each major version of each framework. Run by `npm run check:package`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { useBesideFrameworks } from './beside.ts';
import { bundleAndRun } from './bundle.ts';
import { EXTENSIONS, messagesOf } from './compile.ts';
import { FETCH, TYPED, UNTYPED } from './consumers.ts';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string; exports: object };
const folder = mkdtempSync(join(tmpdir(), 'session-revocation-consumer-'));
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** Links installed packages, or all packages of a scope, into the consumer's project. */
function link(...packages: readonly string[]): void {
  for (const name of packages) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(place)) continue;
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), place);
  }
}

/** Type-checks a module of the project. It must have exactly these messages, in this order. */
function check(name: string, text: string, ...expected: readonly RegExp[]): void {
  for (const extension of EXTENSIONS) {
    const file = `${name}.${extension}`;
    writeFileSync(join(folder, file), text);
    const messages = messagesOf(folder, file);
    const isRight = messages.length === expected.length && expected.every((one, at) => one.test(messages[at] ?? ''));
    assert.ok(isRight, `${file}:\n${messages.join('\n')}`);
  }
}

interface Packed {
  filename: string;
  files: { path: string }[];
  unpackedSize: number;
}

const subpaths = Object.keys(manifest.exports).filter((subpath) => !subpath.endsWith('.json'));
const names = subpaths.map((subpath) => subpath.replace('.', manifest.name));

// package.json declares that chunks have no side effects. Bundlers warn about a chunk that is imported without a name.
const nameless = readdirSync(join(root, 'dist')).filter(
  (file) =>
    /\.c?js$/.test(file) &&
    /^(?:import|require\() ?['"]\.\/chunk/m.test(readFileSync(join(root, 'dist', file), 'utf8')),
);
assert.deepEqual(nameless, []);

const USE = `
  const sessions = createSessions({ store: memoryStore(), realm: 'consumer' });
  const fence = await sessions.fence({ user: 'u1' });
  const started = await sessions.start({ user: 'u1', fence, userAgent: 'curl/8.0' });
  assert.ok(started.ok);
  assert.equal(started.session.device.label, 'curl');
  assert.ok((await sessions.check(started.token)).ok);
  const { revoked } = await sessions.revoke({ user: 'u1' });
  assert.ok(revoked);
  const verdict = await sessions.check(started.token);
  assert.equal(verdict.ok ? null : verdict.reason, 'revoked');
  const onDisk = createSessions({ store: sqliteStore(':memory:') });
  assert.deepEqual((await onDisk.list({ user: 'u1' })).sessions, []);
  await onDisk.close();
`;

try {
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' })) as Packed[];
  assert.ok(packed);
  const { filename, files, unpackedSize } = packed;
  assert.ok(!files.some(({ path }) => /^(src|test|adapters)\//.test(path)), 'sources are not published');
  const maps = files.filter(({ path }) => path.endsWith('.map'));
  assert.deepEqual(maps, [], 'no source maps are published');

  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${filename}`);
  // The consumer's other packages: frameworks without types, and a SQLite driver.
  link('express', 'express-session', 'fastify', 'koa', 'libsql', '@libsql', '@neon-rs', 'detect-libc', '@types/node');

  const imports = `
    import assert from 'node:assert/strict';
    import { createSessions } from '${manifest.name}';
    import { memoryStore } from '${manifest.name}/memory';
    import { sqliteStore } from '${manifest.name}/sqlite';
  `;
  const others = names.map(
    (name, at) => `import * as module${at} from '${name}'; assert.ok(Object.keys(module${at}).length);`,
  );
  writeFileSync(join(folder, 'use.mjs'), `${imports}${others.join('\n')}${USE}`);
  writeFileSync(
    join(folder, 'use.cjs'),
    `const assert = require('node:assert/strict');
     const { createSessions, SessionError } = require('${manifest.name}');
     const { memoryStore } = require('${manifest.name}/memory');
     const { sqliteStore } = require('${manifest.name}/sqlite');
     ${names.map((name) => `assert.ok(Object.keys(require('${name}')).length);`).join('\n')}
     assert.equal(typeof SessionError, 'function');
     (async () => {${USE}})().catch((error) => { console.error(error); process.exit(1); });`,
  );
  run(process.execPath, 'use.mjs');
  run(process.execPath, 'use.cjs');
  await bundleAndRun(folder, 'use.mjs');

  const command = (...args: string[]): string =>
    run('npx', '--no-install', manifest.name, '--store', 'sqlite:sessions.db', '--json', ...args);
  assert.match(run('npx', '--no-install', manifest.name, '--help'), /revoke/);
  command('setup');
  assert.equal(
    (JSON.parse(command('revoke', '--user', 'u1', '--reason', 'tried')) as { revoked: boolean }).revoked,
    true,
  );
  assert.match(command('audit', '--user', 'u1'), /"tried"/);

  check('fetch', FETCH);
  // This package's declarations import types of Express and Koa, which are missing here. Only these errors may occur.
  const unfound = ['express', 'express-session', 'koa', 'koa-session'];
  check('untyped', UNTYPED, ...unfound.map((entry) => new RegExp(`^${entry}\\.d\\.c?ts:\\d+ TS7016: `)));
  const types = readdirSync(join(root, 'node_modules/@types')).map((name) => `@types/${name}`);
  // Names the packages, so that knip finds their use.
  assert.ok([import.meta.resolve('@clerk/express'), import.meta.resolve('express-oauth2-jwt-bearer')]);
  link('koa-session', '@fastify', '@clerk', 'express-oauth2-jwt-bearer', ...types);
  check('use', `${imports}${others.join('\n')} export async function use(): Promise<void> {${USE}}`);
  for (const [name, text] of Object.entries(TYPED)) check(name, text);
  useBesideFrameworks(join(folder, filename));
  console.log(`the tarball (${files.length} files, ${unpackedSize} bytes) works: ${names.join(', ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
