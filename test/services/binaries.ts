import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian installs the programs of Postgres outside PATH, one folder per version. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** Returns the path of the first of these programs that is installed, or `null`. */
export function findBinary(...names: readonly string[]): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', ...debianPostgres()];
  for (const name of names) {
    const path = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (path !== undefined) return path;
  }
  return null;
}

function debianPostgres(): readonly string[] {
  try {
    const versions = readdirSync(DEBIAN_POSTGRES).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DEBIAN_POSTGRES, version, 'bin'));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The Unix account of a server's process. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Returns the account that servers run as. Postgres and MariaDB refuse to run as root, so under root they run as the
 * user `nobody`. `null` means the account of the tests.
 */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Runs a program to its end. If the program fails, the promise rejects with its output. */
export function run(program: string, args: readonly string[], folder: string, account: Account | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...account });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${code}:\n${said.slice(-2_000)}`));
    });
  });
}
