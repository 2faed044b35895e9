import { inspect } from 'node:util';
import { adapterHandle } from 'session-revocation/adapter';
import { describe, expect, test, vi } from 'vitest';
import { CHROME_ON_MAC } from '../frameworks/http/browser.ts';
import { DAY, MINUTE } from '../frameworks/http/site.ts';
import { judge, openRealm, type Realm, settle, signIn } from './realm.ts';

const CLIENT = { userAgent: CHROME_ON_MAC, ip: '192.0.2.7' };

/** Runs every kind of operation once. Returns all tokens that were issued. */
async function liveThrough({ sessions, store, clock }: Realm): Promise<string[]> {
  const tokens: string[] = [];
  const hold = <Result extends object>(result: Result): Result => {
    if ('token' in result && typeof result.token === 'string') tokens.push(result.token);
    return result;
  };
  const { session, token } = hold(await signIn(sessions, { user: 'alice', deviceId: 'device-cookie-of-alice' }));
  hold(await signIn(sessions, { user: 'alice' }));
  await judge(sessions, token);
  await judge(
    sessions,
    token.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
  );
  await judge(sessions, `${token} `);
  const renewed = hold(await sessions.renew(session));
  await judge(sessions, token);
  const again = hold(
    await sessions.reauthenticate(renewed.session!, { fence: await sessions.fence({ user: 'alice' }) }),
  );
  const change = { user: 'alice', keep: again.session!, by: 'alice' };
  const { kept, token: current } = hold(await sessions.trigger('passwordChanged', change));
  await sessions.check(token, CLIENT);
  await sessions.setPolicy('acme', { signOut: 'everywhere' }, { by: 'alice' });
  adapterHandle(sessions).report({
    ...{ reason: 'forbidden', action: 'list', by: 'alice', user: 'bob', account: null },
    device: adapterHandle(sessions).describe(CLIENT),
  });
  const member = hold(await signIn(sessions, { user: 'bob', account: 'acme' }));
  await sessions.signOut(member.session);
  hold(await signIn(sessions, { user: 'bob', account: 'acme' }));
  clock.advance(2 * MINUTE);
  store.only = ['touch'];
  store.state = 'throws';
  await judge(sessions, current!);
  await settle();
  store.state = 'answers';
  await sessions.end(kept!.id, { user: 'alice', by: 'alice', reason: 'signed-out' });
  await judge(sessions, current!);
  hold(await signIn(sessions, { user: 'alice' }));
  await sessions.endIdle({ account: 'acme', unusedFor: '1m' });
  await sessions.forgetUser('bob', { by: 'alice' });
  clock.advance(60 * DAY);
  await judge(sessions, tokens.at(-1)!);
  await sessions.prune();
  await settle();
  return tokens;
}

const secretOf = (token: string): string => token.split('.').at(-1)!;

/** Returns the encodings in which a secret could appear. */
function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'base64url');
  return [secret, bytes.toString('hex'), bytes.toString('base64'), Buffer.from(secret).toString('base64')];
}

describe('OPS-2, OPS-5: no token and no secret', () => {
  test('is in an event, an error, a warning or a log line, or reaches the store', async () => {
    const logged: unknown[] = [];
    const log = (...words: unknown[]): boolean => logged.push(words) > 0;
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(log),
    );
    spies.push(vi.spyOn(process, 'emitWarning').mockImplementation(log) as never);
    const entries: unknown[] = [];
    const realm = openRealm({
      ...{ replace: 'same-device', policy: 'stored' },
      audit: { sink: (entry) => entries.push(entry) },
    });
    realm.sessions.on('session.suspicious', log);
    const tokens = await liveThrough(realm);
    for (const spy of spies) spy.mockRestore();

    const errors: unknown[] = [];
    const note = (error: unknown): number => errors.push(error);
    realm.store.only = null;
    realm.store.state = 'throws';
    const { sessions } = realm;
    const last = tokens.at(-1)!;
    await sessions.check(last).catch(note);
    await sessions.end(last, { user: 'alice' }).catch(note);
    await sessions.renew(last as never).catch(note);
    await sessions.revoke({ user: 'alice' }, { keep: last as never }).catch(note);
    await sessions.start({ user: 'alice', fence: last }).catch(note);
    await sessions.list({ user: 'alice' }, { cursor: last }).catch(note);
    expect(errors).toHaveLength(6);

    expect(entries.length).toBeGreaterThan(20);
    const told = inspect([realm.events, logged, errors, entries], {
      depth: 20,
      showHidden: true,
      maxArrayLength: null,
    });
    const written = realm.store.traffic.join('\n');
    expect(tokens).toHaveLength(8);
    for (const secret of tokens.map(secretOf)) {
      for (const spelling of spellingsOf(secret)) {
        expect(told).not.toContain(spelling);
        expect(written).not.toContain(spelling);
      }
    }
    expect(written).not.toContain('device-cookie-of-alice');
  });

  test('OPS-5: what the store keeps cannot be presented: neither the hash nor any text of a record is a token', async () => {
    const { sessions, store } = openRealm();
    const { token } = await signIn(sessions);
    const [, user, account, id] = token.split('.');
    const texts = new Set(store.traffic.flatMap((line) => line.match(/[\w-]{43}/g) ?? []));
    expect(texts.size).toBeGreaterThan(0);
    for (const text of texts) expect(await judge(sessions, `sr1.${user}.${account}.${id}.${text}`)).toBe('unknown');
  });
});

describe('OPS-3: events', () => {
  test('tell what happens, each with its name, realm, time in UTC, and who did it and why', async () => {
    const realm = openRealm({ realm: 'dashboard', replace: 'same-device', policy: 'stored' });
    const begun = realm.clock.now();
    await liveThrough(realm);
    const seen = new Set(
      realm.events.map((event) => (event.type === 'session.refused' ? `${event.type}: ${event.reason}` : event.type)),
    );
    expect([...seen].sort()).toEqual(
      [
        ...['background.failed', 'session.ended', 'session.renewed', 'session.started', 'sessions.pruned'],
        ...['session.refused: ended', 'session.refused: expired', 'session.refused: malformed'],
        ...['session.refused: superseded', 'session.refused: unknown', 'sessions.revoked'],
        ...['policy.changed', 'request.refused', 'user.forgotten'],
      ].sort(),
    );
    for (const event of realm.events) {
      expect(event).toMatchObject({ realm: 'dashboard', at: expect.any(Number) });
      expect(event.at).toBeGreaterThanOrEqual(begun);
      expect(event.at).toBeLessThanOrEqual(realm.clock.now());
      expect(Object.isFrozen(event)).toBe(true);
    }
    const ended = realm.events.filter(({ type }) => type === 'session.ended');
    expect(ended).toContainEqual(
      expect.objectContaining({ user: 'alice', by: 'alice', reason: 'signed-out', session: expect.any(String) }),
    );
  });

  test('the use of a session after its end, and of a secret after its renewal, name the session and whose it was', async () => {
    const { sessions, events } = openRealm();
    const { session, token } = await signIn(sessions);
    const renewed = await sessions.renew(session);
    await sessions.check(token);
    await sessions.revoke({ user: 'alice' }, { by: 'admin', reason: 'stolen' });
    await sessions.check(renewed.ok ? renewed.token : '');
    expect(events.filter(({ type }) => type === 'session.refused')).toMatchObject([
      { during: 'check', reason: 'superseded', session: session.id },
      {
        ...{ during: 'check', reason: 'revoked', session: session.id, user: 'alice' },
        revocation: { scope: 'user', by: 'admin', reason: 'stolen' },
      },
    ]);
  });

  test('stand in a log, in the words of the OWASP vocabulary where an app wants them, with time, user and actor', async () => {
    const names = {
      'session.started': 'session_created',
      'session.renewed': 'session_renewed',
      'session.ended': 'session_logout',
      'sessions.revoked': 'authn_token_revoked',
      'session.refused': 'session_use_after_expire',
    } as const;
    const { sessions, clock } = openRealm({ audit: { names } });
    const [mine, other] = [await signIn(sessions), await signIn(sessions)];
    await sessions.renew(mine.session);
    clock.advance(MINUTE);
    await sessions.end(other.session.id, {
      user: 'alice',
      by: 'alice',
      reason: 'signed-out',
      fromDevice: 'Safari on iOS',
    });
    await sessions.revoke({ user: 'alice' }, { by: 'admin', reason: 'stolen', note: 'ticket 7' });
    await judge(sessions, other.token);
    await settle();
    const at = clock.now();
    const { entries } = await sessions.audit({ user: 'alice', since: at });
    expect(entries.toSorted((a, b) => a.type.localeCompare(b.type))).toMatchObject([
      {
        type: 'authn_token_revoked',
        at,
        user: 'alice',
        by: 'admin',
        reason: 'stolen',
        note: 'ticket 7',
        scope: 'user',
      },
      { type: 'session_logout', at, session: other.session.id, by: 'alice', fromDevice: 'Safari on iOS' },
      { type: 'session_use_after_expire', at, session: other.session.id, user: 'alice', reason: 'ended' },
    ]);
    const types = ['session_created', 'session_renewed'];
    expect((await sessions.audit({ types })).entries).toHaveLength(3);
  });

  test('a listener that fails fails nothing but itself', async () => {
    const { sessions, events } = openRealm();
    sessions.on('session.started', () => {
      throw new Error('no disk');
    });
    sessions.on('sessions.revoked', () => Promise.reject(new Error('no network')));
    const { token } = await signIn(sessions);
    expect(await sessions.revoke({ user: 'alice' })).toMatchObject({ revoked: true });
    expect(await judge(sessions, token)).toBe('revoked');
    const failed = events.filter(({ type }) => type === 'background.failed');
    expect(failed).toMatchObject([
      { operation: 'listener of session.started' },
      { operation: 'listener of sessions.revoked' },
    ]);
  });
});

test('OPS-6: each refused token is told to a listener, so that an app can count the attempts', async () => {
  const { sessions, store } = openRealm();
  let attempts = 0;
  sessions.on('session.refused', ({ during, reason }) => {
    if (during === 'check' && (reason === 'malformed' || reason === 'unknown')) attempts++;
  });
  for (let guess = 0; guess < 50; guess++) {
    await sessions.check(`sr1.${'A'.repeat(22)}..${String(guess).padStart(22, 'B')}.${'C'.repeat(43)}`);
    await sessions.check(`guess-${guess}`);
  }
  expect(attempts).toBe(100);
  expect(store.calls).toEqual(Array(50).fill('find'));
});

test('OPS-6: many refused tokens from one address are told as a sign, once a minute, and in the log', async () => {
  const { sessions, clock } = openRealm({ audit: true });
  const signs: unknown[] = [];
  sessions.on('session.suspicious', ({ sign, device }) => signs.push([sign, device?.ip]));
  for (let minute = 0; minute < 2; minute++) {
    for (let guess = 0; guess < 200; guess++) await sessions.check(`guess-${guess}`, { ip: '192.0.2.7' });
    for (let guess = 0; guess < 10; guess++) await sessions.check(`guess-${guess}`, { ip: '198.51.100.4' });
    clock.advance(MINUTE);
  }
  await settle();
  expect(signs).toEqual(Array(2).fill(['many-refusals', '192.0.2.7']));
  const { entries } = await sessions.audit();
  expect(entries.filter(({ type }) => type === 'session.suspicious')).toHaveLength(2);
  // A flood of refusals leaves few entries. They count the omitted ones.
  const refused = entries.filter(({ type }) => type === 'session.refused');
  expect(refused.length).toBeLessThanOrEqual(2 * 10);
  expect(refused.some(({ details }) => Number(details.omitted) > 150)).toBe(true);
});

test('OPS-4: what was refused for where it came from, or for who asked, is logged with the reason', async () => {
  const { sessions } = openRealm({ audit: true });
  const device = adapterHandle(sessions).describe(CLIENT);
  adapterHandle(sessions).report({
    reason: 'cross-origin',
    action: 'POST /sessions',
    by: null,
    user: null,
    account: null,
    device,
  });
  adapterHandle(sessions).report({
    reason: 'forbidden',
    action: 'end',
    by: 'bob',
    user: 'alice',
    account: 'acme',
    device,
  });
  await settle();
  const { entries } = await sessions.audit({ types: ['request.refused'] });
  expect(entries.toSorted((a, b) => String(a.reason).localeCompare(String(b.reason)))).toMatchObject([
    {
      reason: 'cross-origin',
      by: null,
      ip: '192.0.2.7',
      device: 'Chrome on Mac OS',
      details: { action: 'POST /sessions' },
    },
    { reason: 'forbidden', by: 'bob', user: 'alice', account: 'acme', details: { action: 'end' } },
  ]);
});

describe('OPS-8: what people and clients write cannot forge a line of a log', () => {
  const FORGERIES = ['a\nb', 'a\r\nb', 'a\u2028b', 'a\u0085b', '\u001b[31mred', 'a\0b', '\u007f', '\ud800'];

  test.each(FORGERIES)('not in a name, an actor, a reason or a note: %j', async (text) => {
    const { sessions, store } = openRealm();
    const { session } = await signIn(sessions);
    store.forget();
    for (const call of [
      () => sessions.fence({ user: text }),
      () => sessions.fence({ user: 'alice', account: text }),
      () => sessions.list({ user: text }),
      () => sessions.end(session.id, { user: 'alice', by: text }),
      () => sessions.end(session.id, { user: 'alice', reason: text }),
      () => sessions.revoke({ user: 'alice' }, { by: text }),
      () => sessions.revoke({ user: 'alice' }, { reason: text }),
      () => sessions.revoke({ user: 'alice' }, { note: text }),
      () => sessions.suspend({ account: text }),
      () => sessions.revoke({ user: 'alice' }, { fromDevice: text }),
      () => sessions.signOut(session, { note: text }),
      () => sessions.trigger('passwordChanged', { user: 'alice', reason: text }),
      () => sessions.trigger('memberRemoved', { user: 'alice', account: text }),
      () => sessions.endIdle({ account: text, unusedFor: '1d' }),
      () => sessions.endIdle({ user: 'alice', unusedFor: '1d' }, { note: text }),
      () => sessions.forgetUser(text),
      () => sessions.forgetUser('alice', { by: text }),
      () => sessions.setPolicy('acme', { signOut: 'session' }, { by: text }),
      () => sessions.audit({ user: text }),
      () => sessions.review({ account: text }),
      () => signIn(sessions, { user: 'alice', amr: [text] }),
    ]) {
      await expect(call()).rejects.toThrow(TypeError);
    }
    expect(store.calls.filter((verb) => verb !== 'ensureEpochs' && verb !== 'list')).toEqual([]);
  });

  test.each(FORGERIES)(
    'not in a User-Agent, a hint or an address, and none of them fails a sign-in: %j',
    async (text) => {
      const { sessions, events } = openRealm();
      const hints = { brands: `"${text}";v="1"`, platform: `"${text}"`, mobile: text };
      await signIn(sessions, { user: 'alice', userAgent: `${text}/1.0 (${text})`, ip: `10.0.0.1${text}`, hints });
      const device = events.map((event) => (event.type === 'session.started' ? event.session.device : null));
      expect(JSON.stringify(device)).toMatch(/^[\x20-\x7e]+$/);
      expect(device).toMatchObject([{ ip: null, label: expect.stringMatching(/^[\w .+-]{1,64}$/) }]);
    },
  );

  test.each(FORGERIES)('not in the log, by what a request says of itself: %j', async (text) => {
    const { sessions } = openRealm({ audit: true });
    const { session, token } = await signIn(sessions);
    const client = { userAgent: `${text}/1.0 (${text})`, ip: `10.0.0.1${text}`, hints: { platform: text } };
    await sessions.renew(session);
    await sessions.check(token, client);
    const device = adapterHandle(sessions).describe(client);
    for (const said of [text, `${text}${'x'.repeat(9999)}`]) {
      adapterHandle(sessions).report({
        reason: 'forbidden',
        action: said,
        by: said,
        user: said,
        account: said,
        device,
      });
    }
    await settle();
    const { entries } = await sessions.audit();
    expect(entries.length).toBeGreaterThan(3);
    expect(JSON.stringify(entries)).toMatch(/^[\x20-\x7e\ufffd]+$/);
    for (const entry of entries) expect(JSON.stringify(entry).length).toBeLessThan(3000);
  });
});
