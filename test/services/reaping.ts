import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

let reaper: ChildProcess | null = null;

/** Makes the reaper kill the server and remove its folder if this process ends first. */
export function entrust(pid: number, folder: string): void {
  tell({ pid, folder });
}

/** Tells the reaper that the server has ended. */
export function release(pid: number): void {
  tell({ pid, folder: null });
}

function tell(line: { readonly pid: number; readonly folder: string | null }): void {
  reaper ??= start();
  reaper.stdin?.write(`${JSON.stringify(line)}\n`);
}

function start(): ChildProcess {
  // The reaper is detached: a signal from the terminal goes to the whole process group, and would end it.
  const child = spawn(process.execPath, [join(import.meta.dirname, 'reaper.js')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  (child.stdin as { unref?: () => void } | null)?.unref?.();
  return child;
}
