import type { Cause } from '../cause.ts';
import { type Core, contend } from '../core.ts';
import type { RefreshRefusal } from '../events.ts';
import {
  formatRefreshHash,
  formatRefreshToken,
  hashFamily,
  hashRotating,
  lineageMark,
  parseRefreshHash,
  parseRefreshToken,
  type RefreshHashes,
} from '../refresh-token.ts';
import { isScope } from '../scope.ts';
import { judge, type Over, type SessionRecord } from '../session.ts';
import { type Grant, grantOf } from '../session-client.ts';
import type { Client } from '../suspicion.ts';
import { newSecret } from '../token.ts';
import { tellRefused } from './refusal.ts';
import { isWithin } from './scope.ts';

/** What is asked with a refresh token. */
export interface RefreshOrder {
  /** Who asks, as far as that is known. */
  readonly clientId: string | null;
  /** For the access token: at most what was granted. */
  readonly scope: unknown;
  /** What the request says of where it comes from. */
  readonly from: Client;
  /** In ms. */
  readonly grace: number;
}

/** A session with its next refresh token, and what was made for it before that was written. */
export interface Refreshed<Made> {
  readonly session: SessionRecord;
  readonly refreshToken: string;
  readonly made: Made;
}

interface Refused {
  readonly refusal: RefreshRefusal;
  readonly about: SessionRecord | string | null;
  readonly over: Over | null;
}

const refused = (refusal: RefreshRefusal, about: Refused['about'] = null, over: Over | null = null): Refused => ({
  ...{ refusal, about, over },
});

/**
 * Uses a refresh token up, for the next one (RFC 9700, 4.14.2). `make` is called before anything is written, so that the token
 * is still good if that fails.
 */
export async function refreshSession<Made>(
  core: Core,
  token: unknown,
  order: RefreshOrder,
  make: (session: SessionRecord, grant: Grant, scope: string | null) => Promise<Made>,
): Promise<Refreshed<Made> | Pick<Refused, 'refusal' | 'over'>> {
  const parsed = parseRefreshToken(token);
  const outcome =
    parsed === null ? refused('malformed') : await contend(core, () => attempt(core, parsed, order, make));
  if (!('refusal' in outcome)) {
    core.suspicion.used(outcome.session, order.from);
    return outcome;
  }
  const { refusal: reason, about, over } = outcome;
  // The first is a client that asks twice at once, the second has an event of its own.
  if (reason !== 'retry' && reason !== 'reused') {
    tellRefused(core, { during: 'refresh', reason, about, client: order.from, over });
  }
  return { refusal: reason, over };
}

async function attempt<Made>(
  core: Core,
  { ref, secrets }: NonNullable<ReturnType<typeof parseRefreshToken>>,
  order: RefreshOrder,
  make: (session: SessionRecord, grant: Grant, scope: string | null) => Promise<Made>,
): Promise<Refreshed<Made> | Refused | 'conflict'> {
  const { store, realmTag, settings } = core;
  const [found] = await store.find(realmTag, [ref]);
  if (found === undefined || found === null || found.session.realm !== settings.realm)
    return refused('unknown', ref.id);
  const { session: current, epochs } = found;
  const hashes = parseRefreshHash(current.hash);
  const grant = grantOf(current);
  if (hashes === null || grant === null) return refused('unknown', ref.id);
  const family = hashFamily(secrets.family);
  // Whoever never had a token of this session only guesses at its public id, and changes nothing.
  const isKnown = family === hashes.family || hashes.former.includes(lineageMark(family));
  if (!isKnown) return refused('unknown', ref.id);

  const now = core.now();
  const over = judge(current, epochs, now);
  if (over !== null) return refused(over.reason, current, over);
  const rotating = hashRotating(secrets.rotating);
  if (family !== hashes.family || hashes.rotating !== rotating) {
    if (isInGrace(hashes, rotating, now, order.grace)) return refused('retry', current);
    return (await endReused(core, current, grant, order.from, now)) ? refused('reused', current) : 'conflict';
  }
  if (order.clientId !== null && order.clientId !== grant.id) return refused('client', current);
  const scope = order.scope ?? grant.scope;
  if (scope !== null && !(isScope(scope) && isWithin(scope, grant.scope))) return refused('scope', current);

  const next = { family: secrets.family, rotating: newSecret() };
  const session: SessionRecord = {
    ...current,
    hash: formatRefreshHash({
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
    const written = await store.renew({ session, ifHash: current.hash, ...write });
    // Somebody else was first: what this token is now, the next look tells.
    return written === 'renewed' ? refreshed : 'conflict';
  } catch (error) {
    // Perhaps it was written, and then the token that the client has is a used one.
    const [again] = await store.find(realmTag, [ref]);
    if (again?.session.hash === session.hash) return refreshed;
    throw error;
  }
}

/** By how much the clocks of two processes differ, in either direction, counts against it. */
const isInGrace = ({ previous }: RefreshHashes, rotating: string, now: number, grace: number): boolean =>
  previous !== null && previous.rotating === rotating && Math.abs(now - previous.at) < grace;

/** Ends a session whose refresh token two have. `false` where somebody else has ended it. */
async function endReused(
  core: Core,
  current: SessionRecord,
  client: Grant,
  from: Client,
  now: number,
): Promise<boolean> {
  const { id, user, account, userTag, device } = current;
  const seen = core.suspicion.deviceOf(from);
  const cause: Cause = { by: null, reason: 'token-reused', note: null, from: seen?.label ?? null };
  const ended = core.events.about('session.ended', { session: id, user, account, device, ...cause });
  const reused = core.events.about('session.reused', {
    ...{ session: id, user, account, device: seen },
    client: { id: client.id, name: client.name },
  });
  const mark = { at: now, by: cause.by, reason: cause.reason, from: cause.from };
  if (!(await core.store.end({ id, user: userTag }, mark, [...ended.audit, ...reused.audit]))) return false;
  core.events.tell(ended);
  core.events.tell(reused);
  return true;
}
