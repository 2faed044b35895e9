import { createSessions } from 'session-revocation';
import { accessTokens, externalTokens, generateKey, tokenGuard } from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { type Mistake, mistake, untyped } from './mistake.ts';

const sessions = createSessions({ store: memoryStore() });
const key = generateKey('EdDSA');
const given = { issuer: 'https://auth.example.org', audience: 'https://api.example.org', keys: [key] };
const tokens = accessTokens(sessions, given);
const [make, guardOf, foreign] = [untyped(accessTokens), untyped(tokenGuard), untyped(externalTokens)];
const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
if (!started.ok) throw new Error(started.reason);
const guard = untyped(tokenGuard(sessions));
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl';

export const jwt: readonly Mistake[] = [
  mistake('makes tokens of nothing', () => make(), 'accessTokens(sessions, { issuer, audience, keys })', [
    'createSessions',
  ]),
  mistake('makes tokens without options', () => make(sessions), 'accessTokens(sessions, { issuer, audience, keys })', [
    'must be an object, not undefined',
  ]),
  mistake(
    'makes tokens without keys',
    () => make(sessions, { ...given, keys: undefined }),
    'accessTokens(sessions, { issuer, audience, keys })',
    ['keys', 'generateKey('],
  ),
  mistake(
    'makes tokens with a passphrase',
    () => make(sessions, { ...given, keys: [{ kid: '1', alg: 'HS256', secret: 'hunter2' }] }),
    'accessTokens(sessions, { issuer, audience, keys })',
    ['keys[0].secret is a string'],
    ['hunter2'],
  ),
  mistake(
    'gives the lifetime of tokens in seconds as text',
    () => make(sessions, { ...given, lifetime: '300' }),
    'accessTokens(sessions, { issuer, audience, keys })',
    ['lifetime is "300"'],
  ),
  mistake(
    'misspells an option of accessTokens',
    () => make(sessions, { ...given, audiences: 'x' }),
    'accessTokens(sessions, { issuer, audience, keys })',
    ['"audiences"', 'did you mean audience?'],
  ),
  mistake('mints without a client', () => untyped(tokens).mint(started.session), 'tokens.mint(session, { client })', [
    'must be an object, not undefined',
  ]),
  mistake(
    'mints of a token',
    () => untyped(tokens).mint(started.token, { client: 'web' }),
    'tokens.mint(session, { client })',
    ['session must be'],
    [started.token],
  ),
  mistake('guards without sessions', () => guardOf(), 'tokenGuard(sessions, options)', ['createSessions']),
  mistake(
    'misspells an option of tokenGuard',
    () => guardOf(sessions, { issuers: 'x' }),
    'tokenGuard(sessions, options)',
    ['"issuers"', 'did you mean issuer?'],
  ),
  mistake(
    'forgets to set the guard up',
    () =>
      guard.check({
        sub: 'ann',
        iss: 'https://a.example',
        iat: 1,
        auth_time: Math.floor(Date.now() / 1000),
        exp: Math.floor(Date.now() / 1000) + 60,
      }),
    'guard.check(claims)',
    ['setup()'],
  ),
  ...(['check', 'signOutOthers'] as const).map((name) =>
    mistake(
      `gives a JWT to guard.${name}`,
      () => guard[name](JWT),
      `guard.${name}(claims)`,
      ['claims is a string', 'checks no signature', 'verify(token)', 'verified.claims'],
      [JWT],
    ),
  ),
  mistake(
    'reads foreign tokens without an issuer',
    () => foreign({}),
    'externalTokens({ issuer, audience, jwks, algorithms })',
    ['audience is missing'],
  ),
];
