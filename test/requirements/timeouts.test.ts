import { aal } from 'session-revocation';
import { describe, expect, test } from 'vitest';
import { DAY, HOUR, MINUTE } from '../frameworks/http/site.ts';
import { judge, openRealm, settle, signIn } from './realm.ts';

const SECOND = 1000;
const START = { user: 'alice' };

describe('SES-8: the idle timeout', () => {
  test('refuses one second past the limit, by the server’s clock, and accepts one second before it', async () => {
    const { sessions, clock } = openRealm({ lifetime: { absolute: null, idle: '1h' } });
    const [early, late] = [await signIn(sessions, START), await signIn(sessions, START)];
    clock.advance(HOUR - SECOND);
    expect(await judge(sessions, early.token)).toBe('live');
    clock.advance(2 * SECOND);
    expect(await judge(sessions, late.token)).toBe('expired');
  });

  test('is reset by activity', async () => {
    const { sessions, clock } = openRealm({ lifetime: { absolute: null, idle: '1h' } });
    const { token } = await signIn(sessions, START);
    for (let use = 0; use < 5; use++) {
      clock.advance(HOUR - SECOND);
      expect(await judge(sessions, token)).toBe('live');
      await settle();
    }
    clock.advance(HOUR + SECOND);
    expect(await judge(sessions, token)).toBe('expired');
  });

  test('is not reset by a look at the list, by a refused use, or by another session', async () => {
    const { sessions, clock } = openRealm({ lifetime: { absolute: null, idle: '1h' } });
    const [mine, other] = [await signIn(sessions, START), await signIn(sessions, START)];
    clock.advance(HOUR / 2);
    await sessions.list({ user: 'alice' });
    await judge(sessions, `${mine.token.slice(0, -1)}${mine.token.endsWith('A') ? 'E' : 'A'}`);
    await judge(sessions, other.token);
    await settle();
    clock.advance(HOUR / 2 + SECOND);
    expect(await judge(sessions, mine.token)).toBe('expired');
    expect(await judge(sessions, other.token)).toBe('live');
  });

  test('that has passed is not undone by activity', async () => {
    const { sessions, clock } = openRealm({ lifetime: { absolute: null, idle: '1h' } });
    const { token, session } = await signIn(sessions, START);
    clock.advance(HOUR + SECOND);
    expect(await judge(sessions, token)).toBe('expired');
    expect(await sessions.renew(session)).toMatchObject({ ok: false, reason: 'not-live' });
    await settle();
    expect(await judge(sessions, token)).toBe('expired');
  });
});

describe('SES-9: the absolute lifetime', () => {
  test('counts from the authentication: activity and renewal never extend it', async () => {
    const { sessions, clock } = openRealm({ lifetime: { absolute: '12h', idle: '1h' } });
    let { token, session } = await signIn(sessions, START);
    for (let passed = 0; passed + HOUR / 2 < 12 * HOUR; passed += HOUR / 2) {
      clock.advance(HOUR / 2);
      expect(await judge(sessions, token)).toBe('live');
      await settle();
      const renewed = await sessions.renew(session);
      if (!renewed.ok) throw new Error(renewed.reason);
      ({ token, session } = renewed);
    }
    clock.advance(HOUR / 2 - SECOND);
    expect(await judge(sessions, token)).toBe('live');
    clock.advance(2 * SECOND);
    expect(await judge(sessions, token)).toBe('expired');
  });

  test('begins anew with a new authentication, and so does the idle one', async () => {
    const { sessions, clock } = openRealm({ lifetime: { absolute: '2h', idle: '1h' } });
    const { session } = await signIn(sessions, START);
    clock.advance(HOUR - SECOND);
    const again = await sessions.reauthenticate(session, { fence: await sessions.fence(START) });
    if (!again.ok) throw new Error(again.reason);
    expect(again.session.expiresAt).toBe(clock.now() + 2 * HOUR);
    clock.advance(HOUR - SECOND);
    expect(await judge(sessions, again.token)).toBe('live');
    await settle();
    clock.advance(HOUR - SECOND);
    expect(await judge(sessions, again.token)).toBe('live');
    clock.advance(3 * SECOND);
    expect(await judge(sessions, again.token)).toBe('expired');
  });

  test('an attempt to authenticate that came to nothing extends nothing', async () => {
    const { sessions, clock } = openRealm({ lifetime: { absolute: '2h', idle: null } });
    const { session, token } = await signIn(sessions, START);
    clock.advance(HOUR);
    const fence = await sessions.fence(START);
    await sessions.suspend({ user: 'bob' });
    clock.advance(HOUR + SECOND);
    expect(await sessions.reauthenticate(session, { fence })).toMatchObject({ ok: false, reason: 'not-live' });
    expect(await judge(sessions, token)).toBe('expired');
  });
});

describe('SES-10: the levels of NIST SP 800-63B-4', () => {
  test.each([
    [1, 30 * DAY, null],
    [2, 24 * HOUR, HOUR],
    [3, 12 * HOUR, 15 * MINUTE],
  ] as const)('%d ends after %d ms, however busy, and after %o ms unused', async (level, absolute, idle) => {
    const { sessions, clock } = openRealm({ lifetime: aal(level) });
    const [busy, unused] = [await signIn(sessions, START), await signIn(sessions, START)];
    const step = (idle ?? absolute) / 2;
    for (let passed = step; passed < absolute; passed += step) {
      clock.advance(step);
      expect(await judge(sessions, busy.token)).toBe('live');
      await settle();
      if (passed === 2 * step) expect(await judge(sessions, unused.token)).toBe('expired');
    }
    clock.advance(step);
    expect(await judge(sessions, busy.token)).toBe('expired');
  });

  test('refuse at construction what is longer', () => {
    expect(() => openRealm({ lifetime: aal(3, { absolute: '13h' }) })).toThrow(TypeError);
    expect(() => openRealm({ lifetime: aal(2, { absolute: null }) })).toThrow(TypeError);
  });
});

test('SES-10: by default 30 days, the most of AAL1, and 14 days idle', async () => {
  const { sessions, clock } = openRealm();
  const [busy, idle] = [await signIn(sessions, START), await signIn(sessions, START)];
  expect(busy.session.expiresAt).toBe(clock.now() + 30 * DAY);
  for (const passed of [13, 13]) {
    clock.advance(passed * DAY);
    await judge(sessions, busy.token);
    await settle();
  }
  expect([await judge(sessions, busy.token), await judge(sessions, idle.token)]).toEqual(['live', 'expired']);
  clock.advance(4 * DAY);
  expect(await judge(sessions, busy.token)).toBe('expired');
});

test('SES-23: a renewed secret has no grace: the old one is refused at once', async () => {
  const { sessions } = openRealm();
  const { session, token } = await signIn(sessions, START);
  const renewed = await sessions.renew(session);
  expect(await judge(sessions, token)).toBe('superseded');
  expect(await judge(sessions, renewed.ok ? renewed.token : '')).toBe('live');
});

test('SES-25: nothing but its own token keeps a session from idling out', async () => {
  const { sessions, clock } = openRealm({ lifetime: { absolute: null, idle: '10m' } });
  const [browser, api] = [await signIn(sessions, START), await signIn(sessions, { ...START, kind: 'api' })];
  for (let passed = 0; passed < 12; passed++) {
    clock.advance(MINUTE);
    expect(await judge(sessions, api.token)).toBe('live');
    await settle();
  }
  expect(await judge(sessions, browser.token)).toBe('expired');
});
