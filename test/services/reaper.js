/**
 * A separate process that kills private servers and removes their folders when the run that started them has ended for
 * any reason. It notices the end of the run by the end of its input. Each line of input is `{ pid, folder }`, or `{
 * pid, folder: null }` for a server that has ended.
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
      // The server has already ended.
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
});
