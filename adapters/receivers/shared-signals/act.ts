import { ofApp } from '../../../src/adapter.ts';
import type { AttributionRequest, ListedSession, ListResult, Sessions } from '../../../src/index.ts';
import { type FoundUser, userOf } from '../subjects/find-user.ts';
import type { SecurityEvent } from './event.ts';
import type { SignalAction, SignalSettings } from './options.ts';

const PAGE = 1_000;

/**
 * Does what the app has chosen for an event. Does nothing for an event that names no user of this realm: an unknown user, a tenant whose account the app
 * did not name, or a member of the subject that cannot be compared.
 */
export async function act(settings: SignalSettings, event: SecurityEvent, action: SignalAction): Promise<void> {
  const { sessions, issuer, sessionIssuer, user: find } = settings;
  const { user, sid, tenant, isComparable } = event.about;
  if (action === 'ignore' || !isComparable) return;
  const by: AttributionRequest = { by: issuer, reason: 'signed-out-at-provider', note: settings.noteOf(event) };
  const sub = user?.format === 'iss_sub' && user.iss === sessionIssuer ? user.sub : null;
  if (sid !== null && action === 'revoke' && tenant === null && (user === null || sub !== null)) {
    await sessions.endFederated({ issuer: sessionIssuer, sid, sub }, by);
    return;
  }
  if (user === null) return;
  const found = await userOf((subject) => find(subject, { tenant }), user);
  if (found === null || (tenant !== null && found.account === undefined)) return;
  if (typeof action === 'function') await ofApp(() => action(found, event.details));
  else if (action === 'suspend') await sessions.suspend(found, by);
  else if (sid !== null) await endEach(sessions, found, by, ({ federated }) => isOf(federated, sessionIssuer, sid));
  else if (settings.sparesLater(event)) await revokeUntil(sessions, found, event.at, by);
  else await sessions.revoke(found, { ...by, kinds: 'all' });
}

const isOf = (federated: ListedSession['federated'], issuer: string, sid: string): boolean =>
  federated !== null && federated.issuer === issuer && federated.sid === sid;

/**
 * Ends the sessions that were authenticated until `at` (Unix ms). An event may arrive late, and the user may have signed in again since
 * (CAEP 1.0, 3.1). Without such a session, one revocation ends all, and also stops sign-ins that are under way.
 */
async function revokeUntil(sessions: Realm, whose: FoundUser, at: number, by: AttributionRequest): Promise<void> {
  let isLate = false;
  for await (const { authenticatedAt } of sessionsOf(sessions, whose)) isLate ||= authenticatedAt > at;
  if (isLate) await endEach(sessions, whose, by, ({ authenticatedAt }) => authenticatedAt <= at);
  else await sessions.revoke(whose, { ...by, kinds: 'all' });
}

async function endEach(
  sessions: Realm,
  whose: FoundUser,
  by: AttributionRequest,
  ends: (session: ListedSession) => boolean,
): Promise<void> {
  for await (const session of sessionsOf(sessions, whose)) {
    if (ends(session)) await sessions.end(session.id, { ...by, user: session.user });
  }
}

type Realm = Sessions<never, unknown>;

async function* sessionsOf(sessions: Realm, { user, account }: FoundUser): AsyncGenerator<ListedSession> {
  const scope = account === undefined ? { user } : { user, account };
  let cursor: string | null = null;
  do {
    const page: ListResult = await sessions.list(scope, { limit: PAGE, ...(cursor !== null && { cursor }) });
    yield* page.sessions;
    cursor = page.cursor;
  } while (cursor !== null);
}
