import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import tsconfig from '../../tsconfig.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const { options } = ts.parseJsonConfigFileContent(tsconfig, ts.sys, root);
const entry = join(root, 'src/index.ts');
const program = ts.createProgram([entry], { ...options, types: [] });
const checker = program.getTypeChecker();

/** Returns the text of a docblock, and the names of its tags. */
function docblockOf(symbol: ts.Symbol): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).map(({ name }) => `@${name}`);
  return [text, ...tags].join('\n');
}

const isShown = (text: string): boolean => text.includes('```') || text.includes('@example');

const source = program.getSourceFile(entry);
const symbol = source && checker.getSymbolAtLocation(source);

const names = (symbol === undefined ? [] : checker.getExportsOfModule(symbol)).map((found) => {
  const declared = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
  const members = [...(declared.members ?? [])].map(
    ([member, of]) => [`${found.name}.${member}`, docblockOf(of)] as const,
  );
  return { name: found.name, text: docblockOf(declared), members };
});
const texts = new Map(names.flatMap(({ name, text, members }) => [[name, text] as const, ...members]));

test('the root entry exports at most 65 names', () => {
  expect(names.length).toBeGreaterThan(30);
  expect(names.length).toBeLessThanOrEqual(65);
});

test.each(names)('$name has a docblock in full sentences', ({ text }) => {
  expect(text).toMatch(/^(?:PORT: )?[A-Za-z`'].*\w+s .*\.(?:\s|$)/s);
});

test.each(names)('$name shows an example, or links to one', ({ text }) => {
  const links = [...text.matchAll(/\{@link ([\w.]+) ?\}/g)].map(([, name = '']) => texts.get(name) ?? '');
  expect([text, ...links].some(isShown), text).toBe(true);
});
