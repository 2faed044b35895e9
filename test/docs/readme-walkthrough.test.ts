import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compiledPackage } from '../services/compiled.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { type Block, blocksOf } from './markdown.ts';
import { type Server, startServer } from './server.ts';
import { Shell } from './shell.ts';

const missing = ['bash', 'curl'].filter((program) => spawnSync(program, ['--version']).error !== undefined);
const skip = missing.length > 0 && process.env.REQUIRE_SERVICES === undefined;

const compiled = await compiledPackage();

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
}, TEST_TIMEOUT);

const blocksUnder = async (section: string): Promise<readonly Block[]> =>
  (await blocksOf('README.md')).filter((block) => block.section === section);

/** Replaces the port of the page with the real one. */
const onPort = (text: string, port: number): string => text.replaceAll('localhost:3000', `localhost:${port}`);

/** Makes the program listen on a free port and print it. */
const onFreePort = (program: string): string =>
  program
    .replace('app.listen(3000)', 'app.listen(0)')
    .replace("'Listening on http://localhost:3000'", "'Listening on http://localhost:' + server.address().port");

/** Returns the shell functions among these lines. */
const functionsIn = (lines: string): string =>
  lines
    .split('\n')
    .filter((line) => /^\w+\(\) \{/.test(line))
    .join('\n');

/** Replaces ids, which differ in every run. */
const withoutIds = (text: string): string => text.replace(/(?<![\w-])[\w-]{22}(?![\w-])/g, '<id>').trim();

test.skipIf(skip)('the walk through the demo does what the page shows', { timeout: TEST_TIMEOUT }, async () => {
  const start = (): Promise<Server> =>
    startServer('examples/demo/server.js', {
      cwd: compiled,
      env: { PORT: '0', DATABASE: join(folder, 'demo.db') },
      isCompiled: true,
    });
  server = await start();

  const [first, ...blocks] = await blocksUnder('Try it');
  expect(first?.text).toBe('npm ci && npm start');
  const functions = functionsIn(blocks[0]?.text ?? '');
  let printed = '';
  let compared = 0;
  for (const { language, text } of blocks) {
    if (language === 'text') {
      expect(withoutIds(printed)).toBe(withoutIds(text));
      compared++;
    } else if (text === 'npm start') {
      expect(await server.stop()).toBe(0);
      // The new server has a new port, because another process may use the previous one by now.
      server = await start();
      await shell.type(onPort(functions, server.port));
    } else printed = await shell.type(onPort(text, server.port));
  }
  expect(compared).toBe(5);
});

test.skipIf(skip)('the whole program runs, and answers what the page shows', { timeout: TEST_TIMEOUT }, async () => {
  const [code, input, output, ...others] = await blocksUnder('A whole program');
  expect([code?.language, input?.language, output?.language, others.length]).toEqual(['js', 'sh', 'text', 0]);
  const text = onFreePort(code?.text ?? '');
  expect(text).not.toMatch(/listen\(3000|Listening on \S*3000/);
  const program = join(compiled, 'app.mjs');
  writeFileSync(program, text);
  // The program creates its file in its working directory.
  server = await startServer(program, { cwd: folder, env: {}, isCompiled: true });
  const typed = (input?.text ?? '').replaceAll(
    /(?<!Origin: )http:\/\/localhost:3000/g,
    `http://localhost:${server.port}`,
  );
  expect((await shell.type(typed)).trim()).toBe(output?.text);
});
