import fc from 'fast-check';
import { overAt, type SessionRecord } from 'session-revocation';
import { sqliteStore } from 'session-revocation/sqlite';
import { describe, expect, test } from 'vitest';
import { Session } from '../../src/session.ts';
import { newId } from '../../src/token.ts';
import { drivers } from './support/sqlite-drivers.ts';
import { answerOf, temporaryFile, watched } from './support/sqlite-files.ts';
import { sessionsIn, signIn } from './support/sqlite-people.ts';

const time = fc.integer({ min: 0, max: 4e12 });
const maybe = fc.option(time, { freq: 2 });

describe.each(drivers)('the schema, $name', ({ open }) => {
  test('knows as well as the core when a session is over', async () => {
    const connection = open(temporaryFile());
    const sessions = sessionsIn(connection);
    const template = Session.recordOf('session', (await signIn(sessions, 'ann')).session);
    const store = sqliteStore(connection);

    fc.assert(
      fc.property(time, maybe, maybe, maybe, (lastUsedAt, expiresAt, idle, endedAt) => {
        const ended = endedAt === null ? null : { at: endedAt, by: null, reason: null };
        const session: SessionRecord = { ...template, id: newId(), lastUsedAt, expiresAt, idle, ended };
        expect(store.add(session, { ending: [], keepUntil: null })).toBe('added');
        const stored = answerOf(connection, `SELECT over_at FROM sessions WHERE id = '${session.id}'`);
        expect(stored).toBe(overAt(session));
      }),
      { numRuns: 200 },
    );
  });

  test('has an index for every statement', async () => {
    const connection = open(temporaryFile());
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

    const statements = prepared.filter((sql) => /\b(FROM|UPDATE|INTO) (sessions|epochs)\b/.test(sql));
    expect(statements.length).toBeGreaterThan(10);
    for (const sql of statements) {
      const nothing = Array.from(sql.matchAll(/\?/g), () => 0);
      const steps = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...nothing) as { readonly detail: string }[];
      for (const { detail } of steps) expect(detail, sql).not.toMatch(/^SCAN|TEMP B-TREE/);
    }
  });

  test('revokes with the same few statements, whatever the number of sessions', async () => {
    const connection = open(temporaryFile());
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
