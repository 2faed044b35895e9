import {
  createSessions,
  type SessionEvent,
  type SessionEventType,
  type Sessions,
  type SessionsOptions,
  type StartRequest,
  type StartResult,
} from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { TestClock } from '../frameworks/http/site.ts';
import { Gatekeeper } from '../frameworks/http/store.ts';

/** Every event there is, but for the one that makes a sign-in look for other devices once somebody listens. */
export const EVENTS: readonly SessionEventType[] = [
  ...(['session.started', 'session.refused', 'session.renewed', 'session.ended', 'sessions.revoked'] as const),
  ...(['policy.changed', 'request.refused', 'user.forgotten', 'sessions.pruned', 'background.failed'] as const),
];

/** The sessions of a realm, what stands behind them, and what they told. */
export interface Realm {
  readonly sessions: Sessions;
  readonly store: Gatekeeper;
  readonly clock: TestClock;
  readonly events: readonly SessionEvent[];
}

export function openRealm(options: Omit<SessionsOptions, 'store' | 'clock'> = {}): Realm {
  const clock = new TestClock();
  const store = new Gatekeeper(memoryStore());
  // However long the machine stands still: nothing here is about an answer that does not come.
  const sessions = createSessions({ timeout: '10m', ...options, store: store.store, clock });
  const events: SessionEvent[] = [];
  for (const type of EVENTS) sessions.on(type, (event) => events.push(event));
  return { sessions, store, clock, events };
}

/** A sign-in that must succeed. */
export async function signIn(
  sessions: Sessions,
  request: Omit<StartRequest, 'fence'> = { user: 'alice' },
): Promise<Extract<StartResult, { ok: true }>> {
  const { user, account } = request;
  const started = await sessions.start({ ...request, fence: await sessions.fence({ user, account }) });
  if (!started.ok) throw new Error(started.reason);
  return started;
}

/** `'live'`, or why a token is refused. */
export async function judge(sessions: Sessions, token: string): Promise<string> {
  const verdict = await sessions.check(token);
  return verdict.ok ? 'live' : verdict.reason;
}

/** Lets what nobody waits for, such as the noting of a use, come to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
