import { admit } from './admission.ts';
import { type Core, contend, type Identity, identify, kindSettings, readEpochs, UNTIL_WRITTEN } from './core.ts';
import type { Happening, StartRefusal } from './events.ts';
import { FENCE_KEEPS, fenceRefusal, parseFence, stampsOf, takeFence } from './fence.ts';
import { type Attributes, parseAttributes, parseMethods, parseOptionalText, parseText } from './input.ts';
import { livingIn } from './living.ts';
import { Session, type SessionRecord } from './session.ts';
import type { Ending } from './store.ts';
import { type Client, deviceOf } from './suspicion.ts';
import { deviceTag, formatToken, hashSecret, newId, newSecret, type Tag } from './token.ts';

/** Who signs in. */
export interface FenceRequest {
  readonly user: string;
  /** The tenant, where the app has tenants. */
  readonly account?: string | undefined;
}

/** A sign-in whose credentials were checked. */
export interface StartRequest extends FenceRequest, Client {
  /** Taken by `sessions.fence` for this user and account *before* the credentials were checked. */
  readonly fence: string;
  /** Default `'browser'`. */
  readonly kind?: string | undefined;
  /** The value of the device cookie, for `replace: 'same-device'`. */
  readonly deviceId?: string | null | undefined;
  /** How the user authenticated (RFC 8176), such as `['pwd', 'otp']`. */
  readonly amr?: readonly string[] | undefined;
  /** What the app wants to remember: a JSON object of at most 4,096 bytes. */
  readonly attributes?: Attributes | undefined;
}

/** What became of a sign-in, or of a renewal. */
export type StartResult<Refusal extends string = StartRefusal> =
  | { readonly ok: true; readonly session: Session /** For the client alone: never log it. */; readonly token: string }
  | { readonly ok: false; readonly session: null; readonly reason: Refusal };

export const FENCE_KEYS: readonly string[] = ['user', 'account'];
export const START_KEYS: readonly string[] = [
  ...FENCE_KEYS,
  ...['fence', 'kind', 'userAgent', 'hints', 'ip', 'deviceId', 'amr', 'attributes'],
];

/** Reads the generations that a sign-in is stamped with, creating what is missing. Refuses nobody. */
export async function fence(core: Core, request: FenceRequest): Promise<string> {
  const identity = identify(core, request.user, request.account);
  const now = core.now();
  const keepUntil = now + FENCE_KEEPS;
  const { epochs } = await readEpochs(core, identity, now, { user: keepUntil, shared: keepUntil });
  return takeFence(identity.tags, epochs, now);
}

export async function start(core: Core, request: StartRequest): Promise<StartResult> {
  const identity = identify(core, request.user, request.account);
  const kind = request.kind === undefined ? 'browser' : parseText('kind', request.kind);
  kindSettings(core, kind);
  const fence = parseFence(request.fence, identity.tags);
  const amr = parseMethods('amr', request.amr);
  const attributes = parseAttributes('attributes', request.attributes);
  const device = deviceOf(request);
  const deviceCookie = deviceTagOf(core, request.deviceId);

  const outcome = await contend<StartResult & { readonly happened?: readonly Happening[] }>(core, async () => {
    const now = core.now();
    const { epochs, version } = await readEpochs(core, identity, now, { user: now + UNTIL_WRITTEN, shared: null });
    const refusal = fenceRefusal(fence, epochs, kind, now);
    if (refusal !== null) return refused(refusal);

    const secret = newSecret();
    const session = newSession(core, identity, {
      ...{ id: newId(), hash: hashSecret(secret), kind, stamps: stampsOf(fence, kind), at: now },
      ...{ authenticatedAt: now, amr, device, deviceTag: deviceCookie, attributes },
    });
    const admission = await admitted(core, identity, session, now);
    if ('refusal' in admission) return refused(admission.refusal);

    const live = new Session(session);
    const started = core.events.about('session.started', { session: live });
    const { ending, happened } = admission;
    const { retention } = core.settings;
    const write = { ifVersion: version, now, retention, ending, keepUntil: session.expiresAt, audit: started.audit };
    if ((await core.store.add(session, write)) === 'conflict') return 'conflict';
    core.suspicion.started(session);
    const token = formatToken({ id: session.id, ...identity.tags }, secret);
    return { ok: true, session: live, token, happened: [started, ...happened] };
  });

  const { happened = [], ...result } = outcome;
  for (const happening of happened) core.events.tell(happening);
  if (!result.ok) {
    const { user, account } = identity;
    const refusal = { during: 'start', reason: result.reason, user, account, session: null } as const;
    core.events.emit('session.refused', { ...refusal, revocation: null, device });
  }
  return result;
}

/** What is known of a session that begins. */
export type Begun = Pick<
  SessionRecord,
  'id' | 'hash' | 'kind' | 'stamps' | 'authenticatedAt' | 'amr' | 'device' | 'deviceTag' | 'attributes'
> & {
  /** Unix ms. */
  readonly at: number;
};

/** The record of a session that begins. */
export function newSession(core: Core, { user, account, tags }: Identity, { at, ...begun }: Begun): SessionRecord {
  const { lifetime } = kindSettings(core, begun.kind);
  return {
    ...begun,
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

/** Sessions that a newcomer ends, for the store, and what is told of them afterwards. */
export interface Admitted {
  readonly ending: readonly Ending[];
  readonly happened: readonly Happening[];
}

/** What admission says of a newcomer, from the list of the user's living sessions, where a rule needs that list. */
export async function admitted(
  core: Core,
  { user, tags }: Identity,
  newcomer: SessionRecord,
  now: number,
): Promise<Admitted | { readonly refusal: 'limit' }> {
  const { limit, replace } = core.settings;
  if (limit === null && replace === null) return { ending: [], happened: [] };
  const living: SessionRecord[] = [];
  for await (const session of livingIn(core, tags.user, tags.account ?? undefined, now)) living.push(session);
  const admission = admit(newcomer, living, { limit, replace });
  if ('refusal' in admission) return admission;

  const from = newcomer.device.label;
  const endings = admission.ending.map(({ session: { id, account, device }, reason }) => {
    const details = { session: id, user, account, device, by: user, reason, note: null, from };
    const happening = core.events.about('session.ended', details);
    return { happening, ending: { id, ended: { at: now, by: user, reason, from }, audit: happening.audit } };
  });
  return {
    ending: endings.map(({ ending }) => ending),
    happened: endings.map(({ happening }) => happening),
  };
}

function deviceTagOf({ settings: { realm } }: Core, deviceId: unknown): Tag | null {
  const id = parseOptionalText('deviceId', deviceId);
  return id === null ? null : deviceTag(realm, id);
}
