import { existsSync } from 'node:fs';
import { SessionError } from '../../../src/index.ts';
import { sqliteStore } from '../../engines/sqlite/index.ts';
import type { Connection, ConnectOptions } from './connection.ts';

/** SQLite makes a file that is not there: a misspelt name would look like one where nobody is signed in. */
export function connectSqlite(file: string, { mayCreate }: ConnectOptions): Connection {
  if (!mayCreate && !existsSync(file)) {
    throw new SessionError('SESSION_STORE_NOT_SET_UP', `there is no file ${file}`);
  }
  return { store: sqliteStore(file), trouble: () => undefined, close: async () => {} };
}
