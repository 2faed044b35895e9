import { SessionError } from '../../../src/index.ts';
import type { PostgresClient, PostgresRow, PostgresStatement, PostgresValue } from './client.ts';
import { isContention, isTaken, isUnprepared, meaningOf } from './errors.ts';
import { type Ask, type Prepared, prepared } from './prepared.ts';
import { APPLICATION, OLDEST_SERVER, STEPS } from './schema.ts';
import type { Tables } from './tables.ts';

/** How often a statement is asked again that another writer was in the way of. */
const MOST_TRIES = 6;
const LONGEST_WAIT = 20;

/** Asks a client, each statement by itself. */
export class Connection {
  readonly #run: (statement: PostgresStatement) => Promise<readonly PostgresRow[]>;
  readonly #version: Prepared;
  #prepares: boolean;
  #ready: Promise<void> | null = null;
  #closed = false;

  constructor(client: PostgresClient, tables: Tables, prepares: boolean) {
    this.#run = (statement) => client.run(statement);
    this.#version = versionStatement(tables);
    this.#prepares = prepares;
  }

  /**
   * Asks once the tables are known to be ours, and again where another writer was in the way: a verb is one statement, so
   * that nothing of it was done.
   * @throws `SessionError` of what went wrong, see `errors.ts`; otherwise the driver's own error.
   */
  readonly ask: Ask = async (statement, ...values) => {
    this.checkOpen();
    // Not awaited again once it is known: a check pays for every turn.
    if (!this.isReady) await this.ready();
    try {
      return await this.#patiently(statement, values);
    } catch (error) {
      // Somebody may have changed the tables, or the server is another one.
      if (!isTaken(error)) this.#ready = null;
      throw meaningOf(error);
    }
  };

  /** Asks whatever there is, also where there are no tables yet. */
  async askUnready(statement: Prepared, ...values: PostgresValue[]): Promise<readonly PostgresRow[]> {
    this.checkOpen();
    try {
      return await this.#once(statement, values);
    } catch (error) {
      throw meaningOf(error);
    }
  }

  /** Whether the tables were seen to be well, and nothing has failed since. */
  get isReady(): boolean {
    return this.#ready === READY;
  }

  /** Whether statements are kept prepared: until a proxy turns out not to know them. */
  get prepares(): boolean {
    return this.#prepares;
  }

  /** @throws `Error` once the store is closed. */
  checkOpen(): void {
    if (this.#closed) throw new Error('the store is closed');
  }

  /** Resolves when the tables were seen to be there and of a version that this code works on. */
  ready(): Promise<void> {
    this.#ready ??= this.#check();
    return this.#ready;
  }

  /** The tables are to be looked at again. */
  forget(): void {
    this.#ready = null;
  }

  close(): void {
    this.#closed = true;
    this.#ready = null;
  }

  async #check(): Promise<void> {
    try {
      checkVersion(await this.askUnready(this.#version));
      this.#ready = READY;
    } catch (error) {
      this.#ready = null;
      throw error;
    }
  }

  async #patiently(statement: Prepared, values: readonly PostgresValue[]): Promise<readonly PostgresRow[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(statement, values);
      } catch (error) {
        if (!isContention(error) || tries === MOST_TRIES) throw error;
        const longest = Math.min(2 ** tries, LONGEST_WAIT);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
      }
    }
  }

  async #once({ name, text, patience }: Prepared, values: readonly PostgresValue[]): Promise<readonly PostgresRow[]> {
    if (!this.#prepares) return this.#run({ text, values, patience });
    try {
      return await this.#run({ text, values, name, patience });
    } catch (error) {
      if (!isUnprepared(error)) throw error;
      // Behind a proxy that changes connections, nothing can be kept prepared. Nothing was done yet.
      this.#prepares = false;
      return this.#run({ text, values, patience });
    }
  }
}

const READY: Promise<void> = Promise.resolve();

/** Whose the tables are, their version, the oldest one whose code works on them, and the server's. */
export const versionStatement = ({ meta }: Tables): Prepared =>
  prepared(
    'version',
    `SELECT m.application, m.version, m.oldest, current_setting('server_version_num') AS server FROM ${meta} m`,
  );

/** Postgres refuses it outside of a transaction (25P01), and it locks no more than to read a table does. */
export const blockStatement = ({ meta }: Tables): string => `LOCK TABLE ${meta} IN ACCESS SHARE MODE`;

/** @throws `SessionError` where this code cannot work on the tables. */
export function checkVersion([row]: readonly PostgresRow[]): void {
  const [application, version, oldest, server] = row ?? [];
  if (application !== APPLICATION) {
    throw new SessionError(
      'SESSION_STORE_FOREIGN',
      'the table meta belongs to something else; give the store a schema or a prefix of its own',
    );
  }
  if (Number(oldest) > STEPS.length) {
    throw new SessionError(
      'SESSION_STORE_TOO_NEW',
      `the tables are of version ${version}; this version of the library knows up to ${STEPS.length}`,
    );
  }
  if (Number(version) < STEPS.length) {
    throw new SessionError(
      'SESSION_STORE_NOT_SET_UP',
      `the tables are of version ${version} and this library needs ${STEPS.length}: call setup(), or apply ` +
        `postgresSchema({ from: ${version} }) with your migration tool`,
    );
  }
  if (Number(server) < OLDEST_SERVER) {
    throw new SessionError('SESSION_STORE_UNSUPPORTED', 'sessions need Postgres 13 or later');
  }
}
