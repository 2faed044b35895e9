import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SessionError } from '../../../src/index.ts';
import { sqliteStore } from '../../engines/sqlite/index.ts';
import { Refusal } from '../errors.ts';
import type { Connection, ConnectOptions } from './connection.ts';

/**
 * Checks the file before SQLite opens it. SQLite reports all problems of a file alike, and creates a missing file: a misspelt name would
 * look like a store without sessions.
 */
export function connectSqlite(file: string, { mayCreate }: ConnectOptions): Connection {
  const found = look(file);
  if (found === undefined) {
    if (!mayCreate) throw new SessionError('SESSION_STORE_NOT_SET_UP', `there is no file ${file}`);
  } else if (found.isDirectory()) {
    const example = `sqlite:${join(file, 'sessions.db')}`;
    throw new Refusal(`--store names ${file}, which is a directory: name a file in it, such as ${example}`);
  } else if (!found.isFile()) {
    throw new Refusal(`--store names ${file}, which is no ordinary file: name one, such as sqlite:sessions.db`);
  } else {
    allow(file, constants.R_OK | constants.W_OK, `this user may not read and write the file ${file}`);
  }
  const folder = dirname(file);
  if (look(folder)?.isDirectory() !== true) {
    throw new Refusal(
      `--store names a file in ${folder}, and there is no such directory: make it, or name another file`,
    );
  }
  const beside = 'where SQLite keeps its log beside the file';
  allow(folder, constants.W_OK | constants.X_OK, `this user may not write to the directory ${folder}, ${beside}`);
  return { store: sqliteStore(file), trouble: () => undefined, close: async () => {} };
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new SessionError('SESSION_STORE_DENIED', `this user may not look at ${path}`, { cause });
  }
}

function allow(path: string, mode: number, message: string): void {
  try {
    accessSync(path, mode);
  } catch (cause) {
    throw new SessionError('SESSION_STORE_DENIED', message, { cause });
  }
}
