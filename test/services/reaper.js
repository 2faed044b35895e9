/**
 * A process of its own that ends private servers and removes their folders when the run that started them is gone,
 * however it went: it then finds the end of its input. Lines are `{ pid, folder }`, or `{ pid, folder: null }` for
 * a server that has ended.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** @type {Map<number, string>} */
const servers = new Map();

const lines = createInterface(process.stdin);
lines.on('line', (line) => {
  const { pid, folder } = JSON.parse(line);
  if (folder === null) servers.delete(pid);
  else servers.set(pid, folder);
});
lines.on('close', () => {
  for (const [pid, folder] of servers) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
});
