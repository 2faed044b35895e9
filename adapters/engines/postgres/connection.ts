import { SessionError } from '../../../src/index.ts';
import { FRESH } from '../sql/fresh.ts';
import type { PostgresClient, PostgresRow, PostgresStatement, PostgresValue } from './clients/client.ts';
import { isContention, isTaken, isUnprepared, meaningOf } from './errors.ts';
import { APPLICATION, type Tables } from './names.ts';
import { type Ask, type Prepared, prepared } from './prepared.ts';
import { OLDEST_SERVER, STEPS } from './schema.ts';

/** Maximum number of attempts for a statement that another writer interrupted. */
const MAX_TRIES = 6;
const MAX_WAIT = 20;

export class Connection {
  readonly #run: (statement: PostgresStatement) => Promise<readonly PostgresRow[]>;
  readonly #version: Prepared;
  #prepares: boolean;
  #ready: Promise<void> | null = null;
  #freshUntil: number = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(client: PostgresClient, tables: Tables, prepares: boolean) {
    this.#run = (statement) => client.run(statement);
    this.#version = versionStatement(tables);
    this.#prepares = prepares;
  }

  /**
   * Runs a statement once the tables are known to belong to this library. Repeats it if another writer interrupted it.
   * This is safe, because each method is one statement and a failed statement has no effect.
   * @throws `SessionError` if the driver's error has a meaning here, see `errors.ts`; otherwise the driver's own error.
   */
  readonly ask: Ask = async (statement, ...values) => {
    this.checkOpen();
    // Skips the `await` once the tables are known, because every check would pay for the extra tick.
    if (!this.isReady) await this.ready();
    try {
      return await this.#retried(statement, values);
    } catch (error) {
      // The tables may have changed, or another server may answer now.
      if (!isTaken(error)) this.#ready = null;
      throw meaningOf(error);
    }
  };

  /** Runs a statement without a check of the tables, which may not exist yet. */
  async askUnready(statement: Prepared, ...values: PostgresValue[]): Promise<readonly PostgresRow[]> {
    this.checkOpen();
    try {
      return await this.#once(statement, values);
    } catch (error) {
      throw meaningOf(error);
    }
  }

  /** True if the tables were checked in the last seconds and nothing has failed since. */
  get isReady(): boolean {
    return this.#ready === READY && performance.now() < this.#freshUntil;
  }

  /** True while statements are kept prepared. Becomes false when a proxy turns out not to support them. */
  get prepares(): boolean {
    return this.#prepares;
  }

  /** @throws `Error` once the store is closed. */
  checkOpen(): void {
    if (this.#closed) throw new Error('the store is closed');
  }

  ready(): Promise<void> {
    // A later version of the library may have upgraded the tables meanwhile.
    if (this.#ready === READY && !this.isReady) this.#ready = null;
    this.#ready ??= this.#check();
    return this.#ready;
  }

  forget(): void {
    this.#ready = null;
  }

  close(): void {
    this.#closed = true;
    this.#ready = null;
  }

  async #check(): Promise<void> {
    const began = performance.now();
    try {
      checkVersion(await this.askUnready(this.#version));
      this.#freshUntil = began + FRESH;
      this.#ready = READY;
    } catch (error) {
      this.#ready = null;
      throw error;
    }
  }

  async #retried(statement: Prepared, values: readonly PostgresValue[]): Promise<readonly PostgresRow[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(statement, values);
      } catch (error) {
        if (!isContention(error) || tries === MAX_TRIES) throw error;
        const maxWait = Math.min(2 ** tries, MAX_WAIT);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * maxWait));
      }
    }
  }

  async #once({ name, text, timeout }: Prepared, values: readonly PostgresValue[]): Promise<readonly PostgresRow[]> {
    if (!this.#prepares) return this.#run({ text, values, timeout });
    try {
      return await this.#run({ text, values, name, timeout });
    } catch (error) {
      if (!isUnprepared(error)) throw error;
      // A proxy that switches connections supports no prepared statements. The failed statement had no effect.
      this.#prepares = false;
      return this.#run({ text, values, timeout });
    }
  }
}

const READY: Promise<void> = Promise.resolve();

/**
 * Reads the owner of the tables, their version, the oldest version whose code works on them, and the server's version.
 */
export const versionStatement = ({ meta }: Tables): Prepared =>
  prepared(
    'version',
    `SELECT m.application, m.version, m.oldest, current_setting('server_version_num') AS server FROM ${meta} m`,
  );

/**
 * A statement that Postgres rejects outside of a transaction (25P01). Its lock is no stronger than that of a SELECT.
 */
export const blockStatement = ({ meta }: Tables): string => `LOCK TABLE ${meta} IN ACCESS SHARE MODE`;

/** @throws `SessionError` if this code cannot work on the tables. */
export function checkVersion([row]: readonly PostgresRow[]): void {
  const [application, version, oldest, server] = row ?? [];
  if (application !== APPLICATION) {
    throw new SessionError(
      'SESSION_STORE_NAME_CONFLICT',
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
      `the tables are of version ${version} and this library needs ${STEPS.length}: call await sessions.setup(), or apply ` +
        `postgresSchema({ from: ${version} }) with your migration tool`,
    );
  }
  if (Number(server) < OLDEST_SERVER) {
    throw new SessionError('SESSION_STORE_UNSUPPORTED', 'sessions need Postgres 13 or later');
  }
}
