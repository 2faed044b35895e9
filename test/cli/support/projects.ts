import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** Changes to a new project folder that has only this driver, as it is installed here. Changes back after the test. */
export function enterProject(driver: string): string {
  const folder = emptyProject();
  symlinkSync(join(root, 'node_modules', driver), join(folder, 'node_modules', driver));
  return folder;
}

/** Does the same with a driver that throws when it is loaded. */
export function enterBrokenProject(driver: string): string {
  const folder = emptyProject();
  mkdirSync(join(folder, 'node_modules', driver));
  writeFileSync(join(folder, 'node_modules', driver, 'index.js'), 'throw new Error("compiled for another Node");');
  return folder;
}

function emptyProject(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'session-revocation-project-')));
  mkdirSync(join(folder, 'node_modules'));
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
