import { type ClientHints, type Device, describeDevice } from './device.ts';
import type { Events, ToldRefusal } from './events.ts';
import type { SessionDevice, SessionRecord } from './session.ts';
import type { SessionStore } from './store.ts';
import type { Tag } from './token.ts';

/** What a request says of the client that it comes from. All of it is the client's own claim. */
export interface Client {
  /** The `User-Agent` header, as it came. */
  readonly userAgent?: string | null | undefined;
  /** The `Sec-CH-UA*` headers, as they came. */
  readonly hints?: ClientHints | undefined;
  /** The client's address. */
  readonly ip?: string | null | undefined;
}

/** A device, and the address that it is at. */
export function deviceOf({ userAgent, hints, ip }: Client): SessionDevice {
  const { label, browser, os, type } = describeDevice(userAgent, hints);
  return Object.freeze({ label, browser, os, type, ip: addressOf(ip) });
}

// An address is often what a proxy's header says: whatever does not look like one is left out, and fails nothing.
const addressOf = (ip: unknown): string | null => (typeof ip === 'string' && /^[\w.:%-]{1,64}$/.test(ip) ? ip : null);

/** Somebody who is signed in makes these, and gives them names. */
const MADE_FOR_PROGRAMS: ReadonlySet<string> = new Set(['api', 'mcp']);

const WINDOW = 60e3;
const MANY_REFUSALS = 20;
const MOST_REMEMBERED = 10_000;
const MOST_DEVICES = 1_000;
const LONGEST_KEY = 1_024;
const MOST_LOOKED_AT = 100;

/** What the watcher needs. */
interface Watched {
  readonly store: SessionStore;
  readonly realmTag: Tag;
  readonly events: Events;
  now(): number;
}

/**
 * Watches for signs of an attack and tells of them; it refuses nobody. Costs nothing where neither a listener nor a log
 * would hear of it, and remembers no more than a bounded number of sessions and addresses.
 */
export class Suspicion {
  readonly #watched: Watched;
  readonly #devices = new Map<string, Device>();
  readonly #changed = new Map<string, string>();
  readonly #refusals = new Map<string, { count: number; until: number }>();
  readonly #looking = new Set<Promise<void>>();

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** A sign-in: is this device new to a user who has others? Nobody waits for the answer. */
  started(session: SessionRecord): void {
    const { events } = this.#watched;
    if (MADE_FOR_PROGRAMS.has(session.kind) || !events.matters('session.suspicious')) return;
    const looking = this.#look(session)
      .catch((error: unknown) => events.emit('background.failed', { operation: 'suspicion', error }))
      .finally(() => this.#looking.delete(looking));
    this.#looking.add(looking);
  }

  /** A use of a session: is it still the browser and the system that signed in? */
  used(session: SessionRecord, client: Client): void {
    const { events } = this.#watched;
    if (!events.matters('session.suspicious')) return;
    const device = this.#describe(client);
    if (!differs(device, session.device) || this.#changed.get(session.id) === device.label) return;
    remember(this.#changed, session.id, device.label, MOST_REMEMBERED);
    const { id, user, account } = session;
    const seen = { ...device, ip: addressOf(client.ip) };
    events.emit('session.suspicious', { sign: 'device-changed', user, account, session: id, device: seen });
  }

  /** A token that was refused. */
  refused({ reason, user, account, session, device }: ToldRefusal): void {
    const { events } = this.#watched;
    if (!events.matters('session.suspicious')) return;
    if (reason === 'superseded') {
      events.emit('session.suspicious', { sign: 'superseded-token', user, account, session, device });
    }
    const ip = device?.ip ?? null;
    if (ip === null) return;
    const now = this.#watched.now();
    const known = this.#refusals.get(ip);
    const entry = known === undefined || now >= known.until ? { count: 0, until: now + WINDOW } : known;
    entry.count++;
    remember(this.#refusals, ip, entry, MOST_REMEMBERED);
    if (entry.count !== MANY_REFUSALS) return;
    events.emit('session.suspicious', { sign: 'many-refusals', user: null, account: null, session: null, device });
  }

  /** What a request says of its client, `null` where it says nothing. */
  deviceOf(client: Client): SessionDevice | null {
    if (client.userAgent === undefined && client.ip === undefined) return null;
    return { ...this.#describe(client), ip: addressOf(client.ip) };
  }

  /** The same text is read once: every request passes here. */
  #describe({ userAgent, hints }: Client): Device {
    const key = JSON.stringify([userAgent, hints]);
    const known = this.#devices.get(key);
    if (known !== undefined) return known;
    const device = describeDevice(userAgent, hints);
    if (key.length <= LONGEST_KEY) remember(this.#devices, key, device, MOST_DEVICES);
    return device;
  }

  /** Resolves when nothing is being looked at. */
  async settled(): Promise<void> {
    while (this.#looking.size > 0) await Promise.all(this.#looking);
  }

  async #look({ id, userTag, user, account, device, deviceTag, createdAt }: SessionRecord): Promise<void> {
    const { store, realmTag, events } = this.#watched;
    const page = { over: true, now: createdAt, limit: MOST_LOOKED_AT };
    const { found } = await store.list(realmTag, userTag, page);
    const others = found.map(({ session }) => session).filter((session) => session.id !== id);
    const known = others.some(
      (other) => other.device.label === device.label || (deviceTag !== null && other.deviceTag === deviceTag),
    );
    if (others.length === 0 || known) return;
    events.emit('session.suspicious', { sign: 'new-device', user, account, session: id, device });
  }
}

/** Whether a browser or a system became another one. What is not known is no other one. */
function differs(now: Device, before: Device): boolean {
  const changed = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;
  return changed(now.browser, before.browser) || changed(now.os, before.os);
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  if (map.size >= most && !map.has(key)) map.clear();
  map.set(key, value);
}
