import { expect } from 'vitest';
import type { Answer } from './browser.ts';

/** One or two schemes. No parameter occurs twice in a scheme. */
const CHALLENGE = /^(?:Bearer realm="[\w%.-]+", )?(?:Bearer|Session) realm="[\w%.-]+"(?:, [a-z_]+="[^"\\]*")*$/;

/** Expects a problem (RFC 9457) with the headers that all answers of the library have (ERR-1, ERR-7, LGO-6, CSR-7). */
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
  // The client of a refused access token gets a challenge with other statuses, too (RFC 6750 3.1).
  const isChallenged = status === 401 || answer.headers['www-authenticate']?.startsWith('Bearer ');
  expect(answer.headers['www-authenticate']).toEqual(isChallenged ? challenge : undefined);
}

/** Expects that no cache may keep the answer, and that it varies with the origin of the request. */
export function expectUncached({ headers }: Answer): void {
  expect(headers['cache-control']).toBe('no-store');
  expect(headers.vary).toContain('Sec-Fetch-Site');
  expect(headers.vary).toContain('Origin');
}

/** Expects a refusal for want of a session. The browser must keep its cookie. */
export function expectSignedOut(answer: Answer): void {
  expectProblem(answer, 401, 'session-required');
  expect(answer.setCookies).toEqual([]);
}

/** Expects that both answers are equal, except for the `Date` header. */
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
