import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Options, build as tsup } from 'tsup';
import config from '../../../tsup.config.ts';

type Format = 'esm' | 'cjs';

const built = new Map<Format, Promise<string>>();

/** Returns the file that apps serve, built from the sources as `npm run build` does. Builds it once per process. */
export function buildFile(format: Format = 'esm'): Promise<string> {
  const file = built.get(format) ?? build(format);
  built.set(format, file);
  return file;
}

async function build(format: Format): Promise<string> {
  const options = (config as Options[]).find(({ entry }) => Object.hasOwn(entry ?? {}, 'ui'));
  const outDir = await mkdtemp(join(tmpdir(), 'session-revocation-ui-'));
  try {
    await tsup({ ...options, format, dts: false, silent: true, config: false, outDir });
    return await readFile(join(outDir, format === 'esm' ? 'ui.js' : 'ui.cjs'), 'utf8');
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}
