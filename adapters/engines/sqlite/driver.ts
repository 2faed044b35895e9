import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SessionError } from '../../../src/index.ts';
import type { SqliteConnection } from './client.ts';

export type Driver = new (file: string) => SqliteConnection;

const PACKAGES = ['libsql', 'better-sqlite3'];

/** Returns the first SQLite driver that loads. This package imports none of them, so none is required. */
export function findDriver(): Driver {
  const builtIn = process.getBuiltinModule('node:sqlite') as { readonly DatabaseSync: Driver } | undefined;
  if (builtIn !== undefined) return builtIn.DatabaseSync;

  const problems: unknown[] = [];
  for (const name of PACKAGES) {
    for (const place of places()) {
      try {
        return createRequire(place)(name) as Driver;
      } catch (error) {
        // The package may be installed but not load, for example if it was built for another version of Node.
        problems.push(error);
      }
    }
  }
  throw new SessionError(
    'SESSION_STORE_UNSUPPORTED',
    'there is no SQLite: run on Node 22.13 or later, `npm install libsql`, `npm install better-sqlite3`, ' +
      'or hand an open connection to sqliteStore()',
    { cause: new AggregateError(problems, problems.map(String).join('\n')) },
  );
}

/**
 * The places from which to load a driver. Package managers install peers beside this package. The app's folder counts
 * in case this package is linked or bundled. `__filename` exists only in the CommonJS build.
 */
const places = (): string[] => [
  typeof __filename === 'string' ? __filename : import.meta.url,
  join(process.cwd(), 'index.js'),
];
