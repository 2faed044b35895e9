import type { Core } from '../core/context.ts';
import { judgedRecord, stillLive } from '../core/still-live.ts';
import type { PendingEvent } from '../events/events.ts';
import { parseArguments, parseSwitch } from '../lib/input.ts';
import { type Attributes, parseAttributes } from '../model/attributes.ts';
import { NO_ATTRIBUTION } from '../model/attribution.ts';
import { newCredential } from '../model/credential.ts';
import { holds } from '../model/epoch.ts';
import { fenceRefusal, parseFence, stampsOf } from '../model/fence.ts';
import { identify } from '../model/identity.ts';
import type { StartRefusal } from '../model/reason.ts';
import { Session, type SessionRecord } from '../model/session.ts';
import { memberTag } from '../model/token.ts';
import { ensureIdentity, UNTIL_WRITTEN, type UserEpochs } from '../store/ensure-epochs.ts';
import { retryOnConflict } from '../store/retry-on-conflict.ts';
import { endFound } from './end.ts';
import { stayJoined } from './federated.ts';
import type { Signals } from './signal.ts';
import { admitted, type StartResult } from './start.ts';

// The refresh of access tokens is in src/jwt/access/refresh.ts.

/** Options of {@link Sessions.renew}: the changes beside the new secret. */
export interface RenewRequest {
  /** Replaces the session's attributes. Default: they stay. */
  readonly attributes?: Attributes | undefined;
  /** Switches to this account (tenant) of the same user. Needs a `fence` for it. Default: the account stays. */
  readonly account?: string | undefined;
  /** The result of `sessions.fence` for the session's user and the new account. Goes with `account` only. */
  readonly fence?: string | undefined;
  /**
   * `true` moves the signals of the session (`sessions.signal`) in this process to the new secret, so that its WebSockets stay open. It
   * also keeps the signals of a thief who has the old secret and is connected to this process: do not use it where privileges grow. Not
   * with `account`. Default `false`: the signals fire.
   */
  readonly keepSignals?: boolean | undefined;
}

/**
 * Answers like {@link StartResult}, with the new token. The reason `'not-live'` means that the session is over, or that its secret was
 * renewed since it was judged. See {@link Sessions.renew}.
 */
export type RenewResult = StartResult<StartRefusal | 'not-live'>;

const RENEW_KEYS = ['attributes', 'account', 'fence', 'keepSignals'];

export async function renew(core: Core, signals: Signals, session: Session, input: RenewRequest): Promise<RenewResult> {
  const request = parseArguments<RenewRequest>('the second argument', input, RENEW_KEYS);
  const record = Session.recordOf('session', session);
  const keepsSignals = parseSwitch('keepSignals', request.keepSignals);
  if ((request.account === undefined) !== (request.fence === undefined)) {
    throw new TypeError('account and fence go together: the fence is taken for the account that is switched to');
  }
  if (keepsSignals && request.account !== undefined) {
    throw new TypeError(
      'keepSignals and account do not go together: a connection belongs to the account it was opened for',
    );
  }
  const attributes = request.attributes === undefined ? undefined : parseAttributes('attributes', request.attributes);
  const changed = (): Partial<SessionRecord> => (attributes === undefined ? {} : { attributes });
  const renewal = async (): Promise<RenewResult> =>
    rotate(core, await judgedRecord(core, 'session', session), {
      account: request.account ?? null,
      fence: request.fence,
      changed,
      reauthenticated: false,
    });
  return keepsSignals ? signals.keep(record, renewal) : renewal();
}

interface Rotation {
  /** `null` keeps the account. */
  readonly account: string | null;
  readonly fence: string | undefined;
  readonly reauthenticated: boolean;
  changed(now: number, current: SessionRecord): Partial<SessionRecord>;
}

export async function rotate(core: Core, judged: SessionRecord, rotation: Rotation): Promise<RenewResult> {
  const identity = identify(core.settings.realm, judged.user, rotation.account ?? judged.account);
  const moves = identity.account !== judged.account;
  const needsFence = rotation.reauthenticated || rotation.account !== null;
  const fence = needsFence ? parseFence(rotation.fence, identity.tags) : null;

  const outcome = await retryOnConflict<RenewResult & { readonly happened?: readonly PendingEvent[] }>(
    core,
    async () => {
      const now = core.now();
      let read: UserEpochs | undefined;
      if (fence !== null) {
        read = await ensureIdentity(core, identity, now, { user: now + UNTIL_WRITTEN, shared: null });
        const refusal = fenceRefusal(fence, read.epochs, judged.kind, now);
        if (refusal !== null) return refused(refusal);
      }
      const current = await stillLive(core, judged, now);
      if (current === null) return refused('not-live');

      const stamps = fence !== null && moves ? stampsOf(fence, judged.kind) : null;
      const there = { ...current, account: identity.account, accountTag: identity.tags.account };
      const { credential, token } = newCredential(there, now);
      const next: SessionRecord = {
        ...there,
        ...rotation.changed(now, current),
        credential,
        serial: current.serial + 1,
        lastUsedAt: Math.max(current.lastUsedAt, now),
        // The stamps of user and realm stay: a renewal must not carry the session over a revocation of these.
        stamps:
          stamps === null ? current.stamps : { ...current.stamps, account: stamps.account, member: stamps.member },
      };
      const admission =
        moves && read !== undefined
          ? await admitted(core, identity, next, read.epochs, now)
          : { ending: [], happened: [] };
      if ('refusal' in admission) return refused(admission.refusal);

      // A logout at the provider must find the session for as long as it lives.
      if (next.expiresAt !== current.expiresAt && (await stayJoined(core, next, now)) === 'conflict') return 'conflict';

      const { ending, happened } = admission;
      const session = new Session(next);
      const renewed = core.events.about('session.renewed', { session, reauthenticated: rotation.reauthenticated });
      const condition = {
        ifVersion: read?.version,
        ifCredential: current.credential,
        // Not the earlier `now`, because the reads took time: the renewal could revive a session that others were told has expired.
        now: core.now(),
        retention: core.settings.retention,
      };
      const write = { ...condition, ending, keepUntil: next.expiresAt, moves, audit: renewed.audit };
      const written = await core.store.renew({ session: next, ...write });
      if (written === 'conflict') return written;
      if (written === 'not-live') return refused('not-live');
      const revoked = { ...NO_ATTRIBUTION, reason: 'revoked' };
      let held: boolean;
      try {
        held = !moves || (await heldByLeftAccount(core, current));
      } catch (error) {
        // No client has the new token, so no user could end this session.
        await endFound(core, next, revoked).catch(() => {});
        throw error;
      }
      if (!held) {
        core.events.tell(renewed);
        await endFound(core, next, revoked);
        return { ...refused('not-live'), happened };
      }
      return { ok: true, session, token, happened: [renewed, ...happened] };
    },
  );

  const { happened = [], ...result } = outcome;
  for (const pending of happened) core.events.tell(pending);
  if (!result.ok && result.reason !== 'not-live') await tellRefused(core, judged, identity.account, result.reason);
  return result;
}

/** Emits `session.refused` for a session that is still live. For an ended session, its next check emits the event. */
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
 * Tells whether the account that the session left still accepted the session. The record of that account is in another shard, so this
 * read follows the write of the switch. This is safe: no client has the new token yet, and the old token is already refused.
 */
async function heldByLeftAccount(core: Core, left: SessionRecord): Promise<boolean> {
  if (left.accountTag === null) return true;
  const { accountTag, userTag, kind, id, stamps } = left;
  const [account, member] = await core.store.readEpochs([accountTag, memberTag(userTag, accountTag)]);
  if (!account || !member) return false;
  return holds(account.record, kind, id, stamps.account) && holds(member.record, kind, id, stamps.member);
}
