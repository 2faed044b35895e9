import { createSessions } from 'session-revocation';
import { describe, expect, test } from 'vitest';
import { drivers } from './support/sqlite-drivers.ts';
import { answerOf, temporaryFile, watched } from './support/sqlite-files.ts';
import { LATER_STEPS, laterStore } from './support/sqlite-later.ts';
import { sessionsIn, signIn } from './support/sqlite-people.ts';

describe.each(drivers)('a file of an earlier version, $name', ({ open }) => {
  const [now, later] = [LATER_STEPS.length - 1, LATER_STEPS.length];

  test('is upgraded, with everything that is in it', async () => {
    const file = temporaryFile();
    const before = sessionsIn(open(file), { audit: true, policy: 'stored' });
    const [mine, gone, revoked] = [
      await signIn(before, 'ann'),
      await signIn(before, 'ann'),
      await signIn(before, 'bob'),
    ];
    const ended = { by: 'ann', reason: 'signed-out', fromDevice: 'Safari on iOS' };
    await before.end(gone.session.id, { user: 'ann', ...ended });
    await before.revoke({ user: 'bob' }, { by: 'admin' });
    await before.setPolicy('acme', { signOut: 'everywhere' }, { by: 'admin' });
    await before.close();

    const sessions = createSessions({ store: laterStore(open(file)), audit: true, policy: 'stored' });
    expect(await sessions.check(mine.token)).toMatchObject({ ok: true });
    expect(await sessions.check(gone.token)).toMatchObject({ ok: false, end: { reason: 'ended', ended } });
    expect(await sessions.check(revoked.token)).toMatchObject({ ok: false, reason: 'revoked' });
    await sessions.end(mine.session.id, { user: 'ann' });
    const { entries } = await sessions.audit({ types: ['policy.changed', 'session.ended'] });
    expect(entries.map(({ type }) => type).sort()).toEqual(['policy.changed', 'session.ended', 'session.ended']);
    await sessions.close();
    const other = open(file);
    expect(answerOf(other, 'PRAGMA integrity_check')).toBe('ok');
    expect(answerOf(other, 'PRAGMA user_version')).toBe(later);
    expect(answerOf(other, 'SELECT count(*) FROM sessions WHERE colour IS NULL')).toBe(3);
  });

  test('stays as it was where the upgrade cannot be finished, and is upgraded the next time', async () => {
    const file = temporaryFile();
    await sessionsIn(open(file)).setup();
    const connection = open(file);
    let broken = true;
    const store = laterStore(
      watched(connection, (sql) => {
        if (broken && sql === 'COMMIT' && Number(answerOf(connection, 'PRAGMA user_version')) === later)
          throw new Error('no');
      }),
    );
    expect(() => store.setup?.()).toThrow('no');
    const other = open(file);
    expect(answerOf(other, 'PRAGMA user_version')).toBe(now);
    expect(answerOf(other, "SELECT count(*) FROM sqlite_schema WHERE name = 'colours'")).toBe(0);
    broken = false;
    void store.setup?.();
    expect(answerOf(other, 'PRAGMA user_version')).toBe(later);
  });

  test('is upgraded under a process of that version, which goes on, and cannot open it again', async () => {
    const file = temporaryFile();
    const old = sessionsIn(open(file));
    const { token } = await signIn(old, 'ann');
    const sessions = createSessions({ store: laterStore(open(file)) });
    await sessions.setup();
    expect(await sessions.check(token)).toMatchObject({ ok: true });

    const another = await signIn(old, 'ann');
    expect(await sessions.check(another.token)).toMatchObject({ ok: true });
    await old.revoke({ user: 'ann' }, { by: 'bob' });
    expect(await sessions.check(token)).toMatchObject({ ok: false, reason: 'revoked' });
    await expect(sessionsIn(open(file)).setup()).rejects.toMatchObject({ code: 'SESSION_STORE_TOO_NEW' });
  });
});
