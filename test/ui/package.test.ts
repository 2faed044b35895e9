import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as ui from 'session-revocation/ui';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { includes } from '../ci-only.ts';
import { buildFile } from './support/built-file.ts';
import { useCardPages } from './support/card-page.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { TEST_TIMEOUT } from './support/timeouts.ts';

const root = join(import.meta.dirname, '../..');

describe('dist/ui.js', { timeout: TEST_TIMEOUT }, () => {
  test('is one file for browsers, that asks for nothing', async () => {
    const file = await buildFile();
    // The file imports nothing.
    expect(ts.preProcessFile(file, true, true).importedFiles).toEqual([]);
    expect(file).not.toMatch(/\brequire\(|node:|sourceMappingURL|process\.env/);
    expect(file).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function|\.cssText|document\.write/);
    expect(gzipSync(file, { level: 9 }).length).toBeLessThan(18_000);
  });

  test('does nothing on a server: ESM and CommonJS', async () => {
    expect(Object.keys(ui)).toEqual(['texts']);
    const folder = mkdtempSync(join(tmpdir(), 'session-revocation-ui-'));
    try {
      writeFileSync(join(folder, 'ui.cjs'), await buildFile('cjs'));
      const required = createRequire(import.meta.url)(join(folder, 'ui.cjs')) as typeof ui;
      expect(required.texts.en).toEqual(ui.texts.en);
      expect('customElements' in globalThis).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is not dropped by bundlers, since its import has an effect', () => {
    const { import: esm, require: cjs } = manifest.exports['./ui'];
    expect(manifest.sideEffects).toEqual([esm.default, cjs.default]);
  });
});

const isWhole = includes('ui: the element and its types, in programs');
const inFull = test.runIf(isWhole);

describeInChromium('the element', () => {
  const cards = useCardPages();

  inFull('is registered once, also by two copies of the file', async () => {
    cards.stub.markup += '<script type="module" src="/ui.js?copy"></script>';
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    expect(await shown.card.getByRole('listitem').count()).toBe(4);
    expect(cards.stub.count('GET /ui.js')).toBe(2);
  });

  inFull('lives in another element’s shadow root, and its events leave both', async () => {
    cards.stub.markup = '<div></div>';
    const shown = await cards.open();
    await shown.page.evaluate(() => {
      const card = document.createElement('login-management');
      document.querySelector('div')!.attachShadow({ mode: 'open' }).append(card);
    });
    await shown.alert.getByText('needs the attribute src').waitFor();
    expect((await shown.cardEvents()).map(({ name }) => name)).toEqual(['session-error']);
  });
});

describe.runIf(isWhole)('the types', { timeout: TEST_TIMEOUT }, () => {
  const CONSUMER = `import { type LoginManagementElement, texts, type TextOverrides } from './ui.js';
    export const overrides: TextOverrides = { heading: 'Devices', reasonCodes: { 'left-us': 'Left us' } };
    export const german: string = texts.de?.heading ?? '';
    export const restart = (card: LoginManagementElement): void => { card.texts = overrides; card.refresh(); };`;
  const WITH_DOM = `const card = document.querySelector('login-management');
    card?.setAttribute('src', '/sessions');
    card?.addEventListener('session-ended', ({ detail }) => console.log(detail.id.length, detail.label));
    document.addEventListener('signed-out', (event) => { if (event.detail.how === 'ended') event.preventDefault(); });
    export const here: HTMLElement = document.createElement('login-management');`;
  const WRONG = [
    `card?.addEventListener('session-ended', ({ detail }) => detail.token);`,
    `overrides.headline = 'Devices';`,
    `restart(document.createElement('div'));`,
  ];
  let declared: ReadonlyMap<string, string>;
  beforeAll(() => {
    declared = declarations();
  }, TEST_TIMEOUT);

  test.each(['ES2023,DOM', 'ES2023'])('are good for a program with the libraries %s', (libs) => {
    const text = libs.includes('DOM') ? CONSUMER + WITH_DOM : CONSUMER;
    expect(messagesOf(text, libs.split(','))).toEqual([]);
  });

  test('refuse what is wrong', () => {
    const messages = messagesOf(`${CONSUMER}${WITH_DOM}\n${WRONG.join('\n')}`, ['ES2023', 'DOM']);
    expect(messages).toHaveLength(WRONG.length);
  });

  /** Returns the consumer's compiler messages, including those about types of the libraries. */
  function messagesOf(text: string, libs: readonly string[]): string[] {
    const files = new Map([...declared, [join(root, 'consumer/use.ts'), text]]);
    const options: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
      types: [],
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      lib: libs.map((lib) => `lib.${lib.toLowerCase()}.d.ts`),
    };
    const built = ts.createProgram([join(root, 'consumer/use.ts')], options, hostOf(options, files));
    return ts.getPreEmitDiagnostics(built).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  }

  /** Returns the published declarations: those of the entry, and of the files that it imports. */
  function declarations(): ReadonlyMap<string, string> {
    const path = join(root, 'adapters/ui/tsconfig.json');
    const { config } = ts.readConfigFile(path, ts.sys.readFile);
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, 'adapters/ui'));
    const settings = { ...options, noEmit: false, emitDeclarationOnly: true, rewriteRelativeImportExtensions: true };
    const files = new Map<string, string>();
    ts.createProgram(fileNames, settings).emit(undefined, (file, text) => {
      const name = file
        .split('/login-management/')
        .at(-1)!
        .replace(/^index\./, 'ui.');
      files.set(join(root, 'consumer', name), text.replaceAll(/(from '\.[\w./-]+)\.ts'/g, "$1.js'"));
    });
    return files;
  }

  function hostOf(options: ts.CompilerOptions, files: ReadonlyMap<string, string>): ts.CompilerHost {
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists, readFile } = host;
    host.fileExists = (name) => files.has(name) || fileExists(name);
    host.readFile = (name) => files.get(name) ?? readFile(name);
    host.directoryExists = () => true;
    host.getSourceFile = (name, version) => {
      const text = files.get(name);
      return text === undefined ? getSourceFile(name, version) : ts.createSourceFile(name, text, version);
    };
    return host;
  }
});
