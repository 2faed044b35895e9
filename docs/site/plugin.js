import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Comment,
  CommentTag,
  Converter,
  DeclarationReflection,
  DocumentReflection,
  KindRouter,
  ReflectionKind,
} from 'typedoc';
import { headingsOf } from './headings.js';
import { API, NAVIGATION } from './navigation.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The section and the title of each page. */
const places = new Map(
  Object.entries(NAVIGATION).flatMap(([section, pages]) =>
    Object.entries(pages).map(([title, page]) => /** @type {const} */ ([page, { section, title }])),
  ),
);

/** Gives a page the address of its file, so that a new title breaks no link from outside. */
class PageRouter extends KindRouter {
  /**
   * @override
   * @param {import('typedoc').Reflection} reflection
   */
  getIdealBaseName(reflection) {
    if (!(reflection instanceof DocumentReflection)) return super.getIdealBaseName(reflection);
    return `documents/${basename(String(reflection.frontmatter.page), '.md').toLowerCase()}`;
  }
}

/**
 * Puts the pages and the modules into the sections of the site.
 * @param {import('typedoc').Application} app
 */
export function arrange(app) {
  const { paths } = JSON.parse(readFileSync(`${root}/tsconfig.json`, 'utf8')).compilerOptions;
  /** The name that users import, by its source. @type {Map<string, string>} */
  const entries = new Map(Object.entries(paths).map(([name, [source]]) => [source.slice(2), name]));

  app.renderer.defineRouter('pages', PageRouter);
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const page = `${document.name}.md`;
    const place = places.get(page);
    if (place === undefined) throw new Error(`${page} has no place in docs/site/navigation.js`);
    document.frontmatter = { category: place.section, page };
    document.name = place.title;
  });

  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    // The page has a heading of its own.
    const [first] = project.readme ?? [];
    if (first !== undefined) first.text = first.text.replace(/^# .*/, '');
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      if (!(module instanceof DeclarationReflection)) continue;
      const source = project.getSymbolIdFromReflection(module)?.fileName ?? '';
      const name = entries.get(relative(root, source)) ?? entries.get(source);
      if (name === undefined) continue;
      module.name = name;
      categorize(module, API);
      linkToGuide(module, project);
      const categories = headingsOf(`${root}/${relative(root, source)}`);
      for (const child of module.children ?? []) categorize(child, categories.get(child.name));
    }
  });
}

/**
 * Links a module to the page of its name, and back.
 * @param {DeclarationReflection} module
 * @param {import('typedoc').ProjectReflection} project
 */
function linkToGuide(module, project) {
  const page = `docs/${basename(module.name)}.md`;
  const guides = project.getReflectionsByKind(ReflectionKind.Document);
  const guide = guides.find((one) => one instanceof DocumentReflection && one.frontmatter.page === page);
  if (!(guide instanceof DocumentReflection)) return;
  module.comment ??= new Comment();
  module.comment.summary.unshift({ kind: 'text', text: 'Guide: ' }, linkTo(guide, guide.name), {
    kind: 'text',
    text: '\n\n',
  });
  guide.content.push({ kind: 'text', text: '\n\n## API\n\n' }, linkTo(module, module.name));
}

/**
 * @param {import('typedoc').Reflection} target
 * @param {string} text
 * @returns {import('typedoc').CommentDisplayPart}
 */
const linkTo = (target, text) => ({ kind: 'inline-tag', tag: '@link', text, target });

/**
 * @param {DeclarationReflection} reflection
 * @param {string | undefined} category
 */
function categorize(reflection, category) {
  if (category === undefined) return;
  reflection.comment ??= new Comment();
  reflection.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: category }]));
}
