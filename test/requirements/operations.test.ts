import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { DAY, MINUTE } from '../frameworks/http/site.ts';
import { judge, openRealm, type Realm, settle, signIn } from './realm.ts';

/** One of everything that can happen, and the tokens that were given out on the way. */
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
  const { kept } = hold(await sessions.revoke({ user: 'alice' }, { keep: again.session!, by: 'alice' }));
  clock.advance(2 * MINUTE);
  store.only = ['touch'];
  store.state = 'throws';
  await judge(sessions, tokens.at(-1)!);
  await settle();
  store.state = 'answers';
  await sessions.end(kept!.id, { user: 'alice', by: 'alice', reason: 'signed-out' });
  await judge(sessions, tokens.at(-1)!);
  hold(await signIn(sessions, { user: 'alice' }));
  clock.advance(60 * DAY);
  await judge(sessions, tokens.at(-1)!);
  await sessions.prune();
  return tokens;
}

const secretOf = (token: string): string => token.split('.').at(-1)!;

/** The spellings that a secret might be written down in. */
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
    const realm = openRealm({ replace: 'same-device' });
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
    expect(errors).toHaveLength(5);

    const told = inspect([realm.events, logged, errors], { depth: 20, showHidden: true });
    const written = realm.store.traffic.join('\n');
    expect(tokens).toHaveLength(6);
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
    for (const text of texts) expect(await judge(sessions, `sr1.${user}.${account}.${id}.${text}`)).toBe('superseded');
  });
});

describe('OPS-3: events', () => {
  test('tell what happens, each with its name, realm, time in UTC, and who did it and why', async () => {
    const realm = openRealm({ realm: 'dashboard', replace: 'same-device' });
    const begun = realm.clock.now();
    await liveThrough(realm);
    const seen = new Set(
      realm.events.map((event) => (event.type === 'session.refused' ? `${event.type}: ${event.reason}` : event.type)),
    );
    expect([...seen].sort()).toEqual(
      [
        ...['background.failed', 'session.ended', 'session.renewed', 'session.started', 'sessions.pruned'],
        ...['session.refused: ended', 'session.refused: expired', 'session.refused: malformed'],
        ...['session.refused: superseded', 'sessions.revoked'],
      ].sort(),
    );
    for (const event of realm.events) {
      expect(event).toMatchObject({ realm: 'dashboard', at: expect.any(Number) });
      expect(event.at).toBeGreaterThanOrEqual(begun);
      expect(event.at).toBeLessThanOrEqual(realm.clock.now());
      expect(Object.isFrozen(event)).toBe(true);
    }
    const ended = realm.events.find(({ type }) => type === 'session.ended');
    expect(ended).toMatchObject({ user: 'alice', by: 'alice', reason: 'signed-out', session: expect.any(String) });
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
      () => signIn(sessions, { user: 'alice', amr: [text] }),
    ]) {
      await expect(call()).rejects.toThrow(TypeError);
    }
    expect(store.calls.filter((verb) => verb !== 'epochs')).toEqual([]);
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
});
