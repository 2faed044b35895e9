import { describe, expect, test } from 'vitest';
import { codeOf, markOf, REASON_CODES } from '../../../src/model/reason.ts';
import { Realm } from '../support/realm.ts';

const MARK = { at: 1, by: 'admin', reason: 'x', fromDevice: null };

describe('reason codes', () => {
  test('are kebab-case, each once', () => {
    for (const code of REASON_CODES) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(new Set(REASON_CODES).size).toBe(REASON_CODES.length);
  });

  test.each([
    ['passwordChanged', 'password-changed'],
    ['lastLoginMethodRemoved', 'last-login-method-removed'],
    ['left', 'left'],
    ['movedToX2', 'moved-to-x2'],
  ])('of the trigger %s is %s', (trigger, code) => {
    expect(codeOf(trigger)).toBe(code);
  });

  test('of every built-in trigger is one of this library', () => {
    const built = [
      ...['passwordChanged', 'emailChanged', 'passwordReset', 'secondFactorChanged'],
      ...['lastLoginMethodRemoved', 'roleChanged', 'memberRemoved'],
    ];
    expect(built.map(codeOf).filter((code) => !REASON_CODES.some((known) => known === code))).toEqual([]);
  });
});

test('the mark of what is over is that of its end or of its revocation; what expired has none', () => {
  expect(markOf({ reason: 'ended', ended: MARK })).toEqual(MARK);
  expect(markOf({ reason: 'revoked', revocation: { scope: 'user', ...MARK } })).toMatchObject(MARK);
  expect(markOf({ reason: 'revoked', revocation: null })).toBeNull();
  expect(markOf({ reason: 'expired', at: 1 })).toBeNull();
});

describe('explain', () => {
  const { sessions } = new Realm({ triggers: { movedOut: 'everywhere' } });
  const ended = (reason: string | null) => ({ reason: 'ended', ended: { ...MARK, reason } }) as const;

  test.each([...REASON_CODES, 'moved-out'])('gives the code %s, of whatever ended or revoked the session', (code) => {
    expect(sessions.explain(ended(code))).toBe(code);
    expect(sessions.explain({ reason: 'revoked', revocation: { scope: 'realm', ...MARK, reason: code } })).toBe(code);
  });

  test.each(['fired for theft', 'Signed-Out', 'movedOut', 'toString', '', null])(
    'keeps %o to itself: those are the words of an administrator',
    (reason) => {
      expect(sessions.explain(ended(reason))).toBeNull();
    },
  );

  test('says nothing of what expired, or of what nobody knows', () => {
    expect(sessions.explain({ reason: 'expired', at: 1 })).toBeNull();
    expect(sessions.explain({ reason: 'revoked', revocation: null })).toBeNull();
    expect(sessions.explain(null)).toBeNull();
  });

  test("does not know the codes of another realm's triggers", () => {
    expect(new Realm().sessions.explain(ended('moved-out'))).toBeNull();
  });

  test('takes what check and list say as it is', async () => {
    const realm = new Realm();
    const [secret, open] = [await realm.signIn(), await realm.signIn()];
    await realm.sessions.end(secret.session.id, { user: 'ann', reason: 'stolen by bob' });
    await realm.sessions.signOut(open.session);
    const verdicts = await Promise.all([secret, open].map(({ token }) => realm.sessions.check(token)));
    expect(verdicts.map((verdict) => (verdict.ok ? 'live' : realm.sessions.explain(verdict.end)))).toEqual([
      null,
      'signed-out',
    ]);
    const { sessions: rows } = await realm.sessions.list({ user: 'ann' }, { ended: true });
    expect(rows.map(({ end }) => end && realm.sessions.explain(end)).sort()).toEqual([null, 'signed-out']);
  });
});
