import { sqliteStore } from 'session-revocation/sqlite';
import { describe, expect, test } from 'vitest';
import { drivers } from './support/sqlite-drivers.ts';
import { answerOf, temporaryFile, watched } from './support/sqlite-files.ts';
import { sessionsIn, signIn } from './support/sqlite-people.ts';
import { copyInto, makeVersion1 } from './support/sqlite-version-1.ts';

describe.each(drivers)('a file of version 1, $name', ({ open }) => {
  /** Tables, columns and indexes, however they came to be. */
  const layoutOf = (file: string): unknown => {
    const connection = open(file);
    const all = (sql: string): unknown[] =>
      (connection.prepare(sql).all() as object[]).map((row) => Object.values(row)[0]);
    const names = all("SELECT type || ' ' || name FROM sqlite_schema ORDER BY type, name") as string[];
    const tables = names.filter((name) => name.startsWith('table ')).map((name) => name.slice('table '.length));
    const layout = [
      names,
      all("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"),
      ...tables.map((table) => all(`SELECT name || ' ' || type FROM pragma_table_xinfo('${table}') ORDER BY name`)),
    ];
    connection.close();
    return layout;
  };

  test('is upgraded, with everything that is in it', async () => {
    const [source, file] = [temporaryFile(), temporaryFile()];
    const before = sessionsIn(source);
    const [mine, gone, revoked] = [
      await signIn(before, 'ann'),
      await signIn(before, 'ann'),
      await signIn(before, 'bob'),
    ];
    await before.end(gone.session.id, { user: 'ann', by: 'ann', reason: 'signed-out', from: 'Safari on iOS' });
    await before.revoke({ user: 'bob' }, { by: 'admin' });
    const old = open(file);
    makeVersion1(old);
    copyInto(old, source);
    old.close();

    const sessions = sessionsIn(file, { audit: true, policy: 'stored' });
    expect(await sessions.check(mine.token)).toMatchObject({ ok: true });
    const ended = { by: 'ann', reason: 'signed-out', from: null };
    expect(await sessions.check(gone.token)).toMatchObject({ ok: false, reason: 'ended', ended });
    expect(await sessions.check(revoked.token)).toMatchObject({ ok: false, reason: 'revoked' });
    await sessions.setPolicy('acme', { signOut: 'everywhere' }, { by: 'admin' });
    await sessions.end(mine.session.id, { user: 'ann', from: 'Firefox on Windows' });
    expect(await sessions.check(mine.token)).toMatchObject({ ended: { from: 'Firefox on Windows' } });
    const { entries } = await sessions.audit({ types: ['policy.changed', 'session.ended'] });
    expect(entries.map(({ type }) => type).sort()).toEqual(['policy.changed', 'session.ended']);
    await sessions.close();
    expect(answerOf(open(file), 'PRAGMA integrity_check')).toBe('ok');
    expect(layoutOf(file)).toEqual(layoutOf(source));
  });

  test('stays as it was where the upgrade cannot be finished, and is upgraded the next time', () => {
    const file = temporaryFile();
    makeVersion1(open(file));
    const connection = open(file);
    let broken = true;
    const store = sqliteStore(
      watched(connection, (sql) => {
        if (broken && sql === 'COMMIT' && Number(answerOf(connection, 'PRAGMA user_version')) > 1)
          throw new Error('no');
      }),
    );
    expect(() => store.setup?.()).toThrow('no');
    const other = open(file);
    expect(answerOf(other, 'PRAGMA user_version')).toBe(1);
    expect(answerOf(other, "SELECT count(*) FROM sqlite_schema WHERE name = 'audit'")).toBe(0);
    broken = false;
    void store.setup?.();
    expect(answerOf(other, 'PRAGMA user_version')).toBe(2);
  });

  test('is upgraded under a process of the version before, which goes on', async () => {
    const [source, file] = [temporaryFile(), temporaryFile()];
    const { token } = await signIn(sessionsIn(source), 'ann');
    const old = open(file);
    makeVersion1(old);
    const count = old.prepare('SELECT count(*) FROM sessions WHERE user = ?');
    const end = old.prepare('UPDATE sessions SET ended_at = ?, ended_by = ?, ended_reason = ? WHERE user = ?');
    const countOf = (user: string): unknown => Object.values(count.get(user) as object)[0];
    expect(countOf('ann')).toBe(0);

    const sessions = sessionsIn(file);
    await sessions.setup();
    expect(answerOf(old, 'PRAGMA user_version')).toBe(2);
    copyInto(old, source);
    expect(countOf('ann')).toBe(1);
    expect(await sessions.check(token)).toMatchObject({ ok: true });
    end.run(Date.now(), 'bob', 'removed', 'ann');
    expect(await sessions.check(token)).toMatchObject({ ok: false, ended: { by: 'bob', from: null } });
  });
});
