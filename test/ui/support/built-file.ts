import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Options } from 'tsup';
import config from '../../../tsup.config.ts';

/** The file that apps serve, built from the sources as `npm run build` does. */
export async function buildFile(format: 'esm' | 'cjs' = 'esm'): Promise<string> {
  const options = (config as Options[]).find(({ entry }) => Object.hasOwn(entry ?? {}, 'ui'));
  const outDir = await mkdtemp(join(tmpdir(), 'session-revocation-ui-'));
  try {
    await build({ ...options, format, dts: false, silent: true, config: false, outDir });
    return await readFile(join(outDir, format === 'esm' ? 'ui.js' : 'ui.cjs'), 'utf8');
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}
