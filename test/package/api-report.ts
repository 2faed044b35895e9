import { join, relative } from 'node:path';
import ts from 'typescript';
import tsconfig from '../../tsconfig.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');

/** The public entries. Each has the name that users import, and the path of its source. */
const entries = Object.entries(tsconfig.compilerOptions.paths).map(([name, [source]]) => ({
  name,
  source: join(root, source as string),
}));

/** The folder of the reports. */
export const reportFolder: string = join(import.meta.dirname, 'api');

/** Returns the file name of an entry's report, such as `express.md` for `session-revocation/express`. */
const fileOf = (name: string): string => `${name.split('/')[1] ?? 'index'}.md`;

/**
 * Describes the public API in one report per entry. A report lists every exported name with its declaration, as an
 * editor shows it, without comments and private members. The reports are in the repository, so that reviews show every
 * change of the API.
 */
export function describeApi(): ReadonlyMap<string, string> {
  const declarations = emitDeclarations();
  const options: ts.CompilerOptions = {
    ...OPTIONS,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  // Hides the sources from the compiler, so that imports resolve to the declarations.
  const isSource = (file: string): boolean => declarations.has(file.replace(/\.ts$/, '.d.ts'));
  host.fileExists = (file) => declarations.has(file) || (!isSource(file) && fileExists(file));
  host.readFile = (file) => declarations.get(file) ?? readFile(file);
  host.getSourceFile = (file, version) => {
    const text = declarations.get(file);
    return text === undefined ? getSourceFile(file, version) : ts.createSourceFile(file, text, version);
  };
  const declared = ({ source }: { readonly source: string }): string => source.replace(/\.ts$/, '.d.ts');
  const program = ts.createProgram(entries.map(declared), options, host);
  return new Map(
    entries.map((entry) => {
      const file = program.getSourceFile(declared(entry));
      if (file === undefined) throw new Error(`${relative(root, entry.source)} has no declarations`);
      return [fileOf(entry.name), reportOf(entry.name, file, program.getTypeChecker())];
    }),
  );
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
};

/** Returns the declarations of all sources by file name, without comments and without members marked `@internal`. */
function emitDeclarations(): ReadonlyMap<string, string> {
  const emitted = new Map<string, string>();
  const options: ts.CompilerOptions = {
    ...OPTIONS,
    ...{ declaration: true, emitDeclarationOnly: true, isolatedDeclarations: true },
    ...{ removeComments: true, stripInternal: true, rewriteRelativeImportExtensions: true },
  };
  const program = ts.createProgram(
    entries.map(({ source }) => source),
    options,
  );
  program.emit(undefined, (file, text) => emitted.set(file, text));
  return emitted;
}

function reportOf(name: string, file: ts.SourceFile, checker: ts.TypeChecker): string {
  const module = checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${name} exports nothing`);
  const names = checker
    .getExportsOfModule(module)
    .map((symbol) => ({ name: symbol.name, text: textOf(symbol, checker) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const parts = names.map((one) => `## ${one.name}\n\n\`\`\`ts\n${one.text}\n\`\`\`\n`);
  return `# ${name}\n\n${names.length} names. Made by \`npm run api\`.\n\n${parts.join('\n')}`;
}

function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const texts = (original.declarations ?? []).map((declaration) => {
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return statement.getText(statement.getSourceFile());
  });
  return [...new Set(texts)].join('\n').replace(/^ +#private;\n/gm, '');
}
