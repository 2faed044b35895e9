import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { SessionStore } from 'session-revocation';
import { redisStore } from 'session-revocation/redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PostgresStatement } from '../../adapters/engines/postgres/clients/client.ts';
import { tablesOf } from '../../adapters/engines/postgres/names.ts';
import { createStore } from '../../adapters/engines/postgres/store.ts';
import { ensuring } from '../../src/store/ensure-epochs.ts';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import { anotherRecord, openRecords, person, recordOf, same } from '../../src/testing/harness/records.ts';
import { findService } from '../services/index.ts';

const ann = person('ann', 'acme');
const { user, account, member } = ann.tags;
const name = (): string => `srev_${randomBytes(6).toString('hex')}`;

/**
 * Reads the records of a user and a membership. After the server's first answer, another handle advances the
 * membership. The read also extends `keepUntil` of the user's record, so the store writes that record and reads it
 * again.
 */
async function race(store: SessionStore, interrupt: (other: () => Promise<void>) => void): Promise<void> {
  for (const keepUntil of [NOW + 2 * DAY, null]) {
    await openRecords(store, ann, NOW + DAY);
    const record = anotherRecord(`kept until ${keepUntil}`);
    interrupt(async () => {
      const { version: ifVersion } = await recordOf(store, user);
      const write = { record, member: `${account}`, ifVersion, now: NOW, keepUntil: 0, audit: [] };
      expect(await store.advance(user, write)).toBe('advanced');
    });
    const requests = [ensuring(user, NOW, keepUntil), ensuring(`${member}`, NOW, NOW)];
    const [own, membership] = await store.ensureEpochs(requests, NOW);
    expect(own?.version).toBe((await recordOf(store, user)).version);
    same(membership?.record, record);
  }
}

describe('a membership is never answered as older than the version of its user', () => {
  test('on Postgres', async ({ skip }) => {
    const url = await findService('postgres');
    if (url === null) return skip();
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    onTestFinished(() => pool.end());
    let other: (() => Promise<void>) | null = null;
    const run = async (statement: PostgresStatement) => {
      const between = statement.text.includes('LEFT JOIN') ? other : null;
      if (between !== null) other = null;
      const { rows } = await pool.query({ ...statement, values: [...statement.values], rowMode: 'array' });
      await between?.();
      return rows;
    };
    const schema = name();
    const store = createStore({ run, runWithin: async () => [] }, tablesOf({ schema }), false);
    await store.setup?.();
    onTestFinished(async () => void (await pool.query(`DROP SCHEMA ${schema} CASCADE`)));
    await race(store, (next) => {
      other = next;
    });
  });

  test('on Redis', async ({ skip }) => {
    const url = await findService('redis');
    if (url === null) return skip();
    const client = new Redis(url);
    onTestFinished(() => client.disconnect());
    let other: (() => Promise<void>) | null = null;
    const send = client.sendCommand.bind(client);
    client.sendCommand = (command, ...rest) => {
      const answer = send(command, ...rest) as Promise<unknown>;
      const between = command.name.toLowerCase() === 'mget' ? other : null;
      if (between === null) return answer;
      other = null;
      return answer.then(async (values) => {
        await between();
        return values;
      });
    };
    const prefix = `${name()}:`;
    const store = redisStore(client, { prefix });
    await store.setup?.();
    onTestFinished(async () => {
      const keys = await client.keys(`${prefix}*`);
      if (keys.length > 0) await client.del(...keys);
    });
    await race(store, (next) => {
      other = next;
    });
  });
});
