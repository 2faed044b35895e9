import { endOf, type SessionRecord } from 'session-revocation/adapter';
import { sqliteStore } from 'session-revocation/sqlite';
import { describe, expect, test } from 'vitest';
import { newEpoch } from '../../src/model/epoch.ts';
import { Session } from '../../src/model/session.ts';
import { newId } from '../../src/model/token.ts';
import { NOW } from '../../src/testing/harness/bench.ts';
import { person, plainWrite, sessionOf } from '../../src/testing/harness/records.ts';
import { fc } from '../src/support/fast-check.ts';
import { drivers } from './support/sqlite-drivers.ts';
import { answerOf, temporaryFile, watched } from './support/sqlite-files.ts';
import { sessionsIn, signIn } from './support/sqlite-people.ts';

const time = fc.integer({ min: 0, max: 4e12 });
const maybe = fc.option(time, { freq: 2 });

/** Timeout of a test, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

describe.each(drivers)('the schema, $name', { timeout: TEST_TIMEOUT }, ({ open }) => {
  test('knows as well as the core when a session is over', async () => {
    const connection = open(':memory:');
    const sessions = sessionsIn(connection);
    const template = Session.recordOf('session', (await signIn(sessions, 'ann')).session);
    const store = sqliteStore(connection);

    fc.assert(
      fc.property(time, maybe, maybe, maybe, (lastUsedAt, expiresAt, idle, endedAt) => {
        const ended = endedAt === null ? null : { at: endedAt, by: null, reason: null, fromDevice: null };
        const session: SessionRecord = { ...template, id: newId(), lastUsedAt, expiresAt, idle, ended };
        expect(store.add(session, plainWrite({ keepUntil: null }))).toBe('added');
        const stored = answerOf(connection, `SELECT over_at FROM sessions WHERE id = '${session.id}'`);
        expect(stored).toBe(endOf(session));
      }),
      { numRuns: 200 },
    );
  });

  test.each(['epochs', 'sessions', 'audit', 'outbox', 'policies'])('is refused without its table %s', async (table) => {
    const file = temporaryFile();
    await signIn(sessionsIn(file), 'ann');
    const connection = open(file);
    connection.exec(`DROP TABLE ${table}`);
    connection.close();
    const named = { code: 'SESSION_STORE_NOT_SET_UP', message: expect.stringMatching(`${table} was dropped`) };
    await expect(sessionsIn(file).setup()).rejects.toMatchObject(named);
  });

  test('has an index for every statement', async () => {
    const connection = open(':memory:');
    const prepared: string[] = [];
    const { prepare } = watched(connection, () => {});
    const store = sqliteStore({
      ...watched(connection, () => {}),
      prepare(sql) {
        prepared.push(sql);
        return prepare(sql);
      },
    });
    await store.setup?.();

    const statements = prepared.filter((sql) =>
      /\b(FROM|UPDATE|INTO) (sessions|epochs|audit|outbox|policies)\b/.test(sql),
    );
    expect(statements.length).toBeGreaterThan(10);
    for (const sql of statements) {
      const nothing = Array.from(sql.matchAll(/\?/g), () => 0);
      const steps = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...nothing) as { readonly detail: string }[];
      // `json_each` reads the list of requested types, which is not a table.
      for (const { detail } of steps) expect(detail, sql).not.toMatch(/^SCAN (?!json_each)|TEMP B-TREE/);
    }
  });

  test('looks at so many users at a time and no more, whatever is asked', () => {
    const store = sqliteStore(open(':memory:'));
    const people = Array.from({ length: 501 }, (_, at) => person(`user ${at}`));
    for (const whose of people) {
      const create = newEpoch(NOW);
      void store.ensureEpochs([{ tag: whose.tags.user, create, version: 1, keepUntil: null }], NOW);
      expect(store.add(sessionOf(whose), plainWrite())).toBe('added');
    }
    const page = (realm: string, after: string | null) => store.listUsers({ realm, account: null }, after, 10_000);
    const first = page('shop', null) as Awaited<ReturnType<typeof page>>;
    expect(first.users).toHaveLength(500);
    expect(page('shop', first.after)).toMatchObject({ users: [expect.any(String)], after: null });
    expect(page('desk', null)).toMatchObject({ users: [], after: expect.any(String) });
  });

  test('revokes with the same few statements, whatever the number of sessions', async () => {
    const connection = open(':memory:');
    let log: string[] = [];
    const sessions = sessionsIn(watched(connection, (sql) => log.push(sql)));
    const revoking = async (user: string): Promise<string[]> => {
      log = [];
      expect(await sessions.revoke({ user })).toMatchObject({ revoked: true });
      return log;
    };
    await signIn(sessions, 'one');
    for (let at = 0; at < 30; at++) await signIn(sessions, 'many');
    const statements = await revoking('one');
    expect(statements.length).toBeGreaterThan(3);
    expect(await revoking('many')).toEqual(statements);
    expect(statements.filter((sql) => sql.includes('sessions'))).toEqual([]);
  });
});
