// biome-ignore-all lint/style/noNonNullAssertion: a slot that is in use has all of its columns.
import { type Attributes, type Ended, expiryOf, type SessionDevice, type SessionRecord } from '../../../src/index.ts';
import type { Group } from './group.ts';
import type { Pool } from './pool.ts';

/** No slot: fresh columns are all zero, and so link to nothing. */
export const NONE = 0;
export const FIRST_SLOT = 1;

/** What is as a rule empty. Immutable. */
interface Extra {
  readonly ip: string | null;
  readonly attributes: Attributes;
  readonly deviceTag: string | null;
  readonly ended: Ended | null;
}

const NOTHING: Attributes = Object.freeze({});
const NO_EXTRA: Extra = Object.freeze({ ip: null, attributes: NOTHING, deviceTag: null, ended: null });

const CHUNK_BITS = 9;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const IN_CHUNK = CHUNK_ROWS - 1;

// The numbers of one session stand side by side: reading them misses the processor's cache once.
const NUMBERS = 5;
const CREATED = 0;
const AUTHENTICATED = 1;
const LAST_USED = 2;
const EXPIRES = 3;
const SERIAL = 4;

const LINKS = 2;

/** Columns for some hundred sessions. With chunks, growing copies nothing and leaves next to nothing unused. */
class Chunk {
  readonly ids: string[] = new Array(CHUNK_ROWS);
  /** As texts, although bytes would take 40 less: a text would have to be made of them in every check. */
  readonly hashes: string[] = new Array(CHUNK_ROWS);
  readonly groups: (Group | undefined)[] = new Array(CHUNK_ROWS);
  readonly devices: SessionDevice[] = new Array(CHUNK_ROWS);
  readonly extras: (Extra | string)[] = new Array(CHUNK_ROWS);
  /** As properties of an object, V8 would box each of these for 16 bytes more. */
  readonly numbers: Float64Array = new Float64Array(CHUNK_ROWS * NUMBERS);
  readonly links: Int32Array = new Int32Array(CHUNK_ROWS * LINKS);
}

/** As short as it can be kept: most sessions have nothing extra, or an address and nothing else. */
function packed({ device: { ip }, attributes, deviceTag, ended }: SessionRecord): Extra | string {
  const alone = deviceTag === null && ended === null && Object.keys(attributes).length === 0;
  return alone ? (ip ?? NO_EXTRA) : { ip, attributes, deviceTag, ended };
}

const unpacked = (extra: Extra | string): Extra =>
  typeof extra === 'string' ? { ip: extra, attributes: NOTHING, deviceTag: null, ended: null } : extra;

/**
 * The sessions, in columns ("structure of arrays"). Each has a slot for life; the slot of one that was removed is used
 * again. What is handed in must be the store's own: texts, numbers, and objects frozen to the bottom.
 */
export class Rows {
  readonly #chunks: Chunk[] = [];
  readonly #free: number[] = [];
  readonly #pool: Pool;
  #end = FIRST_SLOT;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** All slots that were ever used are below. */
  get end(): number {
    return this.#end;
  }

  /** A slot for a new session. */
  take(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#end >> CHUNK_BITS === this.#chunks.length) this.#chunks.push(new Chunk());
    return this.#end++;
  }

  /** Lets a slot be used again, and lets go of what was in it. */
  release(slot: number): void {
    const { ids, hashes, groups, extras } = this.#chunkOf(slot);
    const row = slot & IN_CHUNK;
    ids[row] = '';
    hashes[row] = '';
    groups[row] = undefined;
    extras[row] = NO_EXTRA;
    this.#free.push(slot);
  }

  /** Writes all that is known of a session. */
  write(slot: number, session: SessionRecord, group: Group): void {
    const { id, hash, device } = session;
    const { ids, hashes, groups, devices, extras, numbers } = this.#chunkOf(slot);
    const row = slot & IN_CHUNK;
    ids[row] = id;
    hashes[row] = hash;
    groups[row] = group;
    devices[row] = this.#pool.shared({ ...device, ip: null });
    extras[row] = packed(session);
    const first = row * NUMBERS;
    numbers[first + CREATED] = session.createdAt;
    numbers[first + AUTHENTICATED] = session.authenticatedAt;
    numbers[first + LAST_USED] = session.lastUsedAt;
    numbers[first + EXPIRES] = session.expiresAt ?? Number.POSITIVE_INFINITY;
    numbers[first + SERIAL] = session.serial;
  }

  /** The session as it is now: the caller's own, with frozen parts. */
  read(slot: number): SessionRecord {
    const { ids, hashes, groups, devices, extras, numbers } = this.#chunkOf(slot);
    const row = slot & IN_CHUNK;
    const group = groups[row]!;
    const device = devices[row]!;
    const { ip, attributes, deviceTag, ended } = unpacked(extras[row]!);
    const first = row * NUMBERS;
    const expires = numbers[first + EXPIRES]!;
    return {
      id: ids[row]!,
      realm: group.realm,
      user: group.user,
      account: group.account,
      userTag: group.userScope.tag,
      accountTag: group.accountScope?.tag ?? null,
      kind: group.kind,
      hash: hashes[row]!,
      serial: numbers[first + SERIAL]!,
      stamps: group.stamps,
      createdAt: numbers[first + CREATED]!,
      authenticatedAt: numbers[first + AUTHENTICATED]!,
      lastUsedAt: numbers[first + LAST_USED]!,
      expiresAt: expires === Number.POSITIVE_INFINITY ? null : expires,
      idle: group.idle,
      amr: group.amr,
      device: ip === null ? device : { ...device, ip },
      deviceTag,
      attributes,
      ended,
    };
  }

  /** Notes a use, unless a later one is known. */
  use(slot: number, at: number): void {
    const { numbers } = this.#chunkOf(slot);
    const place = (slot & IN_CHUNK) * NUMBERS + LAST_USED;
    numbers[place] = Math.max(numbers[place]!, at);
  }

  isFree(slot: number): boolean {
    return this.#chunkOf(slot).groups[slot & IN_CHUNK] === undefined;
  }

  groupOf(slot: number): Group {
    return this.#chunkOf(slot).groups[slot & IN_CHUNK]!;
  }

  idOf(slot: number): string {
    return this.#chunkOf(slot).ids[slot & IN_CHUNK]!;
  }

  createdAt(slot: number): number {
    return this.#chunkOf(slot).numbers[(slot & IN_CHUNK) * NUMBERS + CREATED]!;
  }

  /** When the session is over by itself: its tombstone's time, else the end of its lifetimes; `null` is never. */
  overAt(slot: number): number | null {
    return this.#endedOf(slot)?.at ?? this.#expiryOf(slot);
  }

  /** Whether the session has no tombstone and is within its lifetimes. */
  isOpen(slot: number, now: number): boolean {
    if (this.#endedOf(slot) !== null) return false;
    const expiry = this.#expiryOf(slot);
    return expiry === null || now < expiry;
  }

  /** The subtree of one side of a session in the tree of `timeline.ts`. */
  link(slot: number, side: 0 | 1): number {
    return this.#chunkOf(slot).links[(slot & IN_CHUNK) * LINKS + side]!;
  }

  setLink(slot: number, side: 0 | 1, child: number): void {
    this.#chunkOf(slot).links[(slot & IN_CHUNK) * LINKS + side] = child;
  }

  #endedOf(slot: number): Ended | null {
    return unpacked(this.#chunkOf(slot).extras[slot & IN_CHUNK]!).ended;
  }

  #expiryOf(slot: number): number | null {
    const { groups, numbers } = this.#chunkOf(slot);
    const row = slot & IN_CHUNK;
    const expires = numbers[row * NUMBERS + EXPIRES]!;
    return expiryOf({
      expiresAt: expires === Number.POSITIVE_INFINITY ? null : expires,
      idle: groups[row]!.idle,
      lastUsedAt: numbers[row * NUMBERS + LAST_USED]!,
    });
  }

  #chunkOf(slot: number): Chunk {
    return this.#chunks[slot >> CHUNK_BITS]!;
  }
}
