import { admit } from './admission.ts';
import { type Core, contend, type Identity, identify, kindSettings, readEpochs } from './core.ts';
import { type ClientHints, describeDevice } from './device.ts';
import type { StartRefusal } from './events.ts';
import { FENCE_KEEPS, fenceRefusal, parseFence, stampsOf, takeFence } from './fence.ts';
import { type Attributes, parseAttributes, parseMethods, parseOptionalText, parseText } from './input.ts';
import { judge, Session, type SessionDevice, type SessionRecord } from './session.ts';
import type { Ending } from './store.ts';
import { deviceTag, formatToken, hashSecret, newId, newSecret, type Tag } from './token.ts';

/** Who signs in. */
export interface FenceRequest {
  readonly user: string;
  /** The tenant, where the app has tenants. */
  readonly account?: string | undefined;
}

/** A sign-in whose credentials were checked. */
export interface StartRequest extends FenceRequest {
  /** Taken by `sessions.fence` for this user and account *before* the credentials were checked. */
  readonly fence: string;
  /** Default `'browser'`. */
  readonly kind?: string | undefined;
  /** The `User-Agent` header, as it came. */
  readonly userAgent?: string | null | undefined;
  /** The `Sec-CH-UA*` headers, as they came. */
  readonly hints?: ClientHints | undefined;
  /** The client's address. */
  readonly ip?: string | null | undefined;
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
  const { lifetime } = kindSettings(core, kind);
  const fence = parseFence(request.fence, identity.tags);
  const amr = parseMethods('amr', request.amr);
  const attributes = parseAttributes('attributes', request.attributes);
  const device = deviceOf(request);
  const deviceCookie = deviceTagOf(core, request.deviceId);

  const outcome = await contend<StartResult & { ending?: readonly Ending[] }>(core, async () => {
    const now = core.now();
    const { epochs, version } = await readEpochs(core, identity, now, { user: now + FENCE_KEEPS, shared: null });
    const refusal = fenceRefusal(fence, epochs, kind, now);
    if (refusal !== null) return refused(refusal);

    const secret = newSecret();
    const session: SessionRecord = {
      id: newId(),
      realm: core.settings.realm,
      user: identity.user,
      account: identity.account,
      userTag: identity.tags.user,
      accountTag: identity.tags.account,
      kind,
      hash: hashSecret(secret),
      serial: 0,
      stamps: stampsOf(fence, kind),
      createdAt: now,
      authenticatedAt: now,
      lastUsedAt: now,
      expiresAt: lifetime.absolute === null ? null : now + lifetime.absolute,
      idle: lifetime.idle,
      amr,
      device,
      deviceTag: deviceCookie,
      attributes,
      ended: null,
    };
    const admission = await admitted(core, identity, session, now);
    if ('refusal' in admission) return refused(admission.refusal);

    const write = { ifVersion: version, ending: admission.ending, keepUntil: session.expiresAt };
    if ((await core.store.add(session, write)) === 'conflict') return 'conflict';
    const token = formatToken({ id: session.id, ...identity.tags }, secret);
    return { ok: true, session: new Session(session), token, ending: admission.ending };
  });

  if (!outcome.ok) {
    const { reason } = outcome;
    core.events.emit('session.refused', {
      during: 'start',
      reason,
      user: identity.user,
      session: null,
      revocation: null,
    });
    return outcome;
  }
  const { session, token, ending = [] } = outcome;
  core.events.emit('session.started', { session });
  announceEndings(core, identity.user, ending);
  return { ok: true, session, token };
}

const refused = (reason: StartRefusal): StartResult => ({ ok: false, session: null, reason });

/** What admission says of a newcomer, from the list of the user's living sessions, where a rule needs that list. */
export async function admitted(
  core: Core,
  { user, tags }: Identity,
  newcomer: SessionRecord,
  now: number,
): Promise<ReturnType<typeof admit>> {
  const { limit, replace } = core.settings;
  if (limit === null && replace === null) return { ending: [] };
  const living: SessionRecord[] = [];
  for await (const session of livingSessions(core, tags, now)) living.push(session);
  return admit(newcomer, living, { limit, replace }, now, user);
}

const PAGE = 500;

async function* livingSessions(core: Core, tags: Identity['tags'], now: number): AsyncGenerator<SessionRecord> {
  let after: { createdAt: number; id: string } | undefined;
  for (let more = true; more; ) {
    const page = { account: tags.account ?? undefined, over: false, now, after, limit: PAGE };
    const answer = await core.store.list(core.realmTag, tags.user, page);
    for (const { session, epochs } of answer.found) if (judge(session, epochs, now) === null) yield session;
    after = answer.found.at(-1)?.session;
    more = answer.more && after !== undefined;
  }
}

/** Tells of sessions that were ended by a newcomer. */
export function announceEndings(core: Core, user: string, ending: readonly Ending[]): void {
  for (const { id, ended } of ending) {
    core.events.emit('session.ended', { session: id, user, by: ended.by, reason: ended.reason });
  }
}

function deviceOf({ userAgent, hints, ip }: StartRequest): SessionDevice {
  const { label, browser, os, type } = describeDevice(userAgent, hints);
  return Object.freeze({ label, browser, os, type, ip: addressOf(ip) });
}

// An address is often what a proxy's header says: whatever does not look like one is left out, and fails nothing.
const addressOf = (ip: unknown): string | null => (typeof ip === 'string' && /^[\w.:%-]{1,64}$/.test(ip) ? ip : null);

function deviceTagOf({ settings: { realm } }: Core, deviceId: unknown): Tag | null {
  const id = parseOptionalText('deviceId', deviceId);
  return id === null ? null : deviceTag(realm, id);
}
