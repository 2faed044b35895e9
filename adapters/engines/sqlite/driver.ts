import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SessionError } from '../../../src/index.ts';
import type { SqliteConnection } from './connection.ts';

/** Opens a file. */
export type Driver = new (file: string) => SqliteConnection;

const PACKAGES = ['libsql', 'better-sqlite3'];

/**
 * The driver that is there: of Node itself, or of a package. None is imported, so that none is required.
 * @throws `SessionError` `SESSION_STORE_UNSUPPORTED` where there is none, with what went wrong as its `cause`.
 */
export function findDriver(): Driver {
  const builtIn = process.getBuiltinModule('node:sqlite') as { readonly DatabaseSync: Driver } | undefined;
  if (builtIn !== undefined) return builtIn.DatabaseSync;

  const problems: unknown[] = [];
  for (const name of PACKAGES) {
    for (const place of places()) {
      try {
        return createRequire(place)(name) as Driver;
      } catch (error) {
        // It may be there and not load (compiled for another version of Node): that is worth knowing.
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
 * Where a package is looked for: beside this one, as package managers lay peers; and beside the app, where this one is
 * linked or bundled. `__filename` is there in the CommonJS build, and nowhere else.
 */
const places = (): string[] => [
  typeof __filename === 'string' ? __filename : import.meta.url,
  join(process.cwd(), 'index.js'),
];
