import { isSessionError } from 'session-revocation';

/** Returns the answer of an app under test to an error. */
export function answerOf(error: unknown): { status: number; body: object } {
  const [status, code] = isSessionError(error) ? [error.status, error.code] : [500, null];
  return { status, body: { code, message: error instanceof Error ? error.message : String(error) } };
}
