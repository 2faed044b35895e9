import type { Core } from '../core.ts';
import type { AccessRefusal, RefreshRefusal } from '../events.ts';
import { parseArguments } from '../input.ts';
import type { Over, SessionRecord } from '../session.ts';
import type { Client } from '../suspicion.ts';

export const CLIENT_KEYS: readonly string[] = ['userAgent', 'hints', 'ip'];

/** What a request says of its client, read before anything is waited for: the request may be gone by then. */
export function parseClient(name: string, client: Client, known: readonly string[] = CLIENT_KEYS): Client {
  const { userAgent, hints, ip } = parseArguments(name, client, known) as Client;
  return { userAgent, hints, ip };
}

/** A token that was refused. */
export interface RefusedToken {
  readonly during: 'check' | 'refresh';
  readonly reason: AccessRefusal | RefreshRefusal;
  /** The session, or the id that was claimed, or nothing. */
  readonly about: SessionRecord | string | null;
  readonly client: Client;
  readonly over: Over | null;
}

/** Tells of it, as of any token, and watches for many from one address. */
export function tellRefused({ events, suspicion }: Core, { during, reason, about, client, over }: RefusedToken): void {
  if (!events.matters('session.refused') && !events.matters('session.suspicious')) return;
  const record = typeof about === 'string' ? null : about;
  const [user, account] = [record?.user ?? null, record?.account ?? null];
  const session = typeof about === 'string' ? about : (record?.id ?? null);
  const revocation = over?.reason === 'revoked' ? over.revocation : null;
  const refusal = { during, reason, user, account, session, revocation, device: suspicion.deviceOf(client) };
  events.emit('session.refused', refusal);
  // An app may hold an access token from before its session was renewed: that is no sign of anything.
  if (reason !== 'superseded') suspicion.refused(refusal);
}
