import type { Core } from '../../core/context.ts';
import { refusalOf, type TokenRefusal, type TokenRules, tellRefusal } from '../../core/verdict.ts';
import type { ClientInfo } from '../../device/client-info.ts';
import type { Attribution } from '../../model/attribution.ts';
import type { Grant } from '../../model/grant.ts';
import { judge } from '../../model/judge.ts';
import { isScope, isWithin } from '../../model/oauth-scope.ts';
import type { RefreshRefusal } from '../../model/reason.ts';
import {
  formatRefreshCredential,
  formatRefreshToken,
  hashFamily,
  hashRotating,
  lineageMark,
  parseRefreshCredential,
  parseRefreshToken,
  type RefreshHashes,
} from '../../model/refresh-token.ts';
import type { SessionRecord } from '../../model/session.ts';
import { newSecret } from '../../model/token.ts';
import { retryOnConflict } from '../../store/retry-on-conflict.ts';
import type { FoundSession } from '../../store/store.ts';

export interface RefreshOrder {
  /** `client_id` of the request; `null` if unknown. */
  readonly clientId: string | null;
  /** At most the granted scope. */
  readonly scope: unknown;
  readonly clientInfo: ClientInfo;
  /** In ms. */
  readonly grace: number;
}

/** A session with its next refresh token, and the result of `make`. */
export interface Refreshed<Made> {
  readonly session: SessionRecord;
  readonly refreshToken: string;
  readonly made: Made;
}

type Refused = TokenRefusal<RefreshRefusal>;

const refused = (reason: RefreshRefusal, about: Refused['about'] = null): Refused => ({ reason, about, end: null });

/** The family shows whether a token belongs to the session. Only then is the rotating secret judged. */
const RULES: TokenRules<{ readonly realm: string; readonly family: string }> = {
  during: 'refresh',
  supersededIsAnomaly: false,
  mismatchOf(session, { realm, family }) {
    const hashes = parseRefreshCredential(session.credential);
    if (session.realm !== realm || hashes === null || session.client === null) return 'unknown';
    // A client that only guesses the public id never had a token of this session, and must not end it.
    return family === hashes.family || hashes.former.includes(lineageMark(family)) ? null : 'unknown';
  },
};

/** A session that was found by a refresh token of one of its lineages. */
export interface FoundByRefreshToken {
  readonly session: SessionRecord;
  readonly grant: Grant;
  /** `false` for a token that was used already, or of a session that is over. */
  readonly isActive: boolean;
}

/** Finds the session of a refresh token, also if the token was used or the session is over. Changes nothing. */
export async function findByRefreshToken(core: Core, token: unknown): Promise<FoundByRefreshToken | null> {
  const parsed = parseRefreshToken(token);
  if (parsed === null) return null;
  const [found] = await core.store.find(core.realmTag, [parsed.ref]);
  const family = hashFamily(parsed.secrets.family);
  if (!found || RULES.mismatchOf(found.session, { realm: core.settings.realm, family }) !== null) return null;
  const { session, epochs } = found;
  const hashes = parseRefreshCredential(session.credential) as RefreshHashes;
  const isLatest = hashes.family === family && hashes.rotating === hashRotating(parsed.secrets.rotating);
  const isActive = isLatest && judge(session, epochs, core.now()) === null;
  return { session, grant: session.client as Grant, isActive };
}

/**
 * Exchanges a refresh token for the next one. Ends the session if the token was used before (RFC 9700, 4.14.2). `make` runs before the
 * write: if it fails, the token stays valid.
 */
export async function refreshSession<Made>(
  core: Core,
  token: unknown,
  order: RefreshOrder,
  make: (session: SessionRecord, grant: Grant, scope: string | null) => Promise<Made>,
): Promise<Refreshed<Made> | Refused> {
  const parsed = parseRefreshToken(token);
  const outcome =
    parsed === null ? refused('malformed') : await retryOnConflict(core, () => attempt(core, parsed, order, make));
  if (!('reason' in outcome)) {
    core.anomalies.used(outcome.session, order.clientInfo);
    return outcome;
  }
  // Two refreshes at once are no sign of an attack. Reuse has its own event.
  if (outcome.reason !== 'retry' && outcome.reason !== 'reused') tellRefusal(core, RULES, outcome, order.clientInfo);
  return outcome;
}

async function attempt<Made>(
  core: Core,
  { ref, secrets }: NonNullable<ReturnType<typeof parseRefreshToken>>,
  order: RefreshOrder,
  make: (session: SessionRecord, grant: Grant, scope: string | null) => Promise<Made>,
): Promise<Refreshed<Made> | Refused | 'conflict'> {
  const { store, realmTag, settings } = core;
  const [found] = await store.find(realmTag, [ref]);
  const family = hashFamily(secrets.family);
  const now = core.now();
  const refusal = refusalOf(RULES, ref.id, found, { realm: settings.realm, family }, now);
  if (refusal !== null) {
    core.freshness?.noticeRefusal(ref, found ?? null, refusal.end);
    return refusal as Refused;
  }
  const { session: current } = found as FoundSession;
  const hashes = parseRefreshCredential(current.credential) as RefreshHashes;
  const grant = current.client as Grant;
  const rotating = hashRotating(secrets.rotating);
  if (family !== hashes.family || hashes.rotating !== rotating) {
    if (isInGrace(hashes, rotating, now, order.grace)) return refused('retry', current);
    return (await endReused(core, current, grant, order.clientInfo, now)) ? refused('reused', current) : 'conflict';
  }
  if (order.clientId !== null && order.clientId !== grant.id) return refused('client', current);
  const scope = order.scope ?? grant.scope;
  if (scope !== null && !(isScope(scope) && isWithin(scope, grant.scope))) return refused('scope', current);

  const next = { family: secrets.family, rotating: newSecret() };
  const session: SessionRecord = {
    ...current,
    credential: formatRefreshCredential({
      ...hashes,
      rotating: hashRotating(next.rotating),
      previous: order.grace > 0 ? { rotating, at: now } : null,
    }),
    lastUsedAt: Math.max(current.lastUsedAt, now),
  };
  const made = await make(session, grant, scope);
  const { retention } = settings;
  const write = { ending: [], keepUntil: session.expiresAt, moves: false, audit: [], now, retention };
  const refreshed = { session, refreshToken: formatRefreshToken(ref, next), made };
  try {
    const written = await store.renew({ session, ifCredential: current.credential, ...write });
    // Another request was first. The next attempt judges the token again.
    return written === 'renewed' ? refreshed : 'conflict';
  } catch (error) {
    // The write may have succeeded. The client's token is then already used, so the client needs the next one.
    const [again] = await store.find(realmTag, [ref]);
    if (again?.session.credential === session.credential) return refreshed;
    throw error;
  }
}

/**
 * Tells whether a token was replaced less than `grace` ms ago. The difference is absolute: a process whose clock is far behind must not
 * extend the interval by that much.
 */
const isInGrace = ({ previous }: RefreshHashes, rotating: string, now: number, grace: number): boolean =>
  previous !== null && previous.rotating === rotating && Math.abs(now - previous.at) < grace;

/** Ends a session whose refresh token was used twice. Returns `false` if another process has ended the session. */
async function endReused(
  core: Core,
  current: SessionRecord,
  client: Grant,
  clientInfo: ClientInfo,
  now: number,
): Promise<boolean> {
  const { id, user, account, userTag, device } = current;
  const seen = core.anomalies.deviceOf(clientInfo);
  const attribution: Attribution = { by: null, reason: 'token-reused', note: null, fromDevice: seen?.label ?? null };
  const ended = core.events.about('session.ended', { session: id, user, account, device, ...attribution });
  const reused = core.events.about('session.reused', {
    ...{ session: id, user, account, device: seen },
    client: { id: client.id, name: client.name },
  });
  const mark = { at: now, by: attribution.by, reason: attribution.reason, fromDevice: attribution.fromDevice };
  if (!(await core.store.end({ id, user: userTag }, mark, [...ended.audit, ...reused.audit]))) return false;
  core.events.tell(ended);
  core.events.tell(reused);
  return true;
}
