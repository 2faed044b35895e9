import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { blocksOf } from '../docs/markdown.ts';
import { messagesOf } from './compile.ts';

const COMMON = `
  import assert from 'node:assert/strict';
  import { once } from 'node:events';
  import { createSessions } from 'session-revocation';
  import { memoryStore } from 'session-revocation/memory';
  const sessions = createSessions({ store: memoryStore() });
`;

const EXPRESS = `
  import express from 'express';
  import { authentication, authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/express';
  const app = express();
  app.use(authentication(sessions));
  app.use('/sessions', sessionRoutes(sessions));
  app.post('/sign-in', (request, response, next) => {
    authOf(request).signIn({ user: 'ann', verify: () => true }).then(({ ok }) => response.json({ ok }), next);
  });
  app.get('/me', requireSession(), (request, response) => {
    response.json({ user: sessionOf(request).user });
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
`;

const KOA = `
  import Koa from 'koa';
  import { authentication, authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/koa';
  const app = new Koa();
  app.use(authentication(sessions));
  app.use(sessionRoutes(sessions, { path: '/sessions' }));
  app.use(async (ctx, next) => {
    if (ctx.path !== '/sign-in') return next();
    const { ok } = await authOf(ctx).signIn({ user: 'ann', verify: () => true });
    ctx.body = { ok };
  });
  app.use(requireSession());
  app.use((ctx) => {
    ctx.body = { user: sessionOf(ctx).user };
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
`;

const FASTIFY = `
  import { fastify } from 'fastify';
  import { authentication, authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/fastify';
  const app = fastify();
  app.register(authentication, { sessions });
  app.register(sessionRoutes, { sessions, prefix: '/sessions' });
  app.post('/sign-in', async (request) => {
    const { ok } = await authOf(request).signIn({ user: 'ann', verify: () => true });
    return { ok };
  });
  app.get('/me', { onRequest: requireSession() }, async (request) => ({ user: sessionOf(request).user }));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { server } = app;
  assert.equal(typeof once, 'function');
`;

/**
 * The shared end of each program. The server refuses a stranger, accepts a signed-in user, and refuses the user's
 * cookie after "sign out everywhere".
 */
const VISIT = `
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const url = 'http://127.0.0.1:' + address.port;
  const own = { 'sec-fetch-site': 'same-origin' };
  assert.equal((await fetch(url + '/me')).status, 401);
  const signedIn = await fetch(url + '/sign-in', { method: 'POST', headers: own });
  assert.deepEqual(await signedIn.json(), { ok: true });
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  assert.deepEqual(await (await fetch(url + '/me', { headers: { cookie } })).json(), { user: 'ann' });
  const path = '/sessions/sign-out-everywhere';
  assert.equal((await fetch(url + path, { method: 'POST', headers: { ...own, cookie } })).status, 204);
  assert.equal((await fetch(url + '/me', { headers: { cookie } })).status, 401);
  server.close();
  await sessions.close();
`;

const [WHOLE_PROGRAM] = (await blocksOf('README.md')).filter(({ section }) => section === 'A whole program');

/** Returns the tested version of a dependency. For example, `express4` is an alias of version 4 of `express`. */
function versionOf(dependency: keyof typeof manifest.devDependencies): string {
  const [, name = dependency, version] = /^npm:(.+)@([^@]+)$/.exec(manifest.devDependencies[dependency]) ?? [];
  return `${name}@${version ?? manifest.devDependencies[dependency]}`;
}

const { devDependencies } = manifest;
/** Each supported major version, with the session layer of its bridge and its types. Fastify 4 has no bridge. */
const FRAMEWORKS: readonly (readonly [program: string, ...packages: string[]])[] = [
  [EXPRESS, versionOf('express4'), versionOf('express-session'), '@types/express@4.17.25', '@types/express-session@1'],
  [
    EXPRESS,
    versionOf('express'),
    versionOf('express-session'),
    versionOf('@types/express'),
    '@types/express-session@1',
  ],
  [KOA, versionOf('koa2'), versionOf('koa-session6'), '@types/koa@2.15.2'],
  [KOA, versionOf('koa'), versionOf('koa-session'), versionOf('@types/koa')],
  [FASTIFY, versionOf('fastify4')],
  [FASTIFY, versionOf('fastify'), versionOf('@fastify/session'), versionOf('@fastify/cookie')],
];

/** Installs the tarball beside each framework, as a user does. Type-checks a program in strict mode, and runs it. */
export function useBesideFrameworks(tarball: string): void {
  for (const [program, ...packages] of FRAMEWORKS) {
    const folder = mkdtempSync(join(tmpdir(), 'session-revocation-beside-'));
    try {
      const run = (command: string, ...args: string[]): string =>
        execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
      writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
      const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error'];
      const types = `@types/node@${devDependencies['@types/node']}`;
      // Installs in two steps, as in a project that chose its framework earlier.
      run('npm', 'install', ...quietly, types, ...packages);
      run('npm', 'install', ...quietly, tarball);
      const text = COMMON + program + VISIT;
      writeFileSync(join(folder, 'program.mts'), text);
      assert.deepEqual(messagesOf(folder, 'program.mts'), [], packages[0]);
      if (program === EXPRESS) {
        writeFileSync(join(folder, 'readme.mts'), WHOLE_PROGRAM?.text ?? assert.fail('the README has a whole program'));
        assert.deepEqual(messagesOf(folder, 'readme.mts'), [], packages[0]);
      }
      writeFileSync(join(folder, 'program.mjs'), text);
      run(process.execPath, 'program.mjs');
      console.log(`works beside ${packages.join(', ')}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
