import { describe, expect, test } from 'vitest';
import { refuseOther } from '../../../src/store/store-hint.ts';

// Returns a fake client. The library recognises clients by their methods.
const client = (...methods: string[]): object => Object.fromEntries(methods.map((method) => [method, () => {}]));

describe('a store that is given a client', () => {
  test.each<[string, object, string]>([
    ['redisStore', { ...client('query', 'connect'), totalCount: 0 }, 'postgresStore(pool)'],
    ['redisStore', client('query', 'connect'), 'postgresStore(client)'],
    ['postgresStore', client('query', 'connect', 'getConnection'), 'mysqlStore(pool)'],
    ['postgresStore', client('query', 'connect', 'beginTransaction'), 'mysqlStore(connection)'],
    ['mysqlStore', client('call', 'pipeline', 'connect'), 'redisStore(client)'],
    ['mysqlStore', client('prepare', 'exec'), 'sqliteStore(database)'],
    ['redisStore', Object.assign(() => {}, client('unsafe', 'begin')), 'postgresStore(fromPostgresJs(sql))'],
  ])('of another database names the right store: %s', (factory, other, right) => {
    const message = `it was given the client of another database: use ${right}`;
    expect(() => refuseOther(factory, other)).toThrow(new TypeError(message));
  });

  test.each<[string, unknown]>([
    ['mysqlStore', client('query', 'connect', 'getConnection')],
    ['postgresStore', client('query', 'connect')],
    ['postgresStore', client('query')],
    ['redisStore', null],
  ])('of its own database, or of a kind that is not known, is silent here: %s', (factory, own) => {
    expect(() => refuseOther(factory, own)).not.toThrow();
  });
});
