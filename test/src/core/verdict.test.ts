import type { Session } from 'session-revocation';
import { expect, test } from 'vitest';
import { TokenRealm } from '../jwt/support/tokens.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, HOUR, MINUTE, NOW } from '../support/realm.ts';

/** The three sorts of token. The same steps check all of them. The tables below show the differences. */
type Sort = 'opaque' | 'access' | 'refresh';
const SORTS: readonly Sort[] = ['opaque', 'access', 'refresh'];

const WINDOWS = { userAgent: FIREFOX_ON_WINDOWS, ip: '192.0.2.9' };

/** Opens a realm, and a token of one sort. Its session signed in with Chrome on a Mac. */
async function open(sort: Sort) {
  const realm = new TokenRealm({}, { lifetime: { absolute: '30d', idle: '2h' } });
  const { session, token } = await realm.signIn('ann', { userAgent: CHROME_ON_MAC, ip: '192.0.2.1' });
  const minted =
    sort === 'opaque' ? null : await realm.tokens.mint(session, { client: 'app', refresh: sort === 'refresh' });
  const ask = async (text: string) => {
    if (sort === 'opaque') return realm.sessions.check(text, WINDOWS);
    return sort === 'access' ? realm.tokens.check(text, WINDOWS) : realm.tokens.refresh(text, WINDOWS);
  };
  const text = minted === null ? token : sort === 'access' ? minted.accessToken : (minted.refreshToken as string);
  return { realm, session: minted?.session ?? session, text, ask };
}

/** Changes to the session before its token is presented. */
const BEFORE: Readonly<Record<string, (realm: TokenRealm, session: Session) => Promise<unknown> | undefined>> = {
  nothing: () => {},
  'the session ends': (realm, { id }) => realm.sessions.end(id, { user: 'ann' }),
  'the user is revoked': (realm) => realm.sessions.revoke({ user: 'ann' }),
  'the idle timeout passes': (realm) => {
    realm.now += 3 * HOUR;
  },
  'the secret is renewed': (realm, session) => realm.sessions.renew(session),
  'the user is forgotten': (realm) => realm.sessions.forgetUser('ann'),
};

test.each([
  // The change, and then the verdict on an opaque token, an access token and a refresh token.
  ['nothing', 'ok', 'ok', 'ok'],
  ['the session ends', 'ended', 'ended', 'ended'],
  ['the user is revoked', 'revoked', 'revoked', 'revoked'],
  ['the user is forgotten', 'unknown', 'unknown', 'unknown'],
  // The access token expires earlier, because its own lifetime is shorter than the idle timeout.
  ['the idle timeout passes', 'expired', 'expired', 'expired'],
  // A renewal replaces a refresh token with a new one, so the old one then counts as used twice.
  ['the secret is renewed', 'superseded', 'superseded', 'reused'],
])('where %s, the verdicts are %s, %s and %s', async (before, ...expected) => {
  const verdicts = await Promise.all(
    SORTS.map(async (sort) => {
      const { realm, session, text, ask } = await open(sort);
      await BEFORE[before]!(realm, session);
      const verdict = await ask(text);
      return verdict.ok ? 'ok' : verdict.reason;
    }),
  );
  expect(verdicts).toEqual(expected);
});

test.each([
  ['opaque', { reason: 'ended' }],
  ['access', { reason: 'ended' }],
  ['refresh', { reason: 'ended' }],
] as const)('%s: a refusal says how the session ended', async (sort, end) => {
  const { realm, session, text, ask } = await open(sort);
  await realm.sessions.end(session.id, { user: 'ann', by: 'admin', reason: 'lost' });
  expect(await ask(text)).toMatchObject({ ok: false, session: null, end: { ...end, ended: { by: 'admin' } } });
});

test.each([
  ['opaque', 1],
  ['access', 0],
  ['refresh', 0],
] as const)('%s: an older secret is told as %s suspicious sign', async (sort, signs) => {
  const { realm, session, text, ask } = await open(sort);
  const suspicious = realm.hear('session.suspicious');
  await realm.sessions.renew(session);
  await ask(text);
  expect(suspicious.filter(({ sign }) => sign === 'superseded-token')).toHaveLength(signs);
});

test.each([
  ['opaque', NOW + 30 * MINUTE],
  // An access token does not prove that the user is present, so it is no use unless `countsAsUse` is set.
  ['access', NOW],
  // The rotation writes the use in the same step.
  ['refresh', NOW + 30 * MINUTE],
] as const)('%s: a token that passes leaves the last use at the right time', async (sort, lastUsedAt) => {
  const realm = new TokenRealm({ lifetime: '1h' });
  const { session, token } = await realm.signIn();
  const minted =
    sort === 'opaque' ? null : await realm.tokens.mint(session, { client: 'app', refresh: sort === 'refresh' });
  realm.now += 30 * MINUTE;
  if (minted === null) await realm.sessions.check(token);
  else if (sort === 'access') await realm.tokens.check(minted.accessToken);
  else await realm.tokens.refresh(minted.refreshToken);
  // The use is written in the background, after this turn of the event loop.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect((await realm.sessions.list({ user: 'ann' })).sessions).toMatchObject([{ lastUsedAt }]);
});

test.each(SORTS)('%s: a token that passes from another browser is told as a suspicious sign', async (sort) => {
  const { realm, text, ask } = await open(sort);
  const suspicious = realm.hear('session.suspicious');
  await ask(text);
  expect(suspicious).toMatchObject([{ sign: 'device-changed', device: { browser: 'Firefox' } }]);
});

test.each([
  ['opaque', ['session.refused']],
  // The expiry of an access token is no event, because every access token expires.
  ['access', []],
  ['refresh', ['session.refused']],
] as const)('%s: expiry is told by %j', async (sort, types) => {
  const { realm, text, ask } = await open(sort);
  const told = realm.hear('session.refused');
  realm.now += 3 * HOUR;
  await ask(text);
  expect(told.map(({ type }) => type)).toEqual(types);
});
