import { BY_KEYS, type By, type Cause, parseCause } from './cause.ts';
import { CLOCKS_APART } from './clock.ts';
import type { Core } from './core.ts';
import { parseArguments, parseOptionalText, parseSwitch, parseText } from './input.ts';
import { policyOf } from './policy.ts';
import { type Order, parseScope, revoke } from './revocation.ts';
import { judge, Session, type SessionRecord } from './session.ts';
import type { FoundSession, SessionRef } from './store.ts';
import { isSessionId, userTag } from './token.ts';

/** Options of {@link Sessions.end}. */
export interface EndRequest extends By {
  /** Whose session it is. Somebody else's id is the same as no id. */
  readonly user: string;
  /** Only if it is in this account. */
  readonly account?: string | undefined;
  /** Only tells whether there is such a session. */
  readonly dryRun?: boolean | undefined;
}

/** What {@link Sessions.end} did. */
export interface EndResult {
  /** Whether there was such a session of this user, live until now; with `dryRun`, whether there is. */
  readonly ended: boolean;
  /** After how many ms no process accepts it. */
  readonly effectiveWithin: number;
}

/** What {@link Sessions.signOut} did. */
export interface SignOutResult extends EndResult {
  /** Whether the account's policy ended all of the user's sessions there. */
  readonly everywhere: boolean;
}

const END_KEYS = ['user', 'account', 'dryRun', ...BY_KEYS];

/** Ends one session of a user, by its id. */
export async function end(core: Core, id: string, input: unknown): Promise<EndResult> {
  const request = parseArguments('end', input, END_KEYS);
  const name = parseText('user', request.user);
  const account = parseOptionalText('account', request.account);
  const dryRun = parseSwitch('dryRun', request.dryRun);
  const cause = parseCause(request);
  if (typeof id !== 'string') throw new TypeError('the id of a session must be a string');
  if (!isSessionId(id)) return { ended: false, effectiveWithin: 0 };

  const ref: SessionRef = { id, user: userTag(core.settings.realm, name) };
  const [found] = await core.store.find(core.realmTag, [ref]);
  const there = found !== undefined && found !== null && (account === null || found.session.account === account);
  // Perhaps written, and not confirmed by the store's replicas: asked again, it waits for them, or throws.
  if (there && !dryRun && found.session.ended !== null) await core.store.end(ref, found.session.ended, []);
  const ended = there && isEndable(found, core.now()) && (dryRun || (await endFound(core, found.session, cause)));
  return { ended, effectiveWithin: 0 };
}

/** Ends a session that was found live. */
export async function endFound({ store, events, now }: Core, session: SessionRecord, cause: Cause): Promise<boolean> {
  const { id, user, account, device } = session;
  const { by, reason, from } = cause;
  const happening = events.about('session.ended', { session: id, user, account, device, ...cause });
  // Wherever it is by now: it must not escape into another account.
  const ref = { id, user: session.userTag };
  const done = await store.end(ref, { at: now(), by, reason, from }, happening.audit);
  if (done) events.tell(happening);
  return done;
}

/**
 * Whether a session is live, or was until it expired a moment ago: a process whose clock is behind may accept it still,
 * so it is ended all the same.
 */
function isEndable({ session, epochs }: FoundSession, now: number): boolean {
  const over = judge(session, epochs, now);
  if (over?.reason !== 'expired') return over === null;
  return now - over.at < CLOCKS_APART && judge(session, epochs, over.at - 1) === null;
}

/** Ends this session, or what the policy of its account says. */
export async function signOut(core: Core, session: Session, input: unknown): Promise<SignOutResult> {
  const { user, account, device } = Session.recordOf('signOut', session);
  const { by, reason, note, from } = parseCause(parseArguments('signOut', input, BY_KEYS));
  const cause: Cause = { by: by ?? user, reason: reason ?? 'signed-out', note, from: from ?? device.label };
  const policy = await policyOf(core, account);
  if (policy.signOut === 'session') return { ...(await end(core, session.id, { user, ...cause })), everywhere: false };

  const scope = parseScope(core, account === null ? { user } : { user, account });
  // By its id, like the ending of one: what renewed its secret meanwhile was a request of the same device.
  const order: Order = { ...cause, kinds: 'all', ifLive: session, anySecret: true };
  const { revoked, effectiveWithin } = await revoke(core, scope, order);
  return { ended: revoked, effectiveWithin, everywhere: revoked };
}
