import { EpochCache } from '../../../src/adapter.ts';
import { SessionError } from '../../../src/index.ts';
import { closed } from '../shared/closed.ts';
import { type Database, openWithRetry } from './connection.ts';
import type { Context } from './context.ts';
import { OwnChanges } from './own-changes.ts';
import { isNoDatabase } from './prepared.ts';
import { setUp } from './setup.ts';
import { statementsOf } from './statements/index.ts';

export interface Source {
  /** How long to wait for other processes, in ms. */
  readonly timeout: number;
  /**
   * Opens a connection. Called when the store first needs the database, and again after a failure or a lost connection.
   */
  connect(): Database;
  discard(database: Database): void;
  close(): void;
}

export class Readiness {
  readonly #source: Source;
  readonly #steps: readonly string[];
  readonly #epochs: EpochCache = new EpochCache();
  #opened: Context | null = null;
  #closed = false;

  constructor(source: Source, steps: readonly string[]) {
    this.#source = source;
    this.#steps = steps;
  }

  open(): Context {
    const opened = this.#opened;
    if (opened !== null && !opened.database.closed) {
      opened.database.ready();
      return opened;
    }
    if (this.#closed) throw closed();
    try {
      return openWithRetry(() => this.#connect(), this.#source.timeout);
    } catch (error) {
      if (!isNoDatabase(error)) throw error;
      const message = 'the file is no SQLite database, or is encrypted; sessions need a file of their own';
      throw new SessionError('SESSION_STORE_NAME_CONFLICT', message, { cause: error });
    }
  }

  close(): void {
    this.#closed = true;
    this.#opened?.database.close();
    this.#opened = null;
    this.#source.close();
  }

  #connect(): Context {
    const database = this.#source.connect();
    try {
      database.ready();
      setUp(database, this.#steps);
      this.#opened = {
        database,
        statements: statementsOf(database),
        epochs: this.#epochs,
        changes: new OwnChanges(),
      };
      return this.#opened;
    } catch (error) {
      this.#source.discard(database);
      throw error;
    }
  }
}
