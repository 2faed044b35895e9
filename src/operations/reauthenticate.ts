import type { Core } from '../core/context.ts';
import { judgedRecord } from '../core/still-live.ts';
import { parseArguments } from '../lib/input.ts';
import { parseMethods } from '../model/authentication.ts';
import { kindSettings } from '../model/kind.ts';
import { Session, type SessionRecord } from '../model/session.ts';
import { type RenewResult, rotate } from './renew.ts';

/** Holds the arguments of {@link Sessions.reauthenticate}: a new authentication of a user who is already signed in. */
export interface ReauthenticateRequest {
  /** The result of `sessions.fence` for the session's user and account, taken before the credentials were checked. */
  readonly fence: string;
  /** How the user authenticated this time (RFC 8176). Replaces the session's earlier methods. Default: none. */
  readonly amr?: readonly string[] | undefined;
}

const REAUTHENTICATE_KEYS = ['fence', 'amr'];

export async function reauthenticate(core: Core, session: Session, input: ReauthenticateRequest): Promise<RenewResult> {
  const request = parseArguments<ReauthenticateRequest>('the second argument', input, REAUTHENTICATE_KEYS);
  const judged = Session.recordOf('session', session);
  const amr = parseMethods('amr', request.amr);
  const { lifetime } = kindSettings(core.settings.kinds, judged.kind);
  const changed = (now: number): Partial<SessionRecord> => ({
    amr,
    authenticatedAt: now,
    expiresAt: lifetime.absolute === null ? null : now + lifetime.absolute,
    idle: lifetime.idle,
  });
  return rotate(core, await judgedRecord(core, 'session', session), {
    account: null,
    fence: request.fence,
    changed,
    reauthenticated: true,
  });
}
