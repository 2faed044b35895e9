import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { includes } from '../ci-only.ts';
import { compiledPackage } from '../services/compiled.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { blocksOf, root } from './markdown.ts';
import { runToEnd } from './server.ts';
import { examples } from './support/example.ts';

const compiled = await compiledPackage();

/** In an ordinary run, the example on Express stands for the others. Like the README, it uses `app.listen`. */
const everyone = includes('docs: every example on a port that is taken');
const started = (await examples()).filter(({ folder }) => everyone || folder === 'express');

/** Returns a port on which another server listens, on all addresses. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('the program of the README fails and says that its port is taken', { timeout: TEST_TIMEOUT }, async () => {
  const [program] = (await blocksOf('README.md')).filter(({ section }) => section === 'A whole program');
  const text = program?.text.replace('app.listen(3000)', `app.listen(${await takenPort()})`) ?? '';
  expect(text).not.toContain('listen(3000');
  writeFileSync(join(compiled, 'app.mjs'), text);

  const { status, stdout, stderr } = await runToEnd('app.mjs', { cwd: compiled, env: {}, isCompiled: true });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('EADDRINUSE');
});

test.each(started)(
  'the example $folder fails and says that its port is taken',
  { timeout: TEST_TIMEOUT },
  async (example) => {
    const folder = mkdtempSync(join(tmpdir(), 'session-revocation-port-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const port = await takenPort();
    const env = { PORT: String(port), DATABASE: join(folder, 'demo.db'), REDIS_URL: '' };
    const { status, stdout, stderr } = await runToEnd(example.file, {
      ...(example.isTypeScript ? { cwd: root } : { cwd: compiled, isCompiled: true }),
      ...{ env, args: example.args },
    });
    expect(status).toBe(1);
    expect(stdout).not.toContain('Listening');
    expect(stderr).toMatch(/EADDRINUSE|port \d+ is (taken|in use)/i);
  },
);
