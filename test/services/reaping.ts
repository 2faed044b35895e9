import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

let reaper: ChildProcess | null = null;

/** Has a server ended, and its folder removed, if this process ends before it has done so itself. */
export function entrust(pid: number, folder: string): void {
  tell({ pid, folder });
}

/** The server has ended. */
export function release(pid: number): void {
  tell({ pid, folder: null });
}

function tell(line: { readonly pid: number; readonly folder: string | null }): void {
  reaper ??= start();
  reaper.stdin?.write(`${JSON.stringify(line)}\n`);
}

function start(): ChildProcess {
  // Detached, since a signal from the terminal goes to the whole group.
  const child = spawn(process.execPath, [join(import.meta.dirname, 'reaper.js')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  (child.stdin as { unref?: () => void } | null)?.unref?.();
  return child;
}
