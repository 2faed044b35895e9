import { basename, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import tsconfig from '../../tsconfig.json' with { type: 'json' };
import { LONGEST } from '../ui/support/patience.ts';
import { blocksOf, pages, root } from './markdown.ts';

/** What the fragments in the pages take for granted; a block that declares or imports a name of its own hides it. */
const AROUND = `
declare const sessions: import('session-revocation').Sessions;
declare const session: import('session-revocation').Session;
declare const sqliteStore: typeof import('session-revocation/sqlite').sqliteStore;
declare const express: typeof import('express')['default'];
declare const app: import('express').Express;
declare const authOf: typeof import('session-revocation/express').authOf;
declare const sessionOf: typeof import('session-revocation/express').sessionOf;
declare const authentication: typeof import('session-revocation/express').authentication;
declare const requireSession: typeof import('session-revocation/express').requireSession;
declare const sessionRoutes: typeof import('session-revocation/express').sessionRoutes;
declare const staff: import('session-revocation').Sessions;
declare const customers: import('session-revocation').Sessions;
declare function rolesOf(user: string): readonly string[];
declare const safeReturnPath: typeof import('session-revocation/express').safeReturnPath;
declare const userAgent: string;
declare const ip: string;
declare const password: string;
declare function passwordIsRight(user: string, password: string): Promise<boolean>;
declare const users: {
  idOf(email: string): Promise<string | null>;
  verify(user: string | null, password: string): Promise<boolean>;
  setPassword(user: string, password: string): Promise<void>;
};
`;

/** Whatever the compiler says of these modules, by name. JavaScript is taken as it is written: without types. */
function messagesOf(language: string, modules: ReadonlyMap<string, string>): string[] {
  const { options } = ts.parseJsonConfigFileContent(tsconfig, ts.sys, root);
  const settings = { ...options, noImplicitAny: language !== 'js', noUnusedLocals: false, noUnusedParameters: false };
  const place = (name: string): string => join(root, 'test/docs', name);
  const virtual = new Map([[place('around.d.ts'), AROUND]]);
  for (const [name, text] of modules) virtual.set(place(`${name}.${language}`), `${text}\nexport {};\n`);

  const host = ts.createCompilerHost(settings);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => virtual.has(name) || fileExists(name);
  host.readFile = (name) => virtual.get(name) ?? readFile(name);
  host.getSourceFile = (name, version) => {
    const text = virtual.get(name);
    return text === undefined ? getSourceFile(name, version) : ts.createSourceFile(name, text, version);
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

describe('the code in the pages', { timeout: LONGEST }, () => {
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

  test('is found where it is wrong', () => {
    const messages = messagesOf('ts', new Map([['wrong:7', '\nawait sessions.revoke({ users: 1 });']]));
    expect(messages).toEqual([expect.stringMatching(/^wrong:7\.ts\+1: .*'users' does not exist/)]);
  });

  test.each(pages)('has no language in %s that is not tested', async (page) => {
    const languages = (await blocksOf(page)).map(({ language }) => language);
    expect(languages.filter((language) => !['js', 'ts', 'sh', 'text'].includes(language))).toEqual([]);
  });
});
