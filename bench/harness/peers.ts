import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Benchmarks run from the project's root folder. */
const folder = resolve('bench');

/** Loads a package for comparison. The caller gives the types, because the project does not depend on the package. */
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

/** Installs missing packages, in the versions of `bench/package-lock.json`. */
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
