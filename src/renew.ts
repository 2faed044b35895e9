import { NO_CAUSE } from './cause.ts';
import { type Core, contend, identify, keepEpoch, kindSettings, readEpochs, UNTIL_WRITTEN } from './core.ts';
import { newCredential } from './credential.ts';
import { endFound } from './end.ts';
import { holds } from './epoch.ts';
import type { Happening, StartRefusal } from './events.ts';
import { FENCE_KEEPS, fenceRefusal, parseFence, stampsOf } from './fence.ts';
import { type Attributes, parseAttributes, parseMethods } from './input.ts';
import { stillLive } from './revocation.ts';
import { Session, type SessionRecord } from './session.ts';
import { grantOf, withGrant } from './session-client.ts';
import { admitted, type StartResult } from './start.ts';

/** What a renewal changes beside the secret. */
export interface RenewRequest {
  /** Replaces the session's attributes. */
  readonly attributes?: Attributes | undefined;
  /** Switches to another tenant of the same user; needs a fence for it. */
  readonly account?: string | undefined;
  /** Taken for the session's user and the new account. */
  readonly fence?: string | undefined;
}

/** An authentication of a user who is signed in already. */
export interface ReauthenticateRequest {
  /** Taken for the session's user and account before the credentials were checked. */
  readonly fence: string;
  /** How the user authenticated this time; replaces what was known. */
  readonly amr?: readonly string[] | undefined;
}

/** What became of a renewal; `'not-live'` where the session is over, or its secret no longer the one that was judged. */
export type RenewResult = StartResult<StartRefusal | 'not-live'>;

export const RENEW_KEYS: readonly string[] = ['attributes', 'account', 'fence'];
export const REAUTHENTICATE_KEYS: readonly string[] = ['fence', 'amr'];

/** A new secret for the same session, and the same expiry. */
export function renew(core: Core, session: Session, request: RenewRequest): Promise<RenewResult> {
  const judged = Session.recordOf('renew', session);
  if ((request.account === undefined) !== (request.fence === undefined)) {
    throw new TypeError('account and fence go together: the fence is taken for the account that is switched to');
  }
  const attributes = request.attributes === undefined ? undefined : parseAttributes('attributes', request.attributes);
  const changed = (_: number, current: SessionRecord): Partial<SessionRecord> =>
    attributes === undefined ? {} : { attributes: withGrant(attributes, grantOf(current)) };
  return rotate(core, judged, {
    account: request.account ?? null,
    fence: request.fence,
    changed,
    reauthenticated: false,
  });
}

/** A new secret, time of authentication and absolute lifetime for the same session. */
export function reauthenticate(core: Core, session: Session, request: ReauthenticateRequest): Promise<RenewResult> {
  const judged = Session.recordOf('reauthenticate', session);
  const amr = parseMethods('amr', request.amr);
  const { lifetime } = kindSettings(core, judged.kind);
  const changed = (now: number): Partial<SessionRecord> => ({
    amr,
    authenticatedAt: now,
    expiresAt: lifetime.absolute === null ? null : now + lifetime.absolute,
    idle: lifetime.idle,
  });
  return rotate(core, judged, { account: null, fence: request.fence, changed, reauthenticated: true });
}

interface Rotation {
  /** The account to switch to; `null` stays. */
  readonly account: string | null;
  readonly fence: string | undefined;
  readonly reauthenticated: boolean;
  changed(now: number, current: SessionRecord): Partial<SessionRecord>;
}

async function rotate(core: Core, judged: SessionRecord, rotation: Rotation): Promise<RenewResult> {
  const identity = identify(core, judged.user, rotation.account ?? judged.account);
  const moves = identity.account !== judged.account;
  const needsFence = rotation.reauthenticated || rotation.account !== null;
  const fence = needsFence ? parseFence(rotation.fence, identity.tags) : null;

  const outcome = await contend<RenewResult & { readonly happened?: readonly Happening[] }>(core, async () => {
    const now = core.now();
    let version: number | undefined;
    if (fence !== null) {
      const read = await readEpochs(core, identity, now, { user: now + UNTIL_WRITTEN, shared: null });
      const refusal = fenceRefusal(fence, read.epochs, judged.kind, now);
      if (refusal !== null) return refused(refusal);
      version = read.version;
    }
    const current = await stillLive(core, judged, now);
    if (current === null) return refused('not-live');

    const stamps = fence !== null && moves ? stampsOf(fence, judged.kind) : null;
    const there = { ...current, account: identity.account, accountTag: identity.tags.account };
    const { hash, token } = newCredential(there, now);
    const next: SessionRecord = {
      ...there,
      ...rotation.changed(now, current),
      hash,
      serial: current.serial + 1,
      lastUsedAt: Math.max(current.lastUsedAt, now),
      // The session stays born when it was: a renewal must not carry it over a revocation of its user or realm.
      stamps: stamps === null ? current.stamps : { ...current.stamps, account: stamps.account, member: stamps.member },
    };
    const admission = moves ? await admitted(core, identity, next, now) : { ending: [], happened: [] };
    if ('refusal' in admission) return refused(admission.refusal);

    const { ending, happened } = admission;
    const session = new Session(next);
    const renewed = core.events.about('session.renewed', { session, reauthenticated: rotation.reauthenticated });
    const condition = { ifVersion: version, ifHash: judged.hash, now, retention: core.settings.retention };
    const write = { ...condition, ending, keepUntil: next.expiresAt, moves, audit: renewed.audit };
    const written = await core.store.renew({ session: next, ...write });
    if (written === 'conflict') return written;
    if (written === 'not-live') return refused('not-live');
    const revoked = { ...NO_CAUSE, reason: 'revoked' };
    let held: boolean;
    try {
      held = !moves || (await heldByLeftAccount(core, current, now));
    } catch (error) {
      // Nobody has its new token, so that nobody could end it.
      await endFound(core, next, revoked).catch(() => {});
      throw error;
    }
    if (!held) {
      core.events.tell(renewed);
      await endFound(core, next, revoked);
      return { ...refused('not-live'), happened };
    }
    return { ok: true, session, token, happened: [renewed, ...happened] };
  });

  const { happened = [], ...result } = outcome;
  for (const happening of happened) core.events.tell(happening);
  if (!result.ok && result.reason !== 'not-live') await tellRefused(core, judged, identity.account, result.reason);
  return result;
}

/** Of a session that is over, its next check tells; of one that was forgotten meanwhile, or cannot be asked about, nothing does. */
async function tellRefused(
  core: Core,
  judged: SessionRecord,
  account: string | null,
  reason: StartRefusal,
): Promise<void> {
  const live = await stillLive(core, judged, core.now()).catch(() => null);
  if (live === null) return;
  const { id: session, user, device } = live;
  const refusal = { during: 'renew', reason, user, account, session } as const;
  core.events.emit('session.refused', { ...refusal, revocation: null, device });
}

const refused = (reason: StartRefusal | 'not-live'): RenewResult => ({ ok: false, session: null, reason });

/**
 * Whether the account that a session just left had not revoked it by then. It stands in another shard, so it is looked
 * at after the write: the new token is given to nobody before, and the old one is refused already.
 */
async function heldByLeftAccount(core: Core, left: SessionRecord, now: number): Promise<boolean> {
  if (left.accountTag === null) return true;
  const account = await keepEpoch(core, left.accountTag, now, now + FENCE_KEEPS);
  return holds(account.record, left.kind, left.id, left.stamps.account);
}
