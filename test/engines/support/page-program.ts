import { compileFunction } from 'node:vm';
import ts from 'typescript';
import { blocksOf } from '../../docs/markdown.ts';

/** Returns the programs on a documentation page that export a function of this name. */
export async function programsOf(page: string, name: string): Promise<readonly string[]> {
  const texts = (await blocksOf(page)).map(({ text }) => text);
  return texts.filter((text) => new RegExp(`export (async )?function ${name}\\b`).test(text));
}

/** Compiles a program of a page to CommonJS. */
export const asCommonJs = (text: string): string =>
  ts.transpileModule(text, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
      experimentalDecorators: true,
    },
  }).outputText;

/** Runs a program and returns its exports. `modules` replace the modules that it imports. */
export function runProgram<Exports>(text: string, modules: Readonly<Record<string, object>>): Exports {
  const exports = {};
  const required = (name: string): object => {
    const found = modules[name];
    if (found === undefined) throw new Error(`the program imports ${name}`);
    return found;
  };
  // The program's own error messages are not of interest here.
  compileFunction(asCommonJs(text), ['exports', 'require', 'console'])(exports, required, { error() {} });
  return exports as Exports;
}
