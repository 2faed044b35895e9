import { createSessions, type SessionStore, type SessionsOptions } from 'session-revocation';
import { type AccessTokenOptions, accessTokens } from 'session-revocation/jwt';
import { expect, test } from 'vitest';
import { FIREFOX_ON_WINDOWS, NOW } from '../support/realm.ts';
import { describeStores } from './support/stores.ts';
import { optionsOf } from './support/tokens.ts';

let realms = 0;
const clock = { now: () => NOW };

await describeStores('tokens', (handles) => {
  /** Opens two processes of one app in a new realm. The clock stands still. */
  function app(tokenOptions: Partial<AccessTokenOptions> = {}, options: Partial<SessionsOptions> = {}) {
    const realm = `realm ${++realms}`;
    const open = (store: SessionStore) => {
      const sessions = createSessions({ timeout: '10m', clock, realm, ...options, store });
      return { sessions, tokens: accessTokens(sessions, optionsOf(tokenOptions)) };
    };
    const [one, other] = [open(handles().one), open(handles().other)];
    const signIn = async (user = 'ann') => {
      const who = { user, account: 'acme' };
      const started = await one.sessions.start({ ...who, fence: await one.sessions.fence(who), amr: ['pwd'] });
      if (!started.ok) throw new Error(started.reason);
      return started.session;
    };
    const grant = async (user = 'ann') => {
      const client = { id: 'app', name: 'An <app> of ours' };
      const minted = await one.tokens.mint(await signIn(user), { client, refresh: true, scope: 'read write' });
      return { ...minted, refreshToken: minted.refreshToken ?? '' };
    };
    const access = async (jwt: string): Promise<string> => {
      const verdict = await other.tokens.check(jwt);
      return verdict.ok ? 'live' : verdict.reason;
    };
    const refresh = async (token: string, at = one): Promise<string> => {
      const result = await at.tokens.refresh(token);
      return result.ok ? result.refreshToken : result.reason;
    };
    return { one, other, signIn, grant, access, refresh };
  }

  test.each([
    ['user', { user: 'ann' }],
    ['member', { user: 'ann', account: 'acme' }],
    ['account', { account: 'acme' }],
    ['realm', { realm: true }],
  ] as const)(
    'SES-13: within one millisecond, what was minted before a revocation of the %s is refused, and what comes of the sign-in after it passes',
    async (_, scope) => {
      const { one, grant, access, refresh } = app();
      const before = await grant();
      expect(await access(before.accessToken)).toBe('live');
      await one.sessions.revoke(scope);
      const late = await one.tokens.mint(before.session, { client: 'app' });
      const after = await grant();
      expect([await access(before.accessToken), await access(late.accessToken)]).toEqual(['revoked', 'revoked']);
      expect(await access(after.accessToken)).toBe('live');
      expect(await refresh(before.refreshToken)).toBe('revoked');
      expect(await refresh(after.refreshToken)).toMatch(/^rt1\./);
    },
  );

  test('SES-12: what is ended or rotated through one process is refused by the other', async () => {
    const { one, grant, access, refresh } = app();
    const [ended, kept] = [await grant(), await grant()];
    await one.sessions.end(ended.session.id, { user: 'ann' });
    expect([await access(ended.accessToken), await refresh(ended.refreshToken)]).toEqual(['ended', 'ended']);
    const done = await one.sessions.revoke({ user: 'ann' }, { keep: kept.session });
    expect(await access(kept.accessToken)).toBe('superseded');
    const next = await refresh(done.token ?? '');
    expect(next).toMatch(/^rt1\./);
    expect([await refresh(kept.refreshToken), await refresh(next)]).toEqual(['reused', 'ended']);
  });

  test('an app’s session is listed with its client, and as JSON brought it back', async () => {
    const { other, grant, signIn } = app({ grace: '10s' });
    const [browser, granted] = [await signIn(), await grant()];
    const { sessions } = await other.sessions.list({ user: 'ann' });
    const clients = new Map(sessions.map(({ id, client, attributes }) => [id, { client, attributes }]));
    expect(clients.get(browser.id)).toEqual({ client: null, attributes: {} });
    expect(clients.get(granted.session.id)).toEqual({
      client: { id: 'app', name: 'An <app> of ours' },
      attributes: {},
    });
  });

  test('RTR-3: fifty refreshes, and then the first token: the session is over, and the device is told', async () => {
    for (const grace of [0, '10s'] as const) {
      const { other, grant, refresh, access } = app({ grace });
      const heard: unknown[] = [];
      other.sessions.on('session.reused', (event) => heard.push(event));
      const { refreshToken: first, session } = await grant();
      let token = first;
      for (let generation = 0; generation < 50; generation++) token = await refresh(token);
      expect(token).toMatch(/^rt1\./);
      const last = await other.tokens.refresh(token);
      expect(last.ok).toBe(true);
      const thief = { userAgent: FIREFOX_ON_WINDOWS, ip: '203.0.113.9' };
      expect(await other.tokens.refresh(first, thief)).toMatchObject({ reason: 'reused' });
      expect(heard).toMatchObject([{ session: session.id, user: 'ann', device: { label: 'Firefox on Windows' } }]);
      if (!last.ok) throw new Error(last.reason);
      expect([await access(last.accessToken), await refresh(last.refreshToken)]).toEqual(['ended', 'ended']);
    }
  });

  test('RTR-2, RTR-4: of 100 refreshes at once with one token, one wins; the others are taken for stolen, and end it, once', async () => {
    const { one, other, grant, refresh } = app();
    const reused: unknown[] = [];
    for (const { sessions } of [one, other]) sessions.on('session.reused', (event) => reused.push(event));
    const { refreshToken } = await grant();
    const asks = Array.from({ length: 100 }, (_, at) => refresh(refreshToken, at % 2 === 0 ? one : other));
    const answers = await Promise.all(asks);
    const won = answers.filter((answer) => answer.startsWith('rt1.'));
    expect(won).toHaveLength(1);
    const lost = answers.filter((answer) => !answer.startsWith('rt1.'));
    expect(new Set(lost.filter((answer) => answer !== 'ended'))).toEqual(new Set(['reused']));
    expect(lost.filter((answer) => answer === 'reused')).toHaveLength(1);
    expect(reused).toHaveLength(1);
    expect(await refresh(won[0]!)).toBe('ended');
  });

  test('RTR-4: within the grace interval the others are to try again, and there is one lineage', async () => {
    const { one, other, grant, refresh } = app({ grace: '1m' });
    const { refreshToken, session } = await grant();
    const asks = Array.from({ length: 100 }, (_, at) => refresh(refreshToken, at % 2 === 0 ? one : other));
    const answers = await Promise.all(asks);
    const won = answers.filter((answer) => answer.startsWith('rt1.'));
    expect(won).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'retry')).toHaveLength(99);
    expect(await refresh(won[0]!)).toMatch(/^rt1\./);
    expect((await one.sessions.list({ user: 'ann' })).sessions.map(({ id }) => id)).toEqual([session.id]);
  });

  test('OPS-3: the ending and the reuse are written with the tombstone', async () => {
    const { one, grant, refresh } = app({}, { audit: true });
    const { refreshToken, session } = await grant();
    await refresh(refreshToken);
    expect(await refresh(refreshToken)).toBe('reused');
    const { entries } = await one.sessions.audit({ user: 'ann', types: ['session.ended', 'session.reused'] });
    expect(entries.map(({ type, session: about, reason }) => [type, about, reason]).sort()).toEqual([
      ['session.ended', session.id, 'token-reused'],
      ['session.reused', session.id, 'token-reused'],
    ]);
  });
});
