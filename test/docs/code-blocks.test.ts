import { basename, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import tsconfig from '../../tsconfig.json' with { type: 'json' };
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { blocksOf, pages, root } from './markdown.ts';
import { openAround } from './support/around.ts';

/**
 * What the fragments in the pages take for granted; a block that declares or imports a name of its own hides it.
 * `Event` and `PostLoginAPI` are types of Auth0's editor.
 */
const AROUND = `
type Around = Awaited<ReturnType<typeof import('./support/around.ts')['openAround']>>;
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
`;

/** Files of packages and of the sources, which every program shares: to parse them takes most of the time. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** The compiler's messages about these modules, by name. */
function messagesOf(language: string, modules: ReadonlyMap<string, string>): string[] {
  const { options } = ts.parseJsonConfigFileContent(tsconfig, ts.sys, root);
  const settings = { ...options, noUnusedLocals: false, noUnusedParameters: false };
  const place = (name: string): string => join(root, 'test/docs', name);
  const virtual = new Map([[place('around.d.ts'), AROUND]]);
  for (const [name, text] of modules) virtual.set(place(`${name}.${language}`), `${text}\nexport {};\n`);

  const host = ts.createCompilerHost(settings);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => virtual.has(name) || fileExists(name);
  host.readFile = (name) => virtual.get(name) ?? readFile(name);
  host.getSourceFile = (name, version) => {
    const text = virtual.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, version);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, version));
    return parsed.get(name);
  };
  const program = ts.createProgram([...virtual.keys()], settings, host);
  return [...virtual.keys()].flatMap((name) => {
    const source = program.getSourceFile(name);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText, start = 0 }) => {
      const line = source?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${basename(name)}+${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

describe('the code in the pages', { timeout: TEST_TIMEOUT }, () => {
  test.each(['js', 'ts'])('compiles: %s', async (language) => {
    const modules = new Map<string, string>();
    for (const page of pages) {
      for (const block of await blocksOf(page)) {
        if (block.language === language) modules.set(`${page.replaceAll('/', '-')}:${block.line}`, block.text);
      }
    }
    expect(modules.size).toBeGreaterThan(0);
    expect(messagesOf(language, modules)).toEqual([]);
  });

  test.each([
    ['an id', 'data.passport?.user', 'data.passport?.user?.id', ''],
    [
      'an object that the app declares',
      'data.passport?.user?.id',
      'data.passport?.user',
      'passport?: { user?: { id: string } };',
    ],
  ])('compiles beside the types of Passport where it keeps %s, and takes nothing else', (_, user, wrong, declared) => {
    const text = `import 'passport';
import { bridge } from 'session-revocation/express-session';
declare module 'express-session' { interface SessionData { ${declared} } }
export const bridged = bridge(sessions, { user: (data) => ${user} });
// @ts-expect-error
bridge(sessions, { user: (data) => ${wrong} });`;
    expect(messagesOf('ts', new Map([['passport', text]]))).toEqual([]);
  });

  test.each(['js', 'ts'])('is found where it is wrong: %s', (language) => {
    const text = '\nawait sessions.revoke({ users: 1 });\nexport const untyped = (given) => given;';
    expect(messagesOf(language, new Map([['wrong:7', text]]))).toEqual([
      expect.stringMatching(/\+1: .*'users' does not exist/),
      expect.stringMatching(/\+2: Parameter 'given' implicitly has an 'any' type/),
    ]);
  });

  test.each(pages)('has no language in %s that is not tested', async (page) => {
    const languages = (await blocksOf(page)).map(({ language }) => language);
    expect(languages.filter((language) => !['js', 'ts', 'sh', 'text'].includes(language))).toEqual([]);
  });
});
