import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SessionError } from '../../../src/index.ts';
import { sqliteStore } from '../../engines/sqlite/index.ts';
import { Refusal } from '../errors.ts';
import type { Connection, ConnectOptions } from './connection.ts';

/**
 * Checks the file, then opens the store. SQLite reports all problems of a file with the same error. It also creates a
 * missing file, so a misspelt name would look like a store without sessions.
 */
export function connectSqlite(file: string, { mayCreate }: ConnectOptions): Connection {
  const found = look(file);
  if (found === undefined) {
    if (!mayCreate) throw new SessionError('SESSION_STORE_NOT_SET_UP', `there is no file ${file}`);
  } else if (found.isDirectory()) {
    const example = `sqlite:${join(file, 'sessions.db')}`;
    throw new Refusal(`--store names ${file}, which is a directory: name a file in it, such as ${example}`);
  } else if (!found.isFile()) {
    throw new Refusal(`--store names ${file}, which is not a regular file: use one, such as sqlite:sessions.db`);
  } else {
    allow(file, constants.R_OK | constants.W_OK, `this user has no permission to read and write the file ${file}`);
  }
  const folder = dirname(file);
  if (look(folder)?.isDirectory() !== true) {
    throw new Refusal(
      `--store names a file in ${folder}, which does not exist: make the directory, or use another file`,
    );
  }
  const beside = 'where SQLite keeps its log beside the file';
  allow(
    folder,
    constants.W_OK | constants.X_OK,
    `this user has no permission to write to the directory ${folder}, ${beside}`,
  );
  return { store: sqliteStore(file), trouble: () => undefined, close: async () => {} };
}

function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new SessionError('SESSION_STORE_DENIED', `this user has no permission to access ${path}`, { cause });
  }
}

function allow(path: string, mode: number, message: string): void {
  try {
    accessSync(path, mode);
  } catch (cause) {
    throw new SessionError('SESSION_STORE_DENIED', message, { cause });
  }
}
