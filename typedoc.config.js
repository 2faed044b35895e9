import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { Comment, CommentTag, Converter, DeclarationReflection, ReflectionKind } from 'typedoc';

const { compilerOptions } = JSON.parse(readFileSync(new URL('tsconfig.json', import.meta.url), 'utf8'));
/** The name that users import, by its source. @type {Map<string, string>} */
const entries = new Map(Object.entries(compilerOptions.paths).map(([name, [source]]) => [source.slice(2), name]));

/**
 * The names that an entry exports, with the heading that they stand under in its source: a line such as `// Sessions`.
 * @param {string} source
 */
function headings(source) {
  const text = readFileSync(new URL(source, import.meta.url), 'utf8')
    .split('*/')
    .slice(1)
    .join('*/');
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const part of text.split(/^\/\/ /m).slice(1)) {
    const [heading = ''] = part.split('\n', 1);
    for (const [, names = ''] of part.matchAll(/export (?:type )?\{([^}]*)\}/g)) {
      for (const name of names.split(',')) found.set(name.replace(/\btype\b/, '').trim(), heading.replace(/\.$/, ''));
    }
  }
  return found;
}

/**
 * Names the modules as users import them, and groups the names of the root entry by the headings of its source.
 * @param {import('typedoc').Application} app
 */
function arrange(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const module of context.project.getReflectionsByKind(ReflectionKind.Module)) {
      if (!(module instanceof DeclarationReflection)) continue;
      const source = context.project.getSymbolIdFromReflection(module)?.fileName ?? '';
      const name = entries.get(relative(import.meta.dirname, source)) ?? entries.get(source);
      if (name === undefined) continue;
      module.name = name;
      if (name !== 'session-revocation') continue;
      const categories = headings('src/index.ts');
      for (const child of module.children ?? []) {
        const category = categories.get(child.name);
        if (category === undefined) continue;
        child.comment ??= new Comment();
        child.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: category }]));
      }
    }
  });
}

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  entryPoints: Object.values(compilerOptions.paths).flat(),
  plugin: [arrange],
  categoryOrder: [
    ...[
      'Start here',
      'Sessions',
      'Revocation',
      'Devices',
      'Policies and triggers',
      'Audit and review',
      'Errors',
      'Events',
      'Operation',
    ],
    '*',
  ],
  navigation: { includeCategories: true },
  tsconfig: 'tsconfig.docs.json',
  out: 'docs/api',
  readme: 'none',
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  treatWarningsAsErrors: true,
  // `tsc -p tsconfig.build.json` has found them.
  skipErrorChecking: true,
  validation: { notDocumented: true },
  // A property is documented where its name does not say it all.
  requiredToBeDocumented: [
    'Variable',
    'Function',
    'Class',
    'Interface',
    'TypeAlias',
    'Method',
    'Accessor',
    'Constructor',
  ],
};
