import { adapterHandle } from 'session-revocation/adapter';
import { describe, expect, test, vi } from 'vitest';
import { AuditLog } from '../../../src/events/audit-log.ts';
import { parseAudit } from '../../../src/events/audit-options.ts';
import { realmTag, userTag } from '../../../src/model/token.ts';
import type { AuditEntry } from '../../../src/store/powers.ts';
import { CHROME_ON_MAC, DAY, HOUR, MINUTE, NOW, Realm, settle } from '../support/realm.ts';

const AT_ACME = { user: 'ann', account: 'acme' };
const types = ({ store }: Realm): string[] => store.log.entries.map(({ type }) => type);
const unknown = (id: number): string => `sr1.${'A'.repeat(22)}..${String(id).padStart(22, 'B')}.${'C'.repeat(43)}`;

describe('the option', () => {
  test.each([undefined, null, false])('of %o is no log', (value) => {
    expect(parseAudit(value)).toBeNull();
  });

  test.each([true, {}, { store: true, sink: undefined, retention: undefined, names: undefined }])(
    'of %o is a log in the store, for 90 days',
    (value) => {
      expect(parseAudit(value)).toEqual({ store: true, sink: null, retention: 90 * DAY, outbox: [], names: {} });
    },
  );

  test('is taken once: what was given may change', () => {
    const names = { 'session.started': 'signed_in' };
    const settings = parseAudit({ names, retention: '1h' });
    names['session.started'] = 'later';
    expect(settings).toMatchObject({ names: { 'session.started': 'signed_in' }, retention: HOUR });
    expect([Object.isFrozen(settings), Object.isFrozen(settings?.names)]).toEqual([true, true]);
  });

  test.each<[unknown, string | RegExp]>([
    ['yes', 'audit must be an object, not string'],
    [[], 'audit must be an object, not an array'],
    [{ keep: '1d' }, 'audit has an unknown option "keep"; known are store, sink, retention, outbox, names'],
    [{ store: 1 }, 'audit.store must be a boolean'],
    [{ store: null }, 'audit.store must be a boolean'],
    [{ sink: {} }, 'audit.sink must be a function'],
    [{ sink: null }, 'audit.sink must be a function'],
    [{ outbox: 'billing' }, /^audit\.outbox must be an array of at most 64 names/],
    [{ outbox: ['Billing'] }, /^audit\.outbox must be an array of at most 64 names/],
    [{ outbox: ['billing.dead'] }, /without \.dead at the end$/],
    [{ outbox: ['billing', 'billing'] }, 'audit.outbox names a queue twice'],
    [{ outbox: ['billing'], store: false, sink: () => {} }, /^audit\.outbox is written with the entries of the store/],
    [{ store: false }, 'audit.store is false: then audit needs a sink'],
    [{ retention: '59m' }, 'audit.retention is 3540000 ms; at least 3600000 ms are needed'],
    [{ retention: null }, /^audit\.retention is null; allowed are/],
    [{ names: [] }, 'audit.names must be an object, not an array'],
    [{ names: null }, 'audit.names must be an object, not null'],
    [
      { names: { 'session.begun': 'x' } },
      /^audit\.names has an unknown option "session\.begun"; known are session\.started/,
    ],
    [{ names: { 'session.started': '' } }, 'audit.names.session.started must not be empty'],
    [{ names: { 'session.started': 7 } }, 'audit.names.session.started must be a string, not number'],
    [{ names: { 'session.started': 'a\nb' } }, /^audit\.names\.session\.started must be well-formed text/],
  ])('of %o is misuse', (value, message) => {
    expect(() => parseAudit(value)).toThrow(TypeError);
    expect(() => parseAudit(value)).toThrow(message);
  });
});

describe('OPS-3: the log', () => {
  test('has an entry for each thing that happens, in its order, with who, why and from where', async () => {
    const realm = new Realm({ audit: true, policy: 'stored', limit: { perUser: 2, overflow: 'end-oldest' } });
    const { sessions } = realm;
    const first = await realm.signIn('ann', { ...AT_ACME, userAgent: CHROME_ON_MAC, ip: '192.0.2.7', amr: ['pwd'] });
    realm.now += MINUTE;
    const second = await realm.signIn('ann', { ...AT_ACME, userAgent: CHROME_ON_MAC });
    await realm.signIn('ann', { ...AT_ACME, userAgent: CHROME_ON_MAC });
    await sessions.renew(second.session);
    await sessions.setPolicy('acme', { signOut: 'everywhere' }, { by: 'admin-1' });
    await sessions.suspend(AT_ACME, { by: 'admin-1', note: 'ticket 7' });
    await settle();

    const attribution = { by: 'admin-1', reason: null, note: null, fromDevice: null };
    const device = { device: 'Chrome on Mac OS', ip: '192.0.2.7' };
    expect(realm.store.log.entries).toMatchObject([
      {
        ...{ type: 'session.started', realm: 'default', at: NOW, ...AT_ACME, session: first.session.id },
        ...{ ...device, by: 'ann', fromDevice: 'Chrome on Mac OS', details: { kind: 'browser', amr: ['pwd'] } },
      },
      { type: 'session.started', session: second.session.id },
      // A session that makes room for a new one ends in the same step that adds the new one.
      { type: 'session.ended', session: first.session.id, ...device, by: 'ann', reason: 'limit' },
      { type: 'session.started' },
      { type: 'session.renewed', session: second.session.id, details: { reauthenticated: false } },
      { type: 'policy.changed', account: 'acme', user: null, ...attribution },
      {
        ...{
          type: 'sessions.revoked',
          ...AT_ACME,
          scope: 'member',
          ...attribution,
          reason: 'suspended',
          note: 'ticket 7',
        },
        details: { kinds: 'all', kept: null, change: 'suspended', trigger: null },
      },
    ]);
  });

  test('is written with what it tells of: neither verb is called twice, nor the log by itself', async () => {
    const realm = new Realm({ audit: true, policy: 'stored' });
    const { session } = await realm.signIn('ann', AT_ACME);
    await realm.sessions.renew(session);
    await realm.sessions.setPolicy('acme', { signOut: 'everywhere' });
    await realm.sessions.endIdle({ account: 'acme', unusedFor: '1m' });
    await realm.sessions.revoke({ user: 'ann' });
    await settle();
    expect(types(realm)).toEqual(['session.started', 'session.renewed', 'policy.changed', 'sessions.revoked']);
    expect(realm.calls.filter((call) => call === 'audit.append')).toEqual([]);
    const writes = ['add', 'renew', 'policies.set', 'advance'];
    expect(realm.calls.filter((call) => writes.includes(call))).toEqual(writes);
  });

  test('finds an entry by user, account and actor, and keeps it for the retention', async () => {
    const appended = vi.fn();
    const realm = new Realm({ audit: { retention: '10d' }, realm: 'dashboard' });
    realm.around = (call, ask, [, write]) => {
      if (call === 'advance') appended((write as { audit: unknown }).audit);
      return ask();
    };
    await realm.sessions.revoke({ user: 'ann' }, { by: 'bob' });
    expect(appended).toHaveBeenCalledExactlyOnceWith([
      expect.objectContaining({
        realm: realmTag('dashboard'),
        user: userTag('dashboard', 'ann'),
        account: null,
        by: userTag('dashboard', 'bob'),
        keepUntil: realm.now + 10 * DAY,
      }),
    ]);
  });

  test('is pruned once an entry was kept long enough', async () => {
    const realm = new Realm({ audit: { retention: '10d' } });
    await realm.sessions.revoke({ user: 'ann' });
    realm.now += 10 * DAY + HOUR;
    expect(await realm.sessions.prune()).toMatchObject({ entries: 0 });
    await settle();
    expect(types(realm)).toContain('sessions.revoked');
    realm.now += 1;
    expect(await realm.sessions.prune()).toMatchObject({ entries: 1 });
    expect(types(realm)).not.toContain('sessions.revoked');
  });

  test('has nothing of a pruning that removed nothing', async () => {
    const realm = new Realm({ audit: true });
    const heard = realm.hear('sessions.pruned');
    await realm.sessions.prune();
    await settle();
    expect([heard.length, types(realm)]).toEqual([1, []]);
  });

  test('has a pruning that removed entries alone', async () => {
    const realm = new Realm({ audit: { retention: '1h' } });
    const removed = { sessions: 0, epochs: 0, more: false, after: null };
    realm.around = (call, ask) => (call === 'prune' ? removed : ask());
    await realm.sessions.revoke({ user: 'ann' });
    realm.now += 3 * HOUR;
    expect(await realm.sessions.prune()).toEqual({ sessions: 0, epochs: 0, entries: 1, messages: 0 });
    await settle();
    expect(realm.store.log.entries).toMatchObject([{ type: 'sessions.pruned', details: { entries: 1 } }]);
  });

  test('counts the details of an entry in bytes, and leaves out those of more than 4,096', () => {
    const log = new AuditLog(parseAudit(true)!, 'default', null);
    const detailsOf = (value: string) => {
      const attribution = { by: null, reason: null, note: null, fromDevice: null };
      const event = { realm: 'default', at: NOW, ...attribution, claim: 'jti', issuer: 'x', value } as const;
      return log.record({ type: 'token.revoked', ...event })?.entry.details;
    };
    const room = 4096 - JSON.stringify(detailsOf('')).length;
    for (const value of [
      'x'.repeat(room),
      '\u00fc'.repeat(Math.floor(room / 2)),
      '\u{1f600}'.repeat(Math.floor(room / 4)),
    ]) {
      expect(detailsOf(value)).toMatchObject({ value });
    }
    for (const value of [
      'x'.repeat(room + 1),
      '\u00fc'.repeat(Math.floor(room / 2) + 1),
      '\u{1f600}'.repeat(room / 4 + 1),
    ]) {
      expect(detailsOf(value)).toEqual({ truncated: true });
    }
  });

  test('calls events by the names that it is told to', async () => {
    const names = { 'sessions.revoked': 'user.session_invalidated' } as const;
    const realm = new Realm({ audit: { names } });
    const heard = realm.hear('sessions.revoked');
    await realm.signIn();
    await realm.sessions.revoke({ user: 'ann' });
    expect(types(realm)).toEqual(['session.started', 'user.session_invalidated']);
    expect(heard).toMatchObject([{ type: 'sessions.revoked' }]);
    const { entries } = await realm.sessions.audit({ types: ['user.session_invalidated'] });
    expect(entries).toHaveLength(1);
  });

  test('has nothing of what was not done', async () => {
    const realm = new Realm({ audit: true });
    const { session } = await realm.signIn();
    await realm.sessions.end(session.id, { user: 'bob' });
    await realm.sessions.end('x'.repeat(22), { user: 'ann' });
    await realm.sessions.end(session.id, { user: 'ann' });
    const before = types(realm);
    await realm.sessions.end(session.id, { user: 'ann' });
    await realm.sessions.renew(session);
    await realm.sessions.revoke({ user: 'ann' }, { keep: session });
    await realm.sessions.resume({ user: 'ann' });
    await settle();
    expect(types(realm)).toEqual(before);
  });

  test('tells of a write that was beaten once, when it was done', async () => {
    const realm = new Realm({ audit: true });
    let beaten = 0;
    realm.around = (call, ask) => (call === 'advance' && beaten++ < 2 ? 'conflict' : ask());
    await realm.sessions.revoke({ user: 'ann' });
    expect(types(realm)).toEqual(['sessions.revoked']);
  });

  test('notes what has no write of its own in the background: nobody waits for it', async () => {
    const realm = new Realm({ audit: true });
    realm.around = (call, ask) => (call === 'audit.append' ? new Promise(() => {}) : ask());
    expect(await realm.word('no token')).toBe('malformed');
  });

  test('that cannot be written is told as a failure in the background, and fails nothing else', async () => {
    const realm = new Realm({ audit: true });
    const failed = realm.hear('background.failed');
    realm.around = (call, ask) => (call === 'audit.append' ? Promise.reject(new Error('full')) : ask());
    expect(await realm.word('no token')).toBe('malformed');
    await settle();
    expect(failed).toMatchObject([{ operation: 'audit', error: { code: 'SESSION_STORE_UNAVAILABLE' } }]);
    expect(types(realm)).toEqual([]);
  });

  test('is written to the end where the sessions are closed', async () => {
    const realm = new Realm({ audit: true });
    await realm.word('no token');
    await realm.sessions.close();
    expect(types(realm)).toEqual(['session.refused']);
  });

  test('is not tried again once the sessions are closed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const realm = new Realm({ audit: true });
    const failed = realm.hear('background.failed');
    realm.around = (call, ask) => (call === 'audit.append' ? Promise.reject(new Error('down')) : ask());
    await realm.word('no token');
    await realm.sessions.close();
    const before = failed.length;
    await vi.advanceTimersByTimeAsync(MINUTE);
    await settle();
    vi.useRealTimers();
    expect(before).toBeGreaterThan(0);
    expect(failed).toHaveLength(before);
  });

  test('has at most 4,096 bytes of details, whatever an app says', async () => {
    const realm = new Realm({ audit: true });
    const amr = Array.from({ length: 16 }, (_, at) => `${at}`.padEnd(256, '\u20ac'));
    await realm.signIn('ann', { amr });
    await realm.sessions.revoke({ user: 'ann' }, { kinds: Array(5000).fill('browser') });
    const sizes = realm.store.log.entries.map(({ details }) => Buffer.byteLength(JSON.stringify(details)));
    expect(sizes).toHaveLength(2);
    expect(sizes.filter((size) => size > 4096)).toEqual([]);
  });
});

describe('OPS-2: no token and no secret', () => {
  test('is in an entry, and no hash of one', async () => {
    const entries: AuditEntry[] = [];
    const realm = new Realm({ audit: { sink: (entry) => entries.push(entry) }, replace: 'same-device' });
    const secrets: string[] = ['the-device-cookie'];
    const hold = (token: string | null): void => void secrets.push(token!, token!.split('.').at(-1)!);
    const first = await realm.signIn('ann', { deviceId: 'the-device-cookie' });
    hold(first.token);
    const again = await realm.signIn('ann', { deviceId: 'the-device-cookie' });
    hold(again.token);
    const renewed = await realm.sessions.renew(again.session);
    if (!renewed.ok) throw new Error(renewed.reason);
    hold(renewed.token);
    hold((await realm.sessions.revoke({ user: 'ann' }, { keep: renewed.session })).token);
    for (const token of [...secrets]) await realm.sessions.check(token, { userAgent: CHROME_ON_MAC });
    await settle();
    const hashes = JSON.parse(realm.store.dump()).sessions.map(({ credential }: { credential: string }) => credential);
    const told = JSON.stringify([entries, realm.store.log.entries]);
    expect(secrets).toHaveLength(9);
    expect(hashes.length).toBeGreaterThan(1);
    for (const secret of [...secrets, ...hashes]) expect(told).not.toContain(secret);
  });
});

describe('a sink', () => {
  const OPERATIONS: Readonly<Record<string, readonly [verb: string, act: (realm: Realm) => Promise<unknown>]>> = {
    start: ['add', (realm) => realm.signIn('bob')],
    renew: ['renew', async (realm) => realm.sessions.renew((await realm.signIn('bob')).session)],
    end: ['end', async (realm) => realm.sessions.end((await realm.signIn('bob')).session.id, { user: 'bob' })],
    revoke: ['advance', (realm) => realm.sessions.revoke({ user: 'ann' })],
    trigger: ['advance', (realm) => realm.sessions.trigger('passwordReset', { user: 'ann' })],
    signOut: ['end', async (realm) => realm.sessions.signOut((await realm.signIn('bob')).session)],
    endIdle: [
      'end',
      (realm) => realm.signIn('bob').then(() => realm.sessions.endIdle({ user: 'bob', unusedFor: '1m' })),
    ],
    setPolicy: ['policies.set', (realm) => realm.sessions.setPolicy('acme', { signOut: 'everywhere' })],
  };
  const cases = Object.entries(OPERATIONS).map(([name, [verb, act]]) => ({ name, verb, act }));
  const open = () => {
    const order: string[] = [];
    const realm: Realm = new Realm({ policy: 'stored', audit: { sink: ({ type }) => order.push(type) } });
    // Each call of the store takes a minute, so unused sessions become idle.
    realm.around = async (call, ask) => {
      realm.now += MINUTE;
      const answer = await ask();
      order.push(`${call} done`);
      return answer;
    };
    return { order, realm };
  };

  test.each(cases)('is given an entry of $name right after its write', async ({ verb, act }) => {
    const { order, realm } = open();
    await act(realm);
    await settle();
    const entries = order.filter((word) => !word.endsWith(' done'));
    expect(entries.at(-1)).toBe(realm.store.log.entries.at(-1)?.type);
    expect(entries).toHaveLength(realm.store.log.entries.length);
    // The check for a new device lists sessions in the background, so its call may come in between.
    const before = order.slice(0, order.lastIndexOf(entries.at(-1)!)).filter((word) => word !== 'list done');
    expect(before.at(-1)).toBe(`${verb} done`);
  });

  test.each(cases)('is given none where the write of $name fails, and none is in the log', async ({ verb, act }) => {
    const { order, realm } = open();
    const { around } = realm;
    realm.around = (call, ask, given) => (call === verb ? Promise.reject(new Error('down')) : around(call, ask, given));
    await expect(act(realm)).rejects.toMatchObject({ code: 'SESSION_STORE_UNAVAILABLE' });
    await settle();
    const told = order.filter((word) => !word.endsWith(' done'));
    // Writes before the failed one succeeded, such as the sign-in of the affected session.
    expect(told.filter((type) => type !== 'session.started')).toEqual([]);
    expect(told).toEqual(types(realm));
  });

  test('gets the entry that stands in the log, frozen', async () => {
    const entries: AuditEntry[] = [];
    const realm = new Realm({ audit: { sink: (entry) => entries.push(entry) } });
    await realm.signIn();
    await realm.word('no token');
    await settle();
    expect(entries).toEqual(realm.store.log.entries);
    expect(entries).toHaveLength(2);
    for (const entry of entries) expect([Object.isFrozen(entry), Object.isFrozen(entry.details)]).toEqual([true, true]);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no disk'))],
  ])('that %s fails nothing: it is told', async (_, sink) => {
    const realm = new Realm({ audit: { sink } });
    const failed = realm.hear('background.failed');
    const { token } = await realm.signIn();
    expect(await realm.sessions.revoke({ user: 'ann' })).toMatchObject({ revoked: true });
    expect(await realm.word(token)).toBe('revoked');
    await settle();
    expect(failed).toHaveLength(3);
    expect(failed[0]).toMatchObject({ operation: 'audit.sink', error: new Error('no disk') });
    expect(types(realm)).toEqual(['session.started', 'sessions.revoked', 'session.refused']);
  });

  test('alone needs no store that keeps a log, and writes nothing there', async () => {
    const entries: AuditEntry[] = [];
    const realm = new Realm({ audit: { store: false, sink: (entry) => entries.push(entry) } });
    await realm.signIn();
    await realm.word('no token');
    await settle();
    expect(entries.map(({ type }) => type)).toEqual(['session.started', 'session.refused']);
    expect(types(realm)).toEqual([]);
    expect(realm.calls).not.toContain('audit.append');
  });
});

describe('OPS-6: a flood of refused tokens', () => {
  test('is logged once a minute for each reason, with how many were left out', async () => {
    const realm = new Realm({ audit: true });
    for (let guess = 0; guess < 500; guess++) await realm.word(unknown(guess));
    for (let guess = 0; guess < 500; guess++) await realm.word(`guess ${guess}`);
    realm.now += MINUTE;
    await realm.word(unknown(0));
    await settle();
    const refused = realm.store.log.entries.filter(({ type }) => type === 'session.refused');
    expect(refused).toMatchObject([
      { reason: 'unknown', user: null, details: { during: 'check' } },
      { reason: 'malformed', details: { omitted: 499 } },
      { reason: 'unknown', details: { omitted: 499 } },
    ]);
  });

  test('of one session hides none of another one', async () => {
    const realm = new Realm({ audit: true });
    const started = await Promise.all(Array.from({ length: 3 }, () => realm.signIn()));
    await realm.sessions.revoke({ user: 'ann' });
    for (const { token } of started) for (let use = 0; use < 50; use++) await realm.word(token);
    await settle();
    const refused = realm.store.log.entries.filter(({ type }) => type === 'session.refused');
    expect(refused.map(({ session }) => session).sort()).toEqual(started.map(({ session }) => session.id).sort());
  });

  test('of very many sessions writes a hundred entries a minute, and hides nothing that was done', async () => {
    const realm = new Realm({ audit: true });
    const started = await Promise.all(Array.from({ length: 150 }, (_, at) => realm.signIn(`user ${at}`)));
    await realm.sessions.revoke({ realm: true });
    for (const { token } of started) await realm.word(token);
    const last = await realm.signIn('bob');
    await realm.sessions.end(last.session.id, { user: 'bob' });
    await settle();
    const count = (type: string): number => types(realm).filter((one) => one === type).length;
    expect(count('session.refused')).toBe(100);
    expect([count('session.started'), count('session.ended'), count('sessions.revoked')]).toEqual([151, 1, 1]);
  });

  test('of strangers hides none of a session that there is', async () => {
    const realm = new Realm({ audit: true });
    const started = await Promise.all(Array.from({ length: 90 }, () => realm.signIn()));
    await realm.sessions.revoke({ user: 'ann' });
    for (let guess = 0; guess < 500; guess++) {
      await realm.sessions.check(unknown(guess), { ip: `192.0.2.${guess % 250}` });
      adapterHandle(realm.sessions).report({
        ...{ reason: 'cross-origin', action: `action ${guess}`, by: null, user: null, account: null, device: null },
      });
    }
    for (const { token } of started) await realm.word(token);
    await settle();
    const { entries } = await realm.sessions.audit({ types: ['session.refused'], user: 'ann', limit: 1000 });
    expect(entries).toHaveLength(90);
    expect(types(realm).filter((type) => type === 'request.refused')).toHaveLength(1);
  });

  test('is told to listeners one by one all the same', async () => {
    const realm = new Realm({ audit: true });
    const heard = realm.hear('session.refused');
    for (let guess = 0; guess < 500; guess++) await realm.word(unknown(guess));
    expect(heard).toHaveLength(500);
  });
});
