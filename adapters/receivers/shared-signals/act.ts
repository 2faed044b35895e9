import { ofApp } from '../../../src/adapter.ts';
import type { AttributionRequest, Sessions } from '../../../src/index.ts';
import { type FoundUser, userOf } from '../subjects/find-user.ts';
import type { Subject } from '../subjects/subject.ts';
import type { SecurityEvent } from './event.ts';
import type { SignalAction, SignalSettings } from './options.ts';

const PAGE = 1_000;

/**
 * Does what the app has chosen for an event. Does nothing for an event about nobody here: an unknown user, a tenant whose account the app
 * did not name, or a member of the subject that cannot be compared.
 */
export async function act(settings: SignalSettings, event: SecurityEvent, action: SignalAction): Promise<void> {
  const { sessions, issuer, user: find } = settings;
  const { user, sid, tenant, isComparable } = event.about;
  if (action === 'ignore' || !isComparable) return;
  const by: AttributionRequest = { by: issuer, reason: settings.reasonOf(event), note: event.note };
  if (sid !== null && action === 'revoke') {
    await sessions.endFederated({ issuer, sid, ...subAt(issuer, user) }, by);
    return;
  }
  if (user === null) return;
  const found = await userOf((subject) => find(subject, { tenant }), user);
  if (found === null || (tenant !== null && found.account === undefined)) return;
  if (typeof action === 'function') await ofApp(() => action(found, event.details));
  else if (action === 'suspend') await sessions.suspend(found, by);
  else await revokeSince(sessions, found, event.at, by);
}

const subAt = (issuer: string, user: Subject | null): { readonly sub?: string } =>
  user?.format === 'iss_sub' && user.iss === issuer ? { sub: user.sub } : {};

/**
 * Ends the sessions that were authenticated until `at` (Unix ms). An event may arrive late, and the user may have signed in again since
 * (CAEP 1.0, 3.1). Without such a session, one revocation ends all, and also stops sign-ins that are under way.
 */
async function revokeSince(
  sessions: Sessions<never, unknown>,
  { user, account }: FoundUser,
  at: number,
  by: AttributionRequest,
): Promise<void> {
  const scope = account === undefined ? { user } : { user, account };
  const earlier: string[] = [];
  let isLate = false;
  let cursor: string | null | undefined;
  do {
    const page = await sessions.list(scope, { limit: PAGE, ...(cursor && { cursor }) });
    for (const { id, authenticatedAt } of page.sessions) {
      if (authenticatedAt > at) isLate = true;
      else earlier.push(id);
    }
    cursor = page.cursor;
  } while (cursor !== null);
  if (!isLate) await sessions.revoke(scope, { ...by, kinds: 'all' });
  else for (const id of earlier) await sessions.end(id, { ...by, user });
}
