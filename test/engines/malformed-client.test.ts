import { Redis } from 'ioredis';
import { createSessions } from 'session-revocation';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NOW } from '../../src/testing/harness/bench.ts';
import { addNew, person, same, stored } from '../../src/testing/harness/records.ts';
import { clearPlace, findPlace, openStore, type Place, queryMysql, queryPostgres } from '../services/stores.ts';
import { drivers } from './support/sqlite-drivers.ts';

const client = { id: 'app', name: 'The app', scope: 'read', kept: null };

/** Replaces the stored `client` of every session by a text. The text must not contain an SQL quotation mark. */
const WRITE: Readonly<
  Record<'sqlite' | 'postgres' | 'mysql' | 'redis', (place: Place, text: string) => Promise<void>>
> = {
  async sqlite({ url }, text) {
    const file = drivers[0]!.open(url);
    file.exec(`UPDATE sessions SET client = '${text}'`);
    file.close();
  },
  postgres: ({ url, space }, text) => queryPostgres(url, `UPDATE ${space}.sessions SET client = '${text}'`),
  mysql: ({ url }, text) => queryMysql(url, `UPDATE session_revocation_sessions SET client = '${text}'`),
  async redis({ url, space }, text) {
    const redis = new Redis(url);
    try {
      for (const key of await redis.keys(`${space}:*`)) {
        if ((await redis.type(key)) !== 'string') continue;
        const value = (await redis.get(key)) ?? '';
        await redis.set(key, value.replace(JSON.stringify(client), text), 'KEEPTTL');
      }
    } finally {
      redis.disconnect();
    }
  },
};

describe('a client that does not decode is an outage, and no acceptance', () => {
  test.each(Object.entries(WRITE))('on %s', async (engine, write) => {
    const place = await findPlace(engine as keyof typeof WRITE);
    if (place === null) return;
    onTestFinished(() => clearPlace(place));
    const { store, end } = openStore(place, { silence: 120_000 });
    onTestFinished(end);
    const ann = person('ann');
    const session = await addNew(store, ann, { client });
    same(await stored(store, session), session);

    const refs = [{ id: session.id, user: ann.tags.user }];
    const find = async () => store.find(ann.tags.realm, refs);
    const list = async () => store.list(ann.tags.realm, ann.tags.user, { ended: true, now: NOW, limit: 9 });
    const sessions = createSessions({ store, realm: ann.realm, clock: { now: () => NOW } });
    for (const text of ['app', '{"id":"app"}', JSON.stringify({ ...client, scope: 7 })]) {
      await write(place, JSON.stringify(client));
      await write(place, text);
      await expect(find()).rejects.toThrow();
      await expect(list()).rejects.toThrow();
      await expect(sessions.list({ user: 'ann' })).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
      if (engine === 'redis') break;
    }
    await store.close?.();
  });
});
