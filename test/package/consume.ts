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
  // What the consumer brings: frameworks and their types, a SQLite, TypeScript.
  const frameworks = ['express', 'express-session', 'fastify', 'koa'];
  for (const peer of [...frameworks, 'libsql', '@types', 'typescript', '@libsql', '@neon-rs', 'detect-libc']) {
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

  const command = (...args: string[]): string =>
    run('npx', '--no-install', manifest.name, '--store', 'sqlite:sessions.db', '--json', ...args);
  assert.match(run('npx', '--no-install', manifest.name, '--help'), /revoke/);
  command('setup');
  assert.equal(
    (JSON.parse(command('revoke', '--user', 'u1', '--reason', 'tried')) as { revoked: boolean }).revoked,
    true,
  );
  assert.match(command('audit', '--user', 'u1'), /"tried"/);

  const typed = `${imports}
    import type { SessionStore } from '${manifest.name}';
    import { authentication, authOf, requireSession, sessionOf, sessionRoutes } from '${manifest.name}/express';
    import * as onFastify from '${manifest.name}/fastify';
    import * as onFetch from '${manifest.name}/fetch';
    import { bridge } from '${manifest.name}/express-session';
    import express, { type Request } from 'express';
    import session from 'express-session';
    import fastify from 'fastify';
    // What express-oauth2-jwt-bearer and Clerk's middleware declare: ours does not get in their way.
    declare global {
      namespace Express {
        interface Request {
          auth?: { readonly payload: { readonly sub?: string } };
          ours: import('${manifest.name}/express').Auth;
        }
      }
    }
    declare module 'express-session' {
      interface SessionData {
        userId: string;
      }
    }
    export const app = express().use(authentication(createSessions({ store: memoryStore() }), { property: 'ours' }));
    app.get('/', (request) => [request.auth?.payload.sub, request.ours.session?.user]);
    const bridged = bridge(createSessions({ store: memoryStore() }), { user: (data) => data.userId });
    app.use(session({ secret: 'x', store: bridged.store(new session.MemoryStore()) }));
    export const fast = fastify();
    fast.register(onFastify.authentication, { sessions: createSessions({ store: memoryStore() }) });
    fast.get('/', { onRequest: onFastify.requireSession() }, async (request) => onFastify.sessionOf(request).user);
    const open = onFetch.authentication(createSessions({ store: memoryStore() }));
    export const answer = async (request: globalThis.Request): Promise<Response> => {
      const auth = await open(request);
      return onFetch.requireSession()(auth) ?? auth.commit(Response.json(onFetch.sessionOf(auth).user));
    };
    const store: SessionStore = memoryStore();
    const all = createSessions({ store });
    [authentication(all), requireSession(), sessionRoutes(all)];
    export const whose = (request: Request): string => sessionOf(request).user + (authOf(request).session?.id ?? '');
    ${USE}`;
  const withKoa = `${imports}
    import { authentication, sessionOf } from '${manifest.name}/koa';
    import Koa from 'koa';
    export const koa = new Koa().use(authentication(createSessions({ store: memoryStore() })));
    koa.use((ctx) => {
      ctx.body = sessionOf(ctx).user;
    });
    ${USE}`;
  for (const extension of ['mts', 'ts']) {
    writeFileSync(join(folder, `use.${extension}`), typed);
    writeFileSync(join(folder, `use-koa.${extension}`), withKoa);
  }
  for (const [module, resolution, file, skipsLibraries] of [
    ['nodenext', 'nodenext', 'use.mts', 'false'],
    ['preserve', 'bundler', 'use.ts', 'false'],
    // @types/koa has a mistake of its own beside content-disposition 2.
    ['nodenext', 'nodenext', 'use-koa.mts', 'true'],
    ['preserve', 'bundler', 'use-koa.ts', 'true'],
  ] as const) {
    const target = ['--target', 'es2023', '--types', 'node', '--skipLibCheck', skipsLibraries];
    const options = ['--strict', '--noEmit', ...target];
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
