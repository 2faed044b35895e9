import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { PostgresStatement } from '../../adapters/engines/postgres/clients/client.ts';
import { fromPg, type PgClient, type PgQuery } from '../../adapters/engines/postgres/clients/pg.ts';

const statement = (name: string | undefined): PostgresStatement => ({ name, text: `SELECT '${name}'`, values: [] });

describe('the query templates for pg', () => {
  test('are kept for at most 1,024 named statements, and for no others', async () => {
    const templates: unknown[] = [];
    const client: PgClient = {
      async query(query: PgQuery) {
        templates.push(Object.getPrototypeOf(query));
        return { rows: [] };
      },
    };
    const { run } = fromPg(client);
    const isKept = async (name: string | undefined): Promise<boolean> => {
      templates.length = 0;
      for (let times = 0; times < 2; times++) await run(statement(name));
      return templates[0] === templates[1];
    };
    for (let at = 0; at < 1_023; at++) await run(statement(`name ${at}`));
    expect(await isKept(undefined)).toBe(false);
    expect(await isKept('the last')).toBe(true);
    expect(await isKept('one too many')).toBe(false);
    expect(await isKept('name 0')).toBe(true);
  });
});

/** A fake connection of a pool. */
class Lent extends EventEmitter {
  readonly released: unknown[][] = [];
  readonly status: string;

  constructor(status: string) {
    super();
    this.status = status;
  }

  async query({ text }: PgQuery): Promise<{ rows: unknown[][] }> {
    if (text === 'fail') throw new Error('failed');
    return { rows: [[this.status]] };
  }

  getTransactionStatus(): string {
    return this.status;
  }

  release(...given: unknown[]): void {
    this.released.push(given);
  }
}

/** A pool that lends the given connections in turn. After them, it lends only connections in a transaction. */
function poolOf(...free: Lent[]): { client: PgClient; lent: Lent[] } {
  const lent: Lent[] = [];
  const client = {
    totalCount: 0,
    idleCount: 0,
    query: () => expect.fail('the pool itself is not asked'),
    connect(callback: (error: Error | undefined, one: Lent | undefined) => void): void {
      const one = free[lent.length] ?? new Lent('T');
      lent.push(one);
      callback(undefined, one);
    },
  };
  return { client, lent };
}

describe('a pool of pg', () => {
  test('gets a connection back as it was, without the listener of the store', async () => {
    const { client, lent } = poolOf(new Lent('I'));
    expect(await fromPg(client).run(statement('a'))).toEqual([['I']]);
    expect(lent.map(({ released }) => released)).toEqual([[[]]]);
    expect(lent[0]!.eventNames()).toEqual([]);
  });

  test('closes a connection whose statement failed', async () => {
    const { client, lent } = poolOf(new Lent('I'));
    await expect(fromPg(client).run({ text: 'fail', values: [] })).rejects.toThrow('failed');
    expect(lent.map(({ released }) => released)).toEqual([[[new Error('failed')]]]);
    expect(lent[0]!.eventNames()).toEqual([]);
  });

  test('closes connections that came back in a transaction, until it has one that did not', async () => {
    const { client, lent } = poolOf(new Lent('T'), new Lent('E'), new Lent('I'));
    expect(await fromPg(client).run(statement('a'))).toEqual([['I']]);
    expect(lent.map(({ released }) => released)).toEqual([[[true]], [[true]], [[]]]);
  });

  test('that lends nothing else is refused after 100 of them', async () => {
    const { client, lent } = poolOf();
    await expect(fromPg(client).run(statement('a'))).rejects.toMatchObject({ code: 'SESSION_STORE_UNSAFE' });
    expect(lent).toHaveLength(100);
    expect(lent.every(({ released }) => released.length === 1 && released[0]?.[0] === true)).toBe(true);
  });
});
