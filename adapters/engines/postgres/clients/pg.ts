import { SessionError } from '../../../../src/index.ts';
import { hasMethod } from '../../sql/has-method.ts';
import type { PostgresClient, PostgresRow, PostgresStatement } from '../client.ts';

/** What pg's `query` is asked for here. */
export interface PgQuery {
  readonly text: string;
  readonly values: unknown[];
  readonly name?: string;
  readonly query_timeout?: number;
  readonly rowMode: 'array';
  readonly types: {
    /** What makes a value of a column. */
    getTypeParser(): (text: string) => unknown;
  };
}

/** The part of pg's `Pool`, `Client` and `PoolClient` that this store needs. */
export interface PgClient {
  /** Runs a statement. */
  query(query: PgQuery): Promise<{ readonly rows: PostgresRow[] }>;
  /** `'I'` outside of a transaction, `'T'` in one and `'E'` in one that has failed. Older versions of pg cannot tell. */
  getTransactionStatus?(): string | null;
}

/** The part of pg's `Pool` that is asked for a connection. */
interface PgPool extends PgClient {
  connect(callback: (error: Error | undefined, lent: LentClient | undefined) => void): void;
}

interface LentClient extends PgClient {
  /** Gives it back; with an error, or `true`, for the pool to close it. */
  release(error?: unknown): void;
  on(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
}

/** Every column as the text that the server sent: the app may have set parsers of its own. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** A store's client over pg. */
export function fromPg(client: PgClient): PostgresClient<PgClient> {
  return {
    run: isPool(client) ? (statement) => askLent(client, statement) : inTurn(client),
    runWithin: ask,
    checkTransaction(transaction) {
      if (!hasMethod(transaction, 'query')) throw new TypeError('within needs the client that began the transaction');
      // A statement to a pool goes to any of its connections, and is committed by itself.
      if (isPool(transaction)) throw new TypeError('within needs the client that began the transaction, not the pool');
    },
    isInTransaction(transaction) {
      const status = transaction.getTransactionStatus?.() ?? null;
      return status === null ? undefined : status !== 'I';
    },
  };
}

/** A single connection takes one question after the other. */
function inTurn(client: PgClient): (statement: PostgresStatement) => Promise<readonly PostgresRow[]> {
  let last: Promise<unknown> = Promise.resolve();
  return (statement) => {
    const next = () => {
      if (isInTransaction(client)) throw inAnothers('give the store a pool, or a connection of its own');
      return askAlone(client, statement);
    };
    const answer = last.then(next, next);
    last = answer;
    return answer;
  };
}

/** How many connections of a pool are given up, one after the other, that came back within a transaction. */
const MOST_LEFT_OPEN = 100;

/** As a pool's own `query` does it, but on no connection that was given back before its transaction was over. */
async function askLent(pool: PgPool, statement: PostgresStatement): Promise<readonly PostgresRow[]> {
  for (let tries = 0; tries < MOST_LEFT_OPEN; tries++) {
    const lent = await borrow(pool);
    if (isInTransaction(lent)) {
      lent.release(true);
      continue;
    }
    try {
      const rows = await askAlone(lent, statement);
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
 * A connection of the pool's. Its loss fails the statement; where nobody listens, it fails the process. So somebody does
 * before this turn is over: the server's goodbye may come in the same packet as its word that the connection is ready.
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

/** Where the status comes too late, since BEGIN was still on its way, what was written is not told as done. */
async function askAlone(client: PgClient, statement: PostgresStatement): Promise<readonly PostgresRow[]> {
  const rows = await ask(client, statement);
  if (isInTransaction(client)) throw inAnothers('nothing of it is sure to be committed');
  return rows;
}

const isInTransaction = (client: PgClient): boolean => ['T', 'E'].includes(client.getTransactionStatus?.() ?? '');

const inAnothers = (advice: string): SessionError =>
  new SessionError('SESSION_STORE_UNSAFE', `the connection is in a transaction of somebody else: ${advice}`);

async function ask(client: PgClient, statement: PostgresStatement): Promise<readonly PostgresRow[]> {
  const query = Object.create(templateOf(statement)) as { values: unknown[] } & PgQuery;
  query.values = statement.values as unknown[];
  const { rows } = await client.query(query);
  return rows;
}

const TEMPLATES = new Map<string, Omit<PgQuery, 'values'>>();

/**
 * What a query inherits: pg copies every property of its own that a query has, by its descriptor, which takes longer than
 * anything else that a check does in this process. Named statements are few, and each is the same whenever it is asked.
 */
function templateOf({ text, name, patience }: PostgresStatement): Omit<PgQuery, 'values'> {
  const known = name === undefined ? undefined : TEMPLATES.get(name);
  if (known !== undefined) return known;
  const template: Omit<PgQuery, 'values'> = {
    ...{ text, rowMode: 'array', types: AS_TEXT },
    ...(name === undefined ? {} : { name }),
    // A pool drops the connection then, and opens another.
    ...(patience === undefined ? {} : { query_timeout: patience }),
  };
  if (name !== undefined && TEMPLATES.size < MOST_TEMPLATES) TEMPLATES.set(name, template);
  return template;
}

/** For some hundred stores; pages of the log differ in their text. */
const MOST_TEMPLATES = 4096;

const isPool = (client: object): client is PgPool => 'totalCount' in client && 'idleCount' in client;
