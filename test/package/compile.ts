import { basename, join } from 'node:path';
import ts from 'typescript';
import manifest from '../../package.json' with { type: 'json' };

/** Options for module resolution and output, by the extension of a consumer's module. */
const MODULES = {
  mts: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  cts: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  // For a bundler.
  ts: { module: ts.ModuleKind.Preserve, moduleResolution: ts.ModuleResolutionKind.Bundler },
} as const;

type Extension = keyof typeof MODULES;
export const EXTENSIONS = Object.keys(MODULES) as readonly Extension[];

const isOurs = (file: string): boolean => file.includes(`/node_modules/${manifest.name}/`);
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * Returns TypeScript's messages about a consumer's module in strict mode, and about this package's declarations,
 * without `skipLibCheck`. Messages about other packages do not count: @types/koa has an error beside
 * content-disposition 2, and Clerk imports packages that it does not install.
 */
export function messagesOf(folder: string, name: string): string[] {
  const options: ts.CompilerOptions = {
    ...MODULES[name.split('.').at(-1) as Extension],
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    strict: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getCurrentDirectory = () => folder;
  // Parses each file once, because all modules share the libraries.
  host.getSourceFile = (file, language, ...more) => {
    const key = `${file} ${JSON.stringify(language)}`;
    if (!parsed.has(key)) parsed.set(key, getSourceFile(file, language, ...more));
    return parsed.get(key);
  };
  const program = ts.createProgram([join(folder, name)], options, host);
  const files = program.getSourceFiles().filter(({ fileName }) => isOurs(fileName) || fileName === join(folder, name));
  const found = files.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  const all = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics(), ...found];
  return all.map(({ file, start = 0, code, messageText }) => {
    const { line } = file?.getLineAndCharacterOfPosition(start) ?? { line: 0 };
    return `${basename(file?.fileName ?? '')}:${line + 1} TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
