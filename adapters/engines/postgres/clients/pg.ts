import { SessionError } from '../../../../src/index.ts';
import { hasMethod } from '../../sql/has-method.ts';
import type { PostgresClient, PostgresRow, PostgresStatement } from './client.ts';

/** The query that this store passes to pg's `query`. */
export interface PgQuery {
  /** SQL of one statement, with parameters `$1`, `$2`, …. */
  readonly text: string;
  /** Parameters: text, `null`, or arrays of text. */
  readonly values: unknown[];
  /** Name under which the connection keeps the statement prepared. Left out: it is not kept. */
  readonly name?: string;
  /** Time limit for the answer, in ms. Left out: no limit of this store. */
  readonly query_timeout?: number;
  /** Rows as lists, column by column. */
  readonly rowMode: 'array';
  /** Parsers of this query, in place of the app's own. */
  readonly types: {
    /** Returns a parser for a column's values. The parser returns the server's text unchanged. */
    getTypeParser(): (text: string) => unknown;
  };
}

/** The subset of pg's `Pool`, `Client` and `PoolClient` that this store needs. */
export interface PgClient {
  /**
   * Runs a statement.
   * @param query the statement with its parameters. Its properties may be inherited.
   */
  query(query: PgQuery): Promise<{
    /** The rows of the result, empty for a statement without rows. */
    readonly rows: PostgresRow[];
  }>;
  /**
   * Returns `'I'` outside of a transaction, `'T'` in one, and `'E'` in a failed one. Older versions of pg lack this.
   */
  getTransactionStatus?(): string | null;
}

interface PgPool extends PgClient {
  connect(callback: (error: Error | undefined, lent: LentClient | undefined) => void): void;
}

interface LentClient extends PgClient {
  /** Returns the connection to the pool. With an error or `true`, the pool closes it. */
  release(error?: unknown): void;
  on(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
}

/** Returns columns as the server's text, because the app may have set other parsers. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

export function fromPg(client: PgClient): PostgresClient<PgClient> {
  const ask = asking();
  return {
    run: isPool(client) ? (statement) => askLent(client, statement, ask) : inTurn(client, ask),
    runWithin: ask,
    checkTransaction(transaction) {
      if (!hasMethod(transaction, 'query')) throw new TypeError('within needs the client that began the transaction');
      // A pool may run each statement on any of its connections, and each is committed by itself.
      if (isPool(transaction)) throw new TypeError('within needs the client that began the transaction, not the pool');
    },
    isInTransaction(transaction) {
      const status = transaction.getTransactionStatus?.() ?? null;
      return status === null ? undefined : status !== 'I';
    },
  };
}

type Ask = (client: PgClient, statement: PostgresStatement) => Promise<readonly PostgresRow[]>;

function inTurn(client: PgClient, ask: Ask): (statement: PostgresStatement) => Promise<readonly PostgresRow[]> {
  let last: Promise<unknown> = Promise.resolve();
  return (statement) => {
    const next = () => {
      if (isInTransaction(client)) throw inAnothers('give the store a pool, or a connection of its own');
      return askAlone(client, statement, ask);
    };
    const answer = last.then(next, next);
    last = answer;
    return answer;
  };
}

/** How many pooled connections in a row to discard because other code returned them inside a transaction. */
const MAX_LEFT_OPEN = 100;

/**
 * Runs a statement on a connection of the pool, like the pool's own `query`. Discards connections that other code
 * returned inside a transaction.
 */
async function askLent(pool: PgPool, statement: PostgresStatement, ask: Ask): Promise<readonly PostgresRow[]> {
  for (let tries = 0; tries < MAX_LEFT_OPEN; tries++) {
    const lent = await borrow(pool);
    if (isInTransaction(lent)) {
      lent.release(true);
      continue;
    }
    try {
      const rows = await askAlone(lent, statement, ask);
      lent.release();
      return rows;
    } catch (error) {
      lent.release(error);
      throw error;
    } finally {
      lent.removeListener('error', ignore);
    }
  }
  throw inAnothers('the app gives connections back to its pool before COMMIT or ROLLBACK');
}

/**
 * Takes a connection from the pool. Without an error listener, a lost connection would end the process. The listener is
 * added in the same tick, because the server may disconnect in the packet that reports the connection as ready.
 */
const borrow = (pool: PgPool): Promise<LentClient> =>
  new Promise((resolve, reject) => {
    pool.connect((error, lent) => {
      if (lent === undefined) {
        reject(error);
        return;
      }
      lent.on('error', ignore);
      resolve(lent);
    });
  });

const ignore = (): void => {};

/**
 * Runs a statement outside of any transaction. Rejects if a BEGIN of other code was in transit: the write may be
 * undone.
 */
async function askAlone(client: PgClient, statement: PostgresStatement, ask: Ask): Promise<readonly PostgresRow[]> {
  const rows = await ask(client, statement);
  if (isInTransaction(client)) throw inAnothers('nothing of it is sure to be committed');
  return rows;
}

const isInTransaction = (client: PgClient): boolean => ['T', 'E'].includes(client.getTransactionStatus?.() ?? '');

const inAnothers = (advice: string): SessionError =>
  new SessionError('SESSION_STORE_UNSAFE', `the connection is in a transaction of other code: ${advice}`);

/** Maximum number of templates, because statements for pages of the log vary in their text. */
const MAX_TEMPLATES = 1024;

/**
 * Returns a function that runs statements. pg copies every own property of a query by its descriptor, which is the
 * slowest part of a check in this process. A query therefore inherits its properties from a template. A named statement
 * always has the same text.
 */
function asking(): Ask {
  const templates = new Map<string, Omit<PgQuery, 'values'>>();
  const templateOf = (statement: PostgresStatement): Omit<PgQuery, 'values'> => {
    const { name } = statement;
    const known = name === undefined ? undefined : templates.get(name);
    if (known !== undefined) return known;
    const template = newTemplate(statement);
    if (name !== undefined && templates.size < MAX_TEMPLATES) templates.set(name, template);
    return template;
  };
  return async (client, statement) => {
    const query = Object.create(templateOf(statement)) as { values: unknown[] } & PgQuery;
    query.values = statement.values as unknown[];
    const { rows } = await client.query(query);
    return rows;
  };
}

const newTemplate = ({ text, name, timeout }: PostgresStatement): Omit<PgQuery, 'values'> => ({
  ...{ text, rowMode: 'array', types: AS_TEXT },
  ...(name === undefined ? {} : { name }),
  // After this time, a pool drops the connection and opens another.
  ...(timeout === undefined ? {} : { query_timeout: timeout }),
});

const isPool = (client: object): client is PgPool => 'totalCount' in client && 'idleCount' in client;
