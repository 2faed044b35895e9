import { compileFunction } from 'node:vm';
import ts from 'typescript';
import { blocksOf } from '../../docs/markdown.ts';

/** The programs of a page that export something by this name. */
export async function programsOf(page: string, name: string): Promise<readonly string[]> {
  const texts = (await blocksOf(page)).map(({ text }) => text);
  return texts.filter((text) => new RegExp(`export (async )?function ${name}\\b`).test(text));
}

/** A program of a page as CommonJS. */
export const asCommonJs = (text: string): string =>
  ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
  }).outputText;

/** Runs a program with these modules in the place of those that it imports, and gives what it exports. */
export function runProgram<Exports>(text: string, modules: Readonly<Record<string, object>>): Exports {
  const exports = {};
  const required = (name: string): object => {
    const found = modules[name];
    if (found === undefined) throw new Error(`the program imports ${name}`);
    return found;
  };
  // What it reports is no news here.
  compileFunction(asCommonJs(text), ['exports', 'require', 'console'])(exports, required, { error() {} });
  return exports as Exports;
}
