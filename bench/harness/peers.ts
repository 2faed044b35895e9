import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The benchmarks run from the root of the project. */
const folder = resolve('bench');

/** Loads a package that is compared with. Its types are those that the caller needs: the project does not depend on it. */
export async function peer<Exports>(name: string): Promise<Exports> {
  const { loadPeer } = (await import(pathToFileURL(join(folder, 'load-peer.js')).href)) as {
    loadPeer(name: string): Promise<Exports>;
  };
  return loadPeer(name);
}

const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};

export const peerVersions: Readonly<Record<string, string>> = dependencies;

/** Installs what is missing, as `bench/package-lock.json` says. */
export function installPeers(): void {
  const isThere = ([name, version]: [string, string]): boolean => {
    const manifest = join(folder, 'node_modules', name, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  };
  if (Object.entries(dependencies).every(isThere)) return;
  console.log('Installing the packages that are compared with, into bench/node_modules …');
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], { stdio: 'inherit' });
  if (status !== 0) throw new Error('`npm ci` in bench/ failed. Only sections without other packages can run.');
}
