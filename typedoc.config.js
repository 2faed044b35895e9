import { readFileSync } from 'node:fs';
import { headingsOf } from './docs/site/headings.js';
import { API, NAVIGATION } from './docs/site/navigation.js';
import { arrange } from './docs/site/plugin.js';

const { compilerOptions } = JSON.parse(readFileSync(new URL('tsconfig.json', import.meta.url), 'utf8'));

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  entryPoints: Object.values(compilerOptions.paths).flat(),
  projectDocuments: Object.values(NAVIGATION).flatMap((pages) => Object.values(pages)),
  plugin: [arrange],
  router: 'pages',
  categorizeByGroup: false,
  sortEntryPoints: false,
  categoryOrder: [
    ...Object.keys(NAVIGATION),
    API,
    ...headingsOf('src/index.ts').values(),
    ...headingsOf('src/adapter.ts').values(),
    '*',
  ],
  groupOrder: ['Functions', 'Classes', 'Variables', 'Interfaces', 'Type Aliases', '*'],
  includeHierarchySummary: false,
  navigation: { includeCategories: true },
  tsconfig: 'tsconfig.docs.json',
  out: 'docs/_site',
  readme: 'docs/README.md',
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
