import { fromMariadb, fromMysql2, type MysqlClient } from 'session-revocation/mysql';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { transact } from '../../adapters/engines/mysql/connection.ts';

/** Time limit of a statement in a transaction, in ms. The adapter notices a timeout less than 500 ms late. */
const LIMIT = 30_000;
const LATEST = LIMIT + 500;

/** Fake connections that answer until `silent` is set. A silent connection answers nothing and reports no end. */
function network() {
  const state = { silent: false, closed: 0, given: 0, asked: [] as string[] };
  const never = new Promise<never>(() => {});
  const answer = <T>(sql: string, result: T): Promise<T> => {
    state.asked.push(sql);
    return state.silent ? never : Promise.resolve(result);
  };
  const promises = {
    execute: ({ sql }: { readonly sql: string }) => answer(sql, [] as never),
    query: (sql: string) => answer(sql, [] as never),
    destroy: () => void state.closed++,
  };
  const callbacks = {
    execute: ({ sql }: { readonly sql: string }, _: unknown, tell: (error: null, result: unknown) => void) =>
      void answer(sql, []).then((result) => tell(null, result)),
    query: (sql: string, tell: (error: null) => void) => void answer(sql, null).then(tell),
    destroy: () => void state.closed++,
    release: () => void state.given++,
  };
  return { state, promises, callbacks };
}

const clients: Readonly<Record<string, (of: ReturnType<typeof network>) => MysqlClient<never>>> = {
  'a pool of mysql2': ({ callbacks }) =>
    fromMysql2({ promise() {}, getConnection: (take) => take(null, { ...callbacks }) }) as MysqlClient<never>,
  'a pool of mariadb': ({ promises, state }) =>
    fromMariadb({
      getConnection: async () => ({ ...promises, release: async () => void state.given++ }),
    }) as MysqlClient<never>,
  'a connection of mysql2': ({ promises }) =>
    fromMysql2({
      ...promises,
      execute: async (statement) => [await promises.execute(statement), []],
    }) as MysqlClient<never>,
  'a connection of mariadb': ({ promises }) =>
    fromMariadb(promises as Parameters<typeof fromMariadb>[0]) as MysqlClient<never>,
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Observes a promise. `value` becomes its result or its error. */
function outcomeOf(promise: Promise<unknown>): { readonly value: unknown } {
  const outcome: { value: unknown } = { value: 'nothing yet' };
  promise.then(
    (value) => {
      outcome.value = value;
    },
    (error: unknown) => {
      outcome.value = error;
    },
  );
  return outcome;
}

describe.each(Object.entries(clients))('%s that falls silent', (_, clientOf) => {
  test('fails a transaction in time, closes the connection at once, and asks it nothing more', async () => {
    const net = network();
    const outcome = outcomeOf(
      transact(clientOf(net), (connection) => {
        net.state.silent = true;
        return connection.rows('SELECT 1', []);
      }),
    );
    await vi.advanceTimersByTimeAsync(LIMIT - 500);
    expect(outcome.value).toBe('nothing yet');
    expect(net.state.closed).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(outcome.value).toMatchObject({ message: expect.stringMatching(/no answer within 30000 ms/) });
    expect(net.state.closed).toBeGreaterThan(0);
    expect(net.state.given).toBe(0);
    expect(net.state.asked.at(-1)).toBe('SELECT 1');
  });

  test('keeps nobody waiting behind it for ever', async () => {
    const net = network();
    const client = clientOf(net);
    const [first, second] = [1, 2].map(() =>
      outcomeOf(
        transact(client, (connection) => {
          net.state.silent = true;
          return connection.rows('SELECT 1', []);
        }),
      ),
    );
    await vi.advanceTimersByTimeAsync(2 * LATEST);
    expect([first?.value, second?.value]).toEqual([expect.any(Error), expect.any(Error)]);
  });
});

test('a pool of mariadb: once one connection was given up, those that have answered nothing since get little time', async () => {
  const net = network();
  // The mariadb pool wraps a connection in a new object each time it lends it. Only `info` stays the same object.
  const infos = [{}, {}];
  let nth = 0;
  const client = fromMariadb({
    getConnection: async () => ({ ...net.promises, info: infos[nth++ % 2], release: async () => {} }),
  });
  const ask = () => client.rows('SELECT 1', []);
  await Promise.all([ask(), ask()]);
  await vi.advanceTimersByTimeAsync(1_000);
  net.state.silent = true;
  const first = outcomeOf(ask());
  await vi.advanceTimersByTimeAsync(5_500);
  expect(first.value).toBeInstanceOf(Error);
  const second = outcomeOf(ask());
  await vi.advanceTimersByTimeAsync(1_500);
  expect(second.value).toBeInstanceOf(Error);
});

describe('a look-up over a connection that the pool of mysql2 has lent before', () => {
  type Tell = (error: Error | null, result?: unknown) => void;

  /** Creates a pool with one connection, which has answered before. `execute` then answers the second look-up. */
  async function known(execute: (tell: Tell) => void) {
    const net = network();
    const connection = { ...net.callbacks };
    const client = fromMysql2({ promise() {}, getConnection: (take) => take(null, connection) });
    await client.rows('SELECT 1', []);
    Object.assign(net.state, { closed: 0, given: 0 });
    Object.assign(connection, { execute: (_sql: unknown, _parameters: unknown, tell: Tell) => execute(tell) });
    return { state: net.state, outcome: outcomeOf(client.rows('SELECT 2', [])) };
  }

  test('fails after 5 seconds of silence, and closes the connection at once', async () => {
    const { state, outcome } = await known(() => {});
    await vi.advanceTimersByTimeAsync(4_500);
    expect([outcome.value, state.closed]).toEqual(['nothing yet', 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(outcome.value).toMatchObject({ message: expect.stringMatching(/no answer within 5000 ms/) });
    expect(state).toMatchObject({ closed: 1, given: 0 });
  });

  test('closes the connection after a fatal error', async () => {
    const { state, outcome } = await known((tell) => tell(Object.assign(new Error('lost'), { fatal: true })));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(outcome.value).toMatchObject({ message: 'lost' });
    expect(state).toMatchObject({ closed: 1, given: 0 });
  });

  test.each<[string, (tell: Tell) => void]>([
    ['the server reports', (tell) => tell(new Error('refused'))],
    [
      'the driver throws',
      () => {
        throw new Error('refused');
      },
    ],
  ])('gives the connection back after another error that %s', async (_, execute) => {
    const { state, outcome } = await known(execute);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(outcome.value).toMatchObject({ message: 'refused' });
    expect(state).toMatchObject({ closed: 0, given: 1 });
  });
});
