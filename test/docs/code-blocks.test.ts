import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { typeCheck } from '../../.ci/type-check.js';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { blocksOf, docblocksOf, pages, root } from './markdown.ts';
import { openAround } from './support/around.ts';
import { FOREIGN_MODULES } from './support/foreign-modules.ts';

/**
 * Declarations for the names that fragments in the pages use. A block that declares or imports a name hides them.
 * `Event` and `PostLoginAPI` are types of Auth0's editor.
 */
const AROUND = `
type Around = Awaited<ReturnType<typeof import('${root}/test/docs/support/around.ts')['openAround']>>;
${Object.keys(await openAround())
  .map((name) => `declare const ${name}: Around['${name}'];`)
  .join('\n')}
interface Event {
  readonly authentication?: { readonly methods: readonly { readonly timestamp: string }[] };
  readonly session?: { readonly id: string };
}
interface PostLoginAPI {
  readonly accessToken: { setCustomClaim(name: string, value: unknown): void };
}
${FOREIGN_MODULES}`;

/** Returns the compiler's messages about these modules. Messages about files that they import do not count. */
async function messagesOf(modules: ReadonlyMap<string, string>, around: string): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'session-revocation-blocks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'around.d.ts'), around);
  for (const [name, text] of modules) writeFileSync(join(folder, name), `${text}\nexport {};\n`);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      include: ['*'],
      exclude: [],
    }),
  );
  const { path, args } = typeCheck(folder);
  return new Promise((resolve, reject) => {
    execFile(path, args, { cwd: folder }, (error, stdout) => {
      const messages = stdout.split('\n').filter((line) => modules.has(line.split('(')[0] ?? ''));
      if (error !== null && messages.length === 0) reject(new Error(stdout, { cause: error }));
      else resolve(messages);
    });
  });
}

describe('the code in the pages', { timeout: TEST_TIMEOUT }, () => {
  test('compiles, in docblocks too, and is found where it is wrong', async () => {
    const modules = new Map<string, string>();
    for (const page of pages) {
      for (const { language, line, text } of await blocksOf(page)) {
        if (language === 'js' || language === 'ts') {
          modules.set(`${page.replaceAll('/', '-')}-${line}.${language}`, text);
        }
      }
    }
    // Docblocks of wrappers and bridges are left out. Their fragments need an app of one framework, and programs in the
    // pages cover them.
    const rooms = ['src', ...['engines', 'notifiers', 'receivers', 'transmitters'].map((name) => `adapters/${name}`)];
    const sources = rooms.flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)),
    );
    const inPages = modules.size;
    for (const file of sources.filter((name) => name.endsWith('.ts'))) {
      for (const { language, text, line } of await docblocksOf(file)) {
        expect(language, `${file}:${line}`).toBe('ts');
        modules.set(`${file.replaceAll('/', '-')}-${line}.ts`, text);
      }
    }
    expect(modules.size - inPages).toBeGreaterThan(30);
    const extensions = [...modules.keys()].map((name) => name.slice(-2));
    expect(new Set(extensions)).toEqual(new Set(['js', 'ts']));
    const wrong = '\nawait sessions.revoke({ users: 1 });\nexport const untyped = (given) => given;';
    for (const language of ['js', 'ts']) modules.set(`wrong-${language}.${language}`, wrong);
    expect(await messagesOf(modules, AROUND)).toEqual([
      expect.stringMatching(/^wrong-js\.js\(2,\d+\): .*'users' does not exist/),
      expect.stringMatching(/^wrong-js\.js\(3,\d+\): .*Parameter 'given' implicitly has an 'any' type/),
      expect.stringMatching(/^wrong-ts\.ts\(2,\d+\): .*'users' does not exist/),
      expect.stringMatching(/^wrong-ts\.ts\(3,\d+\): .*Parameter 'given' implicitly has an 'any' type/),
    ]);
  });

  test.each([
    ['an id', 'data.passport?.user', 'data.passport?.user?.id', ''],
    [
      'an object that the app declares',
      'data.passport?.user?.id',
      'data.passport?.user',
      'passport?: { user?: { id: string } };',
    ],
  ])(
    'compiles beside the types of Passport where it keeps %s, and takes nothing else',
    async (_, user, wrong, declared) => {
      const text = `import 'passport';
import { bridge } from 'session-revocation/express-session';
declare module 'express-session' { interface SessionData { ${declared} } }
export const bridged = bridge(sessions, { user: (data) => ${user} });
// @ts-expect-error
bridge(sessions, { user: (data) => ${wrong} });`;
      const around = "declare const sessions: import('session-revocation').Sessions;";
      expect(await messagesOf(new Map([['passport.ts', text]]), around)).toEqual([]);
    },
  );

  test.each(pages)('has no language in %s that is not tested', async (page) => {
    const languages = (await blocksOf(page)).map(({ language }) => language);
    expect(languages.filter((language) => !['js', 'ts', 'sh', 'text'].includes(language))).toEqual([]);
  });
});
