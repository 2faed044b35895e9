import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { redisStore } from 'session-revocation/redis';
import { sqliteStore } from 'session-revocation/sqlite';
import { describe, expect, test } from 'vitest';

type Make = (options: unknown) => unknown;

const method = (): void => {};
const ENGINES: Readonly<Record<string, Make>> = {
  sqliteStore: (options) => sqliteStore(':memory:', options as never),
  postgresStore: (options) => postgresStore({ query: method, connect: method } as never, options as never),
  mysqlStore: (options) => mysqlStore({ rows: method, lend: method, within: method } as never, options as never),
  redisStore: (options) => redisStore({ call: method, pipeline: method } as never, options as never),
};

const withPrefix = ['postgresStore', 'mysqlStore', 'redisStore'];

describe('the same mistake has the same message in every engine', () => {
  test.each<[mistake: string, options: unknown, engines: readonly string[], message: RegExp]>([
    ['options of a wrong type', 'fast', Object.keys(ENGINES), /: options must be an object, not string$/],
    ['an unknown option', { x: 1 }, Object.keys(ENGINES), /: options has an unknown option "x"; known are /],
    ['a switch of a wrong type', { batch: 'no' }, withPrefix, /: batch must be a boolean, not string$/],
    ['a prefix of a wrong type', { prefix: 7 }, withPrefix, /: prefix must be a string, not number$/],
    ['a long prefix', { prefix: 'x'.repeat(99) }, withPrefix, /: prefix has 99 \w+; \d to \d+ are allowed$/],
    ['NUL in a prefix', { prefix: 'a\0b' }, withPrefix, /: prefix must be well-formed text without NUL$/],
    [
      'half a character in a prefix',
      { prefix: '\ud800' },
      withPrefix,
      /: prefix must be well-formed text without NUL$/,
    ],
  ])('%s', (_, options, engines, message) => {
    for (const engine of engines) {
      const make = () => ENGINES[engine]?.(options);
      expect(make, engine).toThrow(TypeError);
      expect(make, engine).toThrow(message);
    }
  });
});
