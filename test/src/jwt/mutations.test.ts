import { expect, test } from 'vitest';
import { Interleaver } from '../../../src/testing/harness/interleaver.ts';
import { size } from '../../ci-only.ts';
import { ALGORITHMS, claimsOf, encode, headerOf, keyOf, TokenRealm } from './support/tokens.ts';

const MOST = size('jwt: mutated tokens');
const AT_ONCE = 1_000;
/** Time limit in ms, many times the usual duration. */
const TEST_TIMEOUT = 1_800_000;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
const ODD = [
  '\0',
  '=',
  '+',
  '/',
  ' ',
  '\n',
  '%',
  '\u00e9',
  '\ud83d',
  '"',
  '{',
  '...',
  'sr1.',
  'rt1.',
  'A'.repeat(9000),
];

const random = new Interleaver(20_261_122);
const pick = <T>(all: readonly T[]): T => all[random.pick(all.length)]!;
const place = (text: string): number => random.pick(text.length + 1);

/** Changes that an attacker may make to a token. */
const MUTATIONS: readonly ((token: string, other: string) => string)[] = [
  (token) => replaced(token, place(token), pick([...ALPHABET])),
  (token) => replaced(replaced(token, place(token), pick([...ALPHABET])), place(token), pick([...ALPHABET])),
  (token) => replaced(token, place(token), ''),
  (token) => replaced(token, place(token), pick(ODD)),
  (token) => token.slice(0, place(token)),
  (token) => token.slice(place(token)),
  (token) => token + token.slice(place(token)),
  (token, other) => token.slice(0, place(token)) + other.slice(place(other)),
  (token, other) => mixed(token, other),
  (token) => {
    const parts = token.split('.');
    return parts
      .toSpliced(random.pick(parts.length), 1, ...(random.pick(2) === 0 ? [] : [pick(parts), pick(parts)]))
      .join('.');
  },
  (token) => withLastCharacter(token, pick([...ALPHABET])),
  (token) => said(token),
];

const replaced = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at + 1);

function mixed(token: string, other: string): string {
  const [mine, theirs] = [token.split('.'), other.split('.')];
  const at = random.pick(mine.length);
  return mine.with(at, theirs[at] ?? '').join('.');
}

/** Changes the last character of a part. The part may still decode to the same bytes. */
function withLastCharacter(token: string, last: string): string {
  const parts = token.split('.');
  const at = random.pick(parts.length);
  return parts.with(at, (parts[at] ?? '').slice(0, -1) + last).join('.');
}

/** Changes a token's claims or header, and keeps its signature. */
function said(token: string): string {
  if (!token.startsWith('ey')) return token.replace(/.$/, pick(ODD));
  const [, , signature] = token.split('.');
  const [header, claims] = [headerOf(token), claimsOf(token)];
  const part = random.pick(3) === 0 ? header : claims;
  const value = pick<unknown>([null, 0, -1, 1e308, '', 'none', 'admin', [], {}, true, 2 ** 53, '__proto__']);
  Object.defineProperty(part, pick([...Object.keys(part), '__proto__', 'jwk', 'crit']), { value, enumerable: true });
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

test(`JWT-14, SES-5: of ${MOST} mutated tokens none is accepted, and none does any harm`, {
  timeout: TEST_TIMEOUT,
}, async () => {
  const first = new TokenRealm();
  const realms = ALGORITHMS.map((alg) => new TokenRealm({ keys: [keyOf(alg)] }, { over: first }));
  const { session, token } = await first.signIn('ann', { account: 'acme' });
  const access = await Promise.all(
    realms.map(async (realm) => (await realm.tokens.mint(session, { client: 'app', scope: 'read' })).accessToken),
  );
  let { refreshToken } = await first.grant({}, 'ann', { account: 'acme' });
  const reasons = new Map<string, number>();

  const attack = async (): Promise<void> => {
    const right = [...access, token, refreshToken];
    // At least half of the attacks use an access token. It is presented to the realm that issued it.
    const at = random.pick(2) === 0 ? random.pick(access.length) : random.pick(right.length);
    const odd = pick(MUTATIONS)(right[at]!, pick(right));
    if (right.includes(odd)) return;
    const realm = realms[at] ?? first;
    const verdict =
      at < access.length
        ? await realm.tokens.check(odd)
        : odd.startsWith('rt1')
          ? await realm.tokens.refresh(odd)
          : await realm.sessions.check(odd);
    if (verdict.ok) throw new Error(`accepted: ${odd}`);
    reasons.set(verdict.reason, (reasons.get(verdict.reason) ?? 0) + 1);
    // The changed token still had the right family, so it counted as reused and ended the session.
    if (verdict.reason === 'reused') ({ refreshToken } = await first.grant({}, 'ann', { account: 'acme' }));
  };
  for (let done = 0; done < MOST; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, attack));
  }

  // Every reason for a refusal occurred, and the valid tokens still work.
  for (const reason of ['malformed', 'invalid', 'unknown', 'reused'])
    expect(reasons.get(reason), reason).toBeGreaterThan(5);
  for (const [at, realm] of realms.entries()) expect(await realm.access(access[at]!)).toBe('live');
  expect(await first.word(token)).toBe('live');
  expect(await first.refreshed(refreshToken)).toMatch(/^rt1\./);
});
