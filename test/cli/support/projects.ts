import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** Goes, until the test is over, to a project of its own that has this driver, as installed here, and no other. */
export function enterProject(driver: string): string {
  const folder = emptyProject();
  symlinkSync(join(root, 'node_modules', driver), join(folder, 'node_modules', driver));
  return folder;
}

/** The same with a driver that is broken. */
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
