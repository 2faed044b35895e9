import { createSessions } from 'session-revocation';
import { accessTokens } from 'session-revocation/jwt';
import { memoryStore } from 'session-revocation/memory';
import { expect, test } from 'vitest';
import { cli } from './support/cli.ts';

test.each(['EdDSA', 'ES256', 'RS256', 'PS256', 'HS256'])(
  '%s: what is printed is a key of the option `keys`, and no store is needed',
  async (alg) => {
    const { code, out, err } = await cli(['keys', '--alg', alg]);
    expect([code, err]).toEqual([0, '']);
    const key = JSON.parse(out);
    expect(key.alg).toBe(alg);
    const sessions = createSessions({ store: memoryStore() });
    const tokens = accessTokens(sessions, { issuer: 'https://id.example', audience: 'api', keys: [key] });
    const fence = await sessions.fence({ user: 'ann' });
    const { session } = await sessions.start({ user: 'ann', fence });
    const { accessToken } = await tokens.mint(session!, { client: 'app' });
    expect((await tokens.check(accessToken)).ok).toBe(true);
  },
);

test('a name may be given, JSON is asked for or not, and two keys are never the same', async () => {
  const [one, other] = await Promise.all([
    cli(['keys', '--kid', '2026-11']),
    cli(['keys', '--kid', '2026-11', '--json']),
  ]);
  expect(JSON.parse(one.out)).toMatchObject({ alg: 'EdDSA', kid: '2026-11' });
  expect(JSON.parse(other.out)).toMatchObject({ alg: 'EdDSA', kid: '2026-11' });
  expect(one.out).not.toBe(other.out);
});

test('another algorithm is refused, and nothing is printed', async () => {
  const { code, out, err } = await cli(['keys', '--alg', 'none']);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('Allowed are EdDSA, ES256, RS256, PS256, HS256');
});
