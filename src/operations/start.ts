import type { Core } from '../core/context.ts';
import { bornUnder, unexpiredIn } from '../core/walk-sessions.ts';
import { type ClientInfo, deviceOf } from '../device/client-info.ts';
import type { PendingEvent } from '../events/events.ts';
import { CLOCKS_APART } from '../lib/clock.ts';
import { parseArguments, parseOptionalText, parseText } from '../lib/input.ts';
import { type Attributes, parseAttributes } from '../model/attributes.ts';
import { NO_ATTRIBUTION } from '../model/attribution.ts';
import { parseMethods } from '../model/authentication.ts';
import type { Epochs } from '../model/epoch.ts';
import { type FederatedLogout, federatedOf, parseFederatedRequest } from '../model/federated.ts';
import { fenceRefusal, parseFence, stampsOf } from '../model/fence.ts';
import { type Identity, identify } from '../model/identity.ts';
import { judge } from '../model/judge.ts';
import { kindSettings } from '../model/kind.ts';
import { admit } from '../model/limit.ts';
import type { StartRefusal } from '../model/reason.ts';
import { Session, type SessionRecord } from '../model/session.ts';
import { deviceTag, formatToken, hashSecret, newId, newSecret, type Tag } from '../model/token.ts';
import { ensureIdentity, UNTIL_WRITTEN } from '../store/ensure-epochs.ts';
import { retryInTurn } from '../store/retry-on-conflict.ts';
import type { Ending } from '../store/store.ts';
import { endFound, justExpired } from './end.ts';
import { AT_PROVIDER, joinProvider, wasLoggedOut } from './federated.ts';
import { FENCE_KEYS, type FenceRequest } from './fence.ts';

/**
 * Holds the arguments of {@link Sessions.start}, for a sign-in whose credentials were checked. {@link Sessions.fence}
 * shows a whole sign-in.
 */
export interface StartRequest extends FenceRequest, ClientInfo {
  /**
   * The result of `sessions.fence` for this user and account, from *before* the check of credentials. Lives 3 hours.
   */
  readonly fence: string;
  /** The kind of session, one of the option `kinds` or a built-in one. Default `'browser'`. */
  readonly kind?: string | undefined;
  /** Value of the device cookie. Used by `replace: 'same-device'`. Default: unknown, which replaces no session. */
  readonly deviceId?: string | null | undefined;
  /** How the user authenticated (RFC 8176), such as `['pwd', 'otp']`. At most 16 names. Default: none. */
  readonly amr?: readonly string[] | undefined;
  /** The app's own data, a JSON object of at most 4,096 bytes. Default `{}`. */
  readonly attributes?: Attributes | undefined;
  /**
   * The session and the user at the identity provider, for a sign-in by OpenID Connect: `sub` of the ID token, and
   * its `sid` if it has one. A logout there then ends this session, also one that arrives before it starts: the sign-in is refused
   * as `'superseded'`. `fence` is the result of `sessions.fence({ issuer })`, from before the user was sent to the
   * provider. It lives 3 hours. Default: none.
   */
  readonly federated?: (FederatedLogout & { readonly sub: string; readonly fence: string }) | undefined;
}

/**
 * Tells whether {@link Sessions.start} began a session, or {@link Sessions.renew} renewed one. {@link Sessions.fence}
 * shows a whole sign-in.
 */
export type StartResult<Refusal extends string = StartRefusal> =
  | {
      readonly ok: true;
      readonly session: Session;
      /** For the client only: never log it. */
      readonly token: string;
    }
  | { readonly ok: false; readonly session: null; readonly reason: Refusal };
const START_KEYS = [
  ...[...FENCE_KEYS, 'fence', 'kind', 'userAgent', 'hints', 'ip', 'deviceId', 'amr', 'attributes', 'federated'],
];

export async function start(core: Core, input: StartRequest): Promise<StartResult> {
  const request = parseArguments<StartRequest>('the argument', input, START_KEYS);
  const identity = identify(core.settings.realm, request.user, request.account);
  const kind = request.kind === undefined ? 'browser' : parseText('kind', request.kind);
  kindSettings(core.settings.kinds, kind);
  const fence = parseFence(request.fence, identity.tags);
  const amr = parseMethods('amr', request.amr);
  const attributes = parseAttributes('attributes', request.attributes);
  const device = deviceOf(request);
  const deviceCookie = deviceTagOf(core, request.deviceId);
  const federated =
    request.federated === undefined ? null : parseFederatedRequest(core.settings.realm, request.federated);

  const outcome = await retryInTurn<StartResult & { readonly happened?: readonly PendingEvent[] }>(
    core,
    identity.tags.user,
    async () => {
      const now = core.now();
      const { epochs, version } = await ensureIdentity(core, identity, now, {
        user: now + UNTIL_WRITTEN,
        shared: null,
      });
      const refusal = fenceRefusal(fence, epochs, kind, now);
      if (refusal !== null) return refused(refusal);

      const secret = newSecret();
      const session = newSession(core, identity, {
        ...{ id: newId(), credential: hashSecret(secret), kind, stamps: stampsOf(fence, kind), at: now },
        ...{ authenticatedAt: now, amr, device, deviceTag: deviceCookie, attributes },
        federated: federated && federatedOf(federated.scope),
      });
      const joined = federated && (await joinProvider(core, federated, session, now));
      if (joined === 'conflict') return 'conflict';
      if (joined !== null) return refused(joined);
      const admission = await admitted(core, identity, session, epochs, now);
      if ('refusal' in admission) return refused(admission.refusal);

      const live = new Session(session);
      const started = core.events.about('session.started', { session: live });
      const { ending, happened } = admission;
      const { retention } = core.settings;
      const write = { ifVersion: version, now, retention, ending, keepUntil: session.expiresAt, audit: started.audit };
      if ((await core.store.add(session, write)) === 'conflict') return 'conflict';
      // A logout that came after `joinProvider` may have looked for the session before it was there.
      if (federated !== null && (await wasLoggedOut(core, federated))) {
        for (const pending of [started, ...happened]) core.events.tell(pending);
        await endFound(core, session, { ...NO_ATTRIBUTION, by: federated.scope.issuer, reason: AT_PROVIDER });
        return refused('superseded');
      }
      core.anomalies.started(session);
      const token = formatToken({ id: session.id, ...identity.tags }, secret);
      return { ok: true, session: live, token, happened: [started, ...happened] };
    },
  );

  const { happened = [], ...result } = outcome;
  for (const pending of happened) core.events.tell(pending);
  if (!result.ok) {
    const { user, account } = identity;
    const refusal = { during: 'start', reason: result.reason, user, account, session: null } as const;
    core.events.emit('session.refused', { ...refusal, revocation: null, device });
  }
  return result;
}

export type Begun = Pick<
  SessionRecord,
  | 'id'
  | 'credential'
  | 'kind'
  | 'stamps'
  | 'authenticatedAt'
  | 'amr'
  | 'device'
  | 'deviceTag'
  | 'attributes'
  | 'federated'
> & {
  /** Unix ms. */
  readonly at: number;
};

export function newSession(core: Core, { user, account, tags }: Identity, { at, ...begun }: Begun): SessionRecord {
  const { lifetime } = kindSettings(core.settings.kinds, begun.kind);
  return {
    ...begun,
    client: null,
    realm: core.settings.realm,
    user,
    account,
    userTag: tags.user,
    accountTag: tags.account,
    serial: 0,
    createdAt: at,
    lastUsedAt: at,
    expiresAt: lifetime.absolute === null ? null : at + lifetime.absolute,
    idle: lifetime.idle,
    ended: null,
  };
}

const refused = (reason: StartRefusal): StartResult => ({ ok: false, session: null, reason });

export interface Admitted {
  readonly ending: readonly Ending[];
  readonly happened: readonly PendingEvent[];
}

/**
 * Applies the options `limit` and `replace` to a new session. Returns the sessions to end, or the refusal. Reads the user's sessions
 * only if one of these options is set. `records` are the epoch records whose version the write compares with. By them, the store skips
 * revoked sessions.
 */
export async function admitted(
  core: Core,
  { user, tags }: Identity,
  newcomer: SessionRecord,
  records: Epochs,
  now: number,
): Promise<Admitted | { readonly refusal: 'limit' }> {
  const { limit, replace } = core.settings;
  if (limit === null && replace === null) return { ending: [], happened: [] };
  const living: SessionRecord[] = [];
  const expiredAt = new Map<SessionRecord, number>();
  const since = Math.max(0, now - CLOCKS_APART);
  const born = bornUnder(records, tags.account, newcomer.kind);
  for await (const found of unexpiredIn(core, tags.user, tags.account, since, born)) {
    const { session, epochs } = found;
    const at = justExpired(found, now);
    if (at !== null) expiredAt.set(session, at);
    else if (judge(session, epochs, now) === null) living.push(session);
  }
  const admission = admit(newcomer, living, { limit, replace }, [...expiredAt.keys()]);
  if ('refusal' in admission) return admission;

  const fromDevice = newcomer.device.label;
  const endings = admission.ending.map(({ session, reason }) => {
    const { id, account, device } = session;
    const details = { session: id, user, account, device, by: user, reason, note: null, fromDevice };
    const pending = core.events.about('session.ended', details);
    // One ms before it expires, or now: the store skips a session that is already over at the time of its ending.
    const at = (expiredAt.get(session) ?? now + 1) - 1;
    return { pending, ending: { id, ended: { at, by: user, reason, fromDevice }, audit: pending.audit } };
  });
  return {
    ending: endings.map(({ ending }) => ending),
    happened: endings.map(({ pending }) => pending),
  };
}

function deviceTagOf({ settings: { realm } }: Core, deviceId: unknown): Tag | null {
  const id = parseOptionalText('deviceId', deviceId);
  return id === null ? null : deviceTag(realm, id);
}
