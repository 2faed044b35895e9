import { expect } from 'vitest';
import type { Answer } from './browser.ts';

/** One scheme or two, and no parameter twice in one. */
const CHALLENGE = /^(?:Bearer realm="[\w%.-]+", )?(?:Bearer|Session) realm="[\w%.-]+"(?:, [a-z_]+="[^"\\]*")*$/;

/** A problem of RFC 9457 with what every answer of the library bears (ERR-1, ERR-7, LGO-6, CSR-7). */
export function expectProblem(answer: Answer, status: number, name: string): void {
  expect(answer.json, answer.text).toMatchObject({
    type: `urn:problem-type:session-revocation:${name}`,
    title: expect.stringMatching(/^[A-Z][\w -]+$/),
    status,
  });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
  expectUncached(answer);
  const challenge = expect.stringMatching(CHALLENGE);
  // Of what an access token was refused for, its client is told with other answers, too (RFC 6750 3.1).
  const isChallenged = status === 401 || answer.headers['www-authenticate']?.startsWith('Bearer ');
  expect(answer.headers['www-authenticate']).toEqual(isChallenged ? challenge : undefined);
}

/** Nothing of it may be kept by a cache, and it depends on where the request came from. */
export function expectUncached({ headers }: Answer): void {
  expect(headers['cache-control']).toBe('no-store');
  expect(headers.vary).toContain('Sec-Fetch-Site');
  expect(headers.vary).toContain('Origin');
}

/** Refused for want of a session, and the browser keeps the cookie that it has. */
export function expectSignedOut(answer: Answer): void {
  expectProblem(answer, 401, 'session-required');
  expect(answer.setCookies).toEqual([]);
}

/** The same answer byte for byte, but for the time of day. */
export function expectSame(one: Answer, other: Answer): void {
  const told = ({ status, text, headers: { date: _, ...headers } }: Answer): unknown => ({ status, text, headers });
  expect(told(one)).toEqual(told(other));
}

interface Row {
  readonly id: string;
  readonly current: boolean;
  readonly [name: string]: unknown;
}

export const rowsOf = ({ json }: Answer): readonly Row[] => json?.sessions as readonly Row[];
