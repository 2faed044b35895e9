// Installs the packed tarball in an empty project and uses it as a consumer does: every subpath, by import and by
// require, as one class; the types in strict mode, under both module resolutions. Run by `npm run check:package`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string; exports: object };
const folder = mkdtempSync(join(tmpdir(), 'session-revocation-consumer-'));
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

interface Packed {
  filename: string;
  files: { path: string }[];
}

const subpaths = Object.keys(manifest.exports).filter((subpath) => !subpath.endsWith('.json'));
const names = subpaths.map((subpath) => subpath.replace('.', manifest.name));

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
  const { filename, files } = packed;
  assert.ok(!files.some(({ path }) => /^(src|test|adapters)\//.test(path)), 'sources are not published');

  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${filename}`);
  // What the consumer brings: Express and its types, a SQLite, TypeScript.
  for (const peer of ['express', 'libsql', '@types', 'typescript', '@libsql', '@neon-rs', 'detect-libc']) {
    try {
      symlinkSync(join(root, 'node_modules', peer), join(folder, 'node_modules', peer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }

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

  const typed = `${imports}
    import type { SessionStore } from '${manifest.name}';
    import { authentication, authOf, requireSession, sessionOf, sessionRoutes } from '${manifest.name}/express';
    import type { Request } from 'express';
    const store: SessionStore = memoryStore();
    const all = createSessions({ store });
    [authentication(all), requireSession(), sessionRoutes(all)];
    export const whose = (request: Request): string => sessionOf(request).user + (authOf(request).session?.id ?? '');
    ${USE}`;
  writeFileSync(join(folder, 'use.mts'), typed);
  writeFileSync(join(folder, 'use.ts'), typed);
  for (const [module, resolution, file] of [
    ['nodenext', 'nodenext', 'use.mts'],
    ['preserve', 'bundler', 'use.ts'],
  ] as const) {
    const options = ['--strict', '--noEmit', '--target', 'es2023', '--types', 'node', '--skipLibCheck', 'false'];
    run(
      process.execPath,
      'node_modules/typescript/bin/tsc',
      ...options,
      '--module',
      module,
      '--moduleResolution',
      resolution,
      file,
    );
  }
  console.log(`the tarball (${files.length} files) works: ${names.join(', ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
