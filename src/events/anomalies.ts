import { addressOf, type ClientInfo } from '../device/client-info.ts';
import { describeDevice } from '../device/describe-device.ts';
import type { Device, SessionDevice } from '../device/device.ts';
import type { SessionRecord } from '../model/session.ts';
import type { Tag } from '../model/token.ts';
import type { SessionStore } from '../store/store.ts';
import type { ToldRefusal } from './event-types.ts';
import type { Events } from './events.ts';

/** Kinds for programs. A signed-in user creates and names these sessions, so a new device there is not suspicious. */
const MADE_FOR_PROGRAMS: ReadonlySet<string> = new Set(['api', 'mcp']);

const WINDOW = 60e3;
const MANY_REFUSALS = 20;
const MAX_REMEMBERED = 10_000;
const MAX_DEVICES = 1_000;
const MAX_KEY = 1_024;
const MAX_LOOKED_AT = 100;

interface Watched {
  readonly store: SessionStore;
  readonly realmTag: Tag;
  readonly events: Events;
  now(): number;
}

/** Emits `session.suspicious`, and refuses nothing. Remembers a bounded number of sessions and addresses. */
export class Anomalies {
  readonly #watched: Watched;
  readonly #devices = new Map<string, Device>();
  readonly #changed = new Map<string, string>();
  readonly #refusals = new Map<string, { count: number; until: number }>();
  readonly #looking = new Set<Promise<void>>();

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Compares a new session with the user's other sessions. Works in the background, so that the sign-in does not wait. */
  started(session: SessionRecord): void {
    const { events } = this.#watched;
    if (MADE_FOR_PROGRAMS.has(session.kind) || !events.matters('session.suspicious')) return;
    const looking = this.#look(session)
      .catch((error: unknown) => events.emit('background.failed', { operation: 'anomalies', error }))
      .finally(() => this.#looking.delete(looking));
    this.#looking.add(looking);
  }

  used(session: SessionRecord, client: ClientInfo): void {
    const { events } = this.#watched;
    if (!events.matters('session.suspicious')) return;
    const device = this.#describe(client);
    if (!differs(device, session.device) || this.#changed.get(session.id) === device.label) return;
    remember(this.#changed, session.id, device.label, MAX_REMEMBERED);
    const { id, user, account } = session;
    const seen = { ...device, ip: addressOf(client.ip) };
    events.emit('session.suspicious', { sign: 'device-changed', user, account, session: id, device: seen });
  }

  refused({ reason, user, account, session, device }: ToldRefusal): void {
    const { events } = this.#watched;
    if (!events.matters('session.suspicious')) return;
    if (reason === 'superseded') {
      events.emit('session.suspicious', { sign: 'superseded-token', user, account, session, device });
    }
    // A browser keeps the cookie of an ended session until the next sign-in. Its secret was right, so this is no guess.
    if (reason === 'ended' || reason === 'expired' || reason === 'revoked') return;
    const ip = device?.ip ?? null;
    if (ip === null) return;
    const now = this.#watched.now();
    const known = this.#refusals.get(ip);
    const entry = known === undefined || now >= known.until ? { count: 0, until: now + WINDOW } : known;
    entry.count++;
    remember(this.#refusals, ip, entry, MAX_REMEMBERED);
    if (entry.count !== MANY_REFUSALS) return;
    events.emit('session.suspicious', { sign: 'many-refusals', user: null, account: null, session: null, device });
  }

  deviceOf(client: ClientInfo): SessionDevice | null {
    if (client.userAgent === undefined && client.ip === undefined) return null;
    return { ...this.#describe(client), ip: addressOf(client.ip) };
  }

  /** Caches the device for each text, since every request passes here. */
  #describe({ userAgent, hints }: ClientInfo): Device {
    const key = JSON.stringify([userAgent, hints]);
    const known = this.#devices.get(key);
    if (known !== undefined) return known;
    const device = describeDevice(userAgent, hints);
    if (key.length <= MAX_KEY) remember(this.#devices, key, device, MAX_DEVICES);
    return device;
  }

  async settled(): Promise<void> {
    while (this.#looking.size > 0) await Promise.all(this.#looking);
  }

  async #look({ id, userTag, user, account, device, deviceTag, createdAt }: SessionRecord): Promise<void> {
    const { store, realmTag, events } = this.#watched;
    const page = { ended: true, now: createdAt, limit: MAX_LOOKED_AT };
    const { found } = await store.list(realmTag, userTag, page);
    const others = found.map(({ session }) => session).filter((session) => session.id !== id);
    const known = others.some(
      (other) => other.device.label === device.label || (deviceTag !== null && other.deviceTag === deviceTag),
    );
    if (others.length === 0 || known) return;
    events.emit('session.suspicious', { sign: 'new-device', user, account, session: id, device });
  }
}

/** Tells whether two devices have different browsers or systems. An unknown browser or system does not count as different. */
function differs(now: Device, before: Device): boolean {
  const changed = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;
  return changed(now.browser, before.browser) || changed(now.os, before.os);
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  if (map.size >= max && !map.has(key)) map.clear();
  map.set(key, value);
}
