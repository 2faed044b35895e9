import assert from 'node:assert/strict';
import type { CheckRefusal } from '../../model/reason.ts';
import type { Session } from '../../model/session.ts';
import type { StartRequest } from '../../operations/start.ts';
import type { Sessions } from '../../sessions.ts';

export interface SignedIn {
  readonly session: Session;
  readonly token: string;
}

export async function signIn(sessions: Sessions, request: Omit<StartRequest, 'fence'>): Promise<SignedIn> {
  const fence = await sessions.fence({ user: request.user, account: request.account });
  const started = await sessions.start({ ...request, fence });
  assert.ok(started.ok, `${request.user} can sign in${started.ok ? '' : `, not ${started.reason}`}`);
  return started;
}

export async function tell(sessions: Sessions, token: string): Promise<'live' | CheckRefusal> {
  const verdict = await sessions.check(token);
  return verdict.ok ? 'live' : verdict.reason;
}

export const tellAll = (sessions: Sessions, clients: readonly SignedIn[]): Promise<string[]> =>
  Promise.all(clients.map(({ token }) => tell(sessions, token)));

export async function living(sessions: Sessions, user: string, account?: string): Promise<string[]> {
  const { sessions: rows, cursor } = await sessions.list({ user, account });
  assert.equal(cursor, null, 'one page is enough');
  return rows.map(({ id }) => id);
}
