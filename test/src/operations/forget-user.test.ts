import { adapterHandle } from 'session-revocation/adapter';
import { describe, expect, test } from 'vitest';
import { ReferenceStore } from '../../model/reference-store.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, Realm, settle } from '../support/realm.ts';

const ANN = 'ann@people.example';
const AT_ACME = { account: 'acme' };
const MAC = { userAgent: CHROME_ON_MAC, ip: '192.0.2.7' };
/** The user's personal data, in all its stored forms. No random data contains one of these texts by chance. */
const PERSONAL = [
  ANN,
  '192.0.2.7',
  '"Chrome"',
  'Chrome on',
  'Mac OS',
  'dark mode',
  'she is ill',
  'asked by phone',
  'her cookie',
];

/** Opens a realm in which the user has used all features. Other users are there too. */
async function lived(options: { realm?: string } = {}, store = new ReferenceStore()) {
  const realm = new Realm({ audit: true, policy: 'stored', replace: 'same-device', ...options }, store);
  const { sessions } = realm;
  const alone = await realm.signIn(ANN, { ...MAC, deviceId: 'her cookie', attributes: { looks: 'dark mode' } });
  const here = await realm.signIn(ANN, { ...MAC, ...AT_ACME });
  const api = await realm.signIn(ANN, { ...MAC, ...AT_ACME, kind: 'api' });
  await sessions.renew(alone.session);
  await sessions.check(alone.token, MAC);
  await sessions.check(here.token, { userAgent: FIREFOX_ON_WINDOWS, ip: '192.0.2.7' });
  await sessions.end(api.session.id, {
    user: ANN,
    by: ANN,
    reason: 'asked by phone',
    fromDevice: here.session.device.label,
  });
  await sessions.trigger('roleChanged', { user: ANN, ...AT_ACME, keep: here.session, by: ANN, note: 'she is ill' });
  await sessions.suspend(
    { user: ANN, account: 'beta' },
    { by: ANN, note: 'she is ill', fromDevice: 'Chrome on Mac OS' },
  );
  await sessions.revoke({ user: ANN }, { by: ANN, note: 'she is ill', fromDevice: 'Chrome on Mac OS' });
  const last = await realm.signIn(ANN, { ...MAC, ...AT_ACME });
  const bob = await realm.signIn('bob', { ...AT_ACME, userAgent: FIREFOX_ON_WINDOWS, ip: '198.51.100.4' });
  await settle();
  return { realm, last, bob };
}

describe('forgetUser', () => {
  test('leaves nothing of the person anywhere in the store', async () => {
    const { realm } = await lived();
    const before = realm.store.dump();
    expect(PERSONAL.filter((word) => !before.includes(word))).toEqual(['her cookie']);
    await realm.sessions.forgetUser(ANN, { by: 'admin', reason: 'asked to be forgotten' });
    await settle();
    const after = realm.store.dump();
    expect(PERSONAL.filter((word) => after.includes(word))).toEqual([]);
  });

  test('leaves nothing of the person in what others see: entries, lists, reviews', async () => {
    const { realm } = await lived();
    await realm.sessions.forgetUser(ANN);
    await settle();
    const seen = JSON.stringify([
      await realm.sessions.audit({ limit: 1000 }),
      await realm.sessions.audit({ user: ANN }),
      await realm.sessions.audit({ by: ANN }),
      await realm.sessions.list({ user: ANN }, { ended: true }),
      await realm.sessions.review(AT_ACME),
    ]);
    expect(PERSONAL.filter((word) => seen.includes(word))).toEqual([]);
    expect((await realm.sessions.audit({ user: ANN })).entries).toEqual([]);
    expect((await realm.sessions.audit({ by: ANN })).entries).toEqual([]);
  });

  test('leaves nothing of where a person was who asked for what is not theirs', async () => {
    const { realm, last } = await lived();
    const { device } = last.session;
    const refused = { reason: 'forbidden', action: 'list', account: null, device } as const;
    adapterHandle(realm.sessions).report({ ...refused, by: ANN, user: 'bob' });
    await realm.sessions.forgetUser(ANN);
    await settle();
    expect(PERSONAL.filter((word) => realm.store.dump().includes(word))).toEqual([]);
  });

  test('keeps how much happened, and when, and what is of others', async () => {
    const { realm, bob } = await lived();
    const before = realm.store.log.entries;
    await realm.sessions.forgetUser(ANN);
    await settle();
    const after = realm.store.log.entries;
    expect(after.slice(0, before.length).map(({ id, at, type }) => [id, at, type])).toEqual(
      before.map(({ id, at, type }) => [id, at, type]),
    );
    const ofBob = after.filter(({ session }) => session === bob.session.id);
    expect(ofBob).toMatchObject([{ type: 'session.started', user: 'bob', by: 'bob', ip: '198.51.100.4' }]);
    expect(await realm.word(bob.token)).toBe('live');
    expect((await realm.sessions.list({ user: 'bob' })).sessions).toHaveLength(1);
  });

  test('tells how much it was: sessions of every state, and entries', async () => {
    const { realm } = await lived();
    const rows = (await realm.sessions.list({ user: ANN }, { ended: true })).sessions.length;
    const { entries } = await realm.sessions.audit({ limit: 1000 });
    const theirs = entries.filter(({ user, by }) => user === ANN || by === ANN).length;
    const result = await realm.sessions.forgetUser(ANN);
    // One more entry than before: `forgetUser` first revokes the sessions, and this writes an entry.
    expect(result).toEqual({ sessions: rows, entries: theirs + 1, effectiveWithin: 0 });
    expect(await realm.sessions.forgetUser(ANN)).toEqual({ sessions: 0, entries: 1, effectiveWithin: 0 });
  });

  test('ends every session, of every kind, and refuses old tokens as unknown', async () => {
    const realm = new Realm({ kinds: { api: { survives: ['user', 'member'] } } });
    const started = await Promise.all(
      ['browser', 'remembered', 'api', 'mcp'].map((kind) => realm.signIn(ANN, { ...AT_ACME, kind })),
    );
    await realm.sessions.forgetUser(ANN);
    for (const { token, session } of started) {
      expect(await realm.word(token)).toBe('unknown');
      expect(await realm.sessions.renew(session)).toMatchObject({ ok: false, reason: 'not-live' });
      expect(await realm.sessions.end(session.id, { user: ANN })).toMatchObject({ ended: false });
    }
  });

  test('lets no sign-in end well that had begun before', async () => {
    const { realm } = await lived();
    const fences = [
      [{ user: ANN }, await realm.sessions.fence({ user: ANN })],
      [{ user: ANN, ...AT_ACME }, await realm.sessions.fence({ user: ANN, ...AT_ACME })],
    ] as const;
    await realm.sessions.forgetUser(ANN);
    for (const [who, fence] of fences) {
      expect(await realm.sessions.start({ ...who, fence })).toMatchObject({ ok: false, reason: 'superseded' });
    }
    expect((await realm.sessions.list({ user: ANN }, { ended: true })).sessions).toEqual([]);
  });

  test('lets no sign-in end well that had begun before, of a kind that survives either', async () => {
    const realm = new Realm({ kinds: { api: { survives: ['user', 'member'] } } });
    const fence = await realm.sessions.fence({ user: ANN });
    await realm.sessions.forgetUser(ANN);
    expect(await realm.sessions.start({ user: ANN, fence, kind: 'api' })).toMatchObject({ reason: 'superseded' });
  });

  test('lets somebody sign in afterwards, as a new person', async () => {
    const { realm } = await lived();
    await realm.sessions.forgetUser(ANN);
    const { token } = await realm.signIn(ANN);
    await settle();
    expect(await realm.word(token)).toBe('live');
    expect((await realm.sessions.list({ user: ANN }, { ended: true })).sessions).toHaveLength(1);
    expect((await realm.sessions.audit({ user: ANN })).entries).toMatchObject([{ type: 'session.started' }]);
    expect((await realm.sessions.audit({ types: ['session.suspicious'], user: ANN })).entries).toEqual([]);
  });

  test('does not lift a suspension', async () => {
    const { realm } = await lived();
    await realm.sessions.forgetUser(ANN);
    const who = { user: ANN, account: 'beta' };
    const fence = await realm.sessions.fence(who);
    expect(await realm.sessions.start({ ...who, fence })).toMatchObject({ ok: false, reason: 'suspended' });
  });

  test('reaches no other realm of the store', async () => {
    const store = new ReferenceStore();
    const [a, b] = [await lived({ realm: 'a' }, store), await lived({ realm: 'b' }, store)];
    const entries = (await b.realm.sessions.audit({ user: ANN })).entries.length;
    await a.realm.sessions.forgetUser(ANN);
    expect(await b.realm.word(b.last.token)).toBe('live');
    expect((await b.realm.sessions.audit({ user: ANN })).entries).toHaveLength(entries);
  });

  test('tells that somebody was forgotten, by whom and why, and not who', async () => {
    const { realm } = await lived();
    const heard = realm.hear('user.forgotten');
    const attribution = { by: 'admin', reason: 'gdpr', note: 'ticket 7', fromDevice: 'the office' };
    const { sessions, entries } = await realm.sessions.forgetUser(ANN, attribution);
    const counts = { sessions, entries };
    expect(heard).toMatchObject([{ ...attribution, ...counts }]);
    expect(JSON.stringify(heard)).not.toContain(ANN);
    await settle();
    expect(realm.store.log.entries.at(-1)).toMatchObject({
      type: 'user.forgotten',
      user: null,
      ...attribution,
      details: counts,
    });
  });

  test('of oneself leaves no name either, nor from where', async () => {
    const { realm } = await lived();
    const heard = realm.hear('user.forgotten');
    await realm.sessions.forgetUser(ANN, {
      by: ANN,
      reason: 'account closed',
      note: 'she is ill',
      fromDevice: 'Chrome on Mac OS',
    });
    await settle();
    expect(heard).toMatchObject([{ by: null, fromDevice: null, note: null, reason: 'account closed' }]);
    expect((await realm.sessions.audit({ types: ['user.forgotten'] })).entries).toMatchObject([
      { user: null, by: null, note: null, fromDevice: null },
    ]);
  });

  test('erases also what was noted a moment ago and is not written yet', async () => {
    const { realm } = await lived();
    const { token } = await realm.signIn(ANN, MAC);
    await realm.sessions.revoke({ user: ANN });
    await realm.word(token);
    await realm.sessions.forgetUser(ANN);
    await settle();
    expect(realm.store.dump()).not.toContain(ANN);
  });

  test('waits for a look at a new device that is under way, and erases what that tells', async () => {
    const realm = new Realm({ audit: true });
    await realm.signIn(ANN);
    await settle();
    let answer = (): void => {};
    realm.around = (call, ask) => {
      const rows = ask();
      if (call !== 'list') return rows;
      return new Promise((resolve) => {
        answer = () => resolve(rows);
      });
    };
    await realm.signIn(ANN, MAC);
    const forgetting = realm.sessions.forgetUser(ANN);
    await settle();
    answer();
    await forgetting;
    await settle();
    expect(realm.store.dump()).not.toContain(ANN);
  });

  test('goes through however much there is, in batches', async () => {
    const realm = new Realm({ audit: true });
    for (let at = 0; at < 450; at++) await realm.signIn(ANN);
    await settle();
    expect(await realm.sessions.forgetUser(ANN)).toEqual({ sessions: 450, entries: 451, effectiveWithin: 0 });
    expect(realm.calls.filter((call) => call === 'deleteSessions')).toHaveLength(3);
    expect(realm.calls.filter((call) => call === 'audit.forget')).toHaveLength(3);
    expect(realm.store.dump()).not.toContain(ANN);
  });

  test('reads the pages of memberships to the last, and fails where the store gives one page for ever', async () => {
    const realm = new Realm();
    await realm.signIn(ANN);
    const pages = (next: Readonly<Record<string, string>>): void => {
      realm.calls.length = 0;
      realm.around = (call, ask, [, after]) =>
        call === 'memberships' ? { accounts: [], after: next[String(after)] ?? null } : ask();
    };
    const read = () => realm.calls.filter((call) => call === 'memberships').length;
    pages({ null: 'one', one: 'two' });
    await realm.sessions.forgetUser(ANN);
    expect(read()).toBe(3);
    pages({ null: 'one', one: 'one' });
    await expect(realm.sessions.forgetUser(ANN)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    expect(read()).toBe(2);
  });

  test('tries again where somebody else writes the record meanwhile', async () => {
    const { realm } = await lived();
    let beaten = 0;
    realm.around = (call, ask) => (call === 'advance' && beaten++ % 2 === 0 ? 'conflict' : ask());
    await realm.sessions.forgetUser(ANN);
    // Four advances, each tried twice: the user, two memberships, and the user again.
    expect(beaten).toBe(8);
    expect(realm.store.dump()).not.toContain('she is ill');
  });

  test('needs no log', async () => {
    const realm = new Realm({}, Object.assign(new ReferenceStore(), { powers: {} as never }));
    const { token } = await realm.signIn(ANN);
    expect(await realm.sessions.forgetUser(ANN)).toEqual({ sessions: 1, entries: 0, effectiveWithin: 0 });
    expect(await realm.word(token)).toBe('unknown');
  });

  test('erases a log that another process keeps', async () => {
    const { realm } = await lived();
    await new Realm({}, realm.store).sessions.forgetUser(ANN);
    expect(realm.store.dump()).not.toContain(ANN);
  });

  test.each(['advance', 'deleteSessions', 'audit.forget'])('OPS-1: fails where the store does: at %s', async (verb) => {
    const { realm } = await lived();
    const heard = realm.hear('user.forgotten');
    realm.around = (call, ask) => (call === verb ? Promise.reject(new Error('down')) : ask());
    await expect(realm.sessions.forgetUser(ANN)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    expect(heard).toEqual([]);
    realm.around = (_, ask) => ask();
    await realm.sessions.forgetUser(ANN);
    expect(realm.store.dump()).not.toContain(ANN);
  });

  test.each([undefined, null, '', 7, { user: ANN }, 'a\nb'])('of %o is misuse', async (user) => {
    const realm = new Realm();
    await expect(realm.sessions.forgetUser(user as never)).rejects.toThrow(TypeError);
    expect(realm.calls).toEqual([]);
  });

  test('with options that nobody knows is misuse', async () => {
    const realm = new Realm();
    await expect(realm.sessions.forgetUser(ANN, { force: true } as never)).rejects.toThrow(
      'the second argument has an unknown option "force"; known are dryRun, by, reason, note, from',
    );
  });
});
