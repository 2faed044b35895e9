import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Block, blocksOf, root } from './markdown.ts';
import { type Server, startServer } from './server.ts';
import { Shell } from './shell.ts';

const missing = ['bash', 'curl'].filter((program) => spawnSync(program, ['--version']).error !== undefined);
const skip = missing.length > 0 && process.env.REQUIRE_SERVICES === undefined;

let folder: string;
let shell: Shell;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-revocation-readme-'));
  shell = new Shell(folder);
});

afterEach(async () => {
  await shell.close();
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const blocksUnder = async (section: string): Promise<readonly Block[]> =>
  (await blocksOf('README.md')).filter((block) => block.section === section);

/** Only the port is another one. */
const onPort = (text: string, port: number): string =>
  text.replaceAll('localhost:3000', `localhost:${port}`).replace('listen(3000', `listen(${port}`);

/** Ids are others every time. */
const withoutIds = (text: string): string => text.replace(/(?<![\w-])[\w-]{22}(?![\w-])/g, '<id>').trim();

test.skipIf(skip)('the walk through the demo does what the page shows', { timeout: 60_000 }, async () => {
  const start = (port: number): Promise<Server> =>
    startServer('examples/demo/server.js', {
      cwd: root,
      env: { PORT: String(port), DATABASE: join(folder, 'demo.db') },
    });
  server = await start(0);
  const { port } = server;

  const [first, ...blocks] = await blocksUnder('Try it');
  expect(first?.text).toBe('npm ci && npm start');
  let printed = '';
  let compared = 0;
  for (const { language, text } of blocks) {
    if (language === 'text') {
      expect(withoutIds(printed)).toBe(withoutIds(text));
      compared++;
    } else if (text === 'npm start') {
      expect(await server.stop()).toBe(0);
      server = await start(port);
    } else printed = await shell.type(onPort(text, port));
  }
  expect(compared).toBe(5);
});

test.skipIf(skip)('the whole program runs, and answers what the page shows', { timeout: 60_000 }, async () => {
  const [program, input, output, ...others] = await blocksUnder('A whole program');
  expect([program?.language, input?.language, output?.language, others.length]).toEqual(['js', 'sh', 'text', 0]);
  const port = await freePort();
  writeFileSync(join(folder, 'app.mjs'), onPort(program?.text ?? '', port));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  // It puts its file where it is started.
  const env = { TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') };
  server = await startServer(join(folder, 'app.mjs'), { cwd: folder, env });
  expect((await shell.type(onPort(input?.text ?? '', port))).trim()).toBe(output?.text);
});

/** For a program that names its port itself. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
