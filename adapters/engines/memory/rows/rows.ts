// biome-ignore-all lint/style/noNonNullAssertion: a slot that is in use has all of its columns.

import { type Ended, expiryOf, type Grant, type SessionRecord } from '../../../../src/adapter.ts';
import type { Attributes, SessionDevice } from '../../../../src/index.ts';
import type { Pool } from '../own-copy.ts';
import type { Group } from './group.ts';
import { FIRST_SLOT } from './slots.ts';

/** The properties of a session that are usually empty. Immutable. */
interface Extra {
  readonly ip: string | null;
  readonly attributes: Attributes;
  readonly client: Grant | null;
  readonly federated: SessionRecord['federated'];
  readonly deviceTag: string | null;
  readonly ended: Ended | null;
}

const NOTHING: Attributes = Object.freeze({});
const NO_EXTRA: Extra = Object.freeze({
  ...{ ip: null, attributes: NOTHING, client: null, federated: null, deviceTag: null, ended: null },
});

const CHUNK_BITS = 9;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const IN_CHUNK = CHUNK_ROWS - 1;

// The numbers of one session are adjacent, so reading them costs one cache miss.
const NUMBERS = 5;
const CREATED = 0;
const AUTHENTICATED = 1;
const LAST_USED = 2;
const EXPIRES = 3;
const SERIAL = 4;

const LINKS = 2;

/** The columns of some sessions. With chunks, growing copies nothing and leaves little memory unused. */
class Chunk {
  readonly ids: string[] = new Array(CHUNK_ROWS);
  /** Bytes would take 40 bytes less, but every check would have to convert them to a string. */
  readonly credentials: string[] = new Array(CHUNK_ROWS);
  readonly groups: (Group | undefined)[] = new Array(CHUNK_ROWS);
  readonly devices: SessionDevice[] = new Array(CHUNK_ROWS);
  readonly extras: (Extra | string)[] = new Array(CHUNK_ROWS);
  /** As properties of an object, each number would take 16 bytes more. */
  readonly numbers: Float64Array = new Float64Array(CHUNK_ROWS * NUMBERS);
  readonly links: Int32Array = new Int32Array(CHUNK_ROWS * LINKS);
  /** 1 if the session is in the tree of sessions that are over for good. */
  readonly aside: Uint8Array = new Uint8Array(CHUNK_ROWS);
}

/** Returns the extra properties of a session in their smallest form. Most sessions have none, or only an address. */
function packed(session: SessionRecord, pool: Pool): Extra | string {
  const { attributes, client, federated, deviceTag, ended } = session;
  const { ip } = session.device;
  const isUsual = client === null && federated === null && deviceTag === null && ended === null;
  if (isUsual && Object.keys(attributes).length === 0) return ip ?? NO_EXTRA;
  return { ip, attributes, client: pool.shared(client), federated, deviceTag, ended };
}

const unpacked = (extra: Extra | string): Extra => (typeof extra === 'string' ? { ...NO_EXTRA, ip: extra } : extra);

/**
 * The sessions by slot, stored in columns. All input must be the store's own: strings, numbers and deeply frozen
 * objects. A session keeps its slot for life.
 */
export class Rows {
  readonly #chunks: Chunk[] = [];
  readonly #free: number[] = [];
  readonly #pool: Pool;
  #end = FIRST_SLOT;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Exclusive upper bound of all slots that were ever used. */
  get end(): number {
    return this.#end;
  }

  take(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#end >> CHUNK_BITS === this.#chunks.length) this.#chunks.push(new Chunk());
    return this.#end++;
  }

  release(slot: number): void {
    const { ids, credentials, groups, extras } = this.#chunkOf(slot);
    const row = slot & IN_CHUNK;
    ids[row] = '';
    credentials[row] = '';
    groups[row] = undefined;
    extras[row] = NO_EXTRA;
    this.#free.push(slot);
  }

  write(slot: number, session: SessionRecord, group: Group): void {
    const { id, credential, device } = session;
    const { ids, credentials, groups, devices, extras, numbers } = this.#chunkOf(slot);
    const row = slot & IN_CHUNK;
    ids[row] = id;
    credentials[row] = credential;
    groups[row] = group;
    devices[row] = this.#pool.shared({ ...device, ip: null });
    extras[row] = packed(session, this.#pool);
    const first = row * NUMBERS;
    numbers[first + CREATED] = session.createdAt;
    numbers[first + AUTHENTICATED] = session.authenticatedAt;
    numbers[first + LAST_USED] = session.lastUsedAt;
    numbers[first + EXPIRES] = session.expiresAt ?? Number.POSITIVE_INFINITY;
    numbers[first + SERIAL] = session.serial;
  }

  /** Returns the session in a slot, as a new object with frozen parts. */
  read(slot: number): SessionRecord {
    const { ids, credentials, groups, devices, extras, numbers } = this.#chunkOf(slot);
    const row = slot & IN_CHUNK;
    const group = groups[row]!;
    const device = devices[row]!;
    const { ip, attributes, client, federated, deviceTag, ended } = unpacked(extras[row]!);
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
      credential: credentials[row]!,
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
      client,
      federated,
      ended,
    };
  }

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

  /** Returns when a session is or was over by itself; `null` means never. Ignores revocations by epoch. */
  endOf(slot: number): number | null {
    return this.#endedOf(slot)?.at ?? this.#expiryOf(slot);
  }

  isOpen(slot: number, now: number): boolean {
    if (this.#endedOf(slot) !== null) return false;
    const expiry = this.#expiryOf(slot);
    return expiry === null || now < expiry;
  }

  /** Returns the root of the subtree on one side. See `timeline.ts`. */
  link(slot: number, side: 0 | 1): number {
    return this.#chunkOf(slot).links[(slot & IN_CHUNK) * LINKS + side]!;
  }

  setLink(slot: number, side: 0 | 1, child: number): void {
    this.#chunkOf(slot).links[(slot & IN_CHUNK) * LINKS + side] = child;
  }

  isAside(slot: number): boolean {
    return this.#chunkOf(slot).aside[slot & IN_CHUNK] === 1;
  }

  setAside(slot: number, aside: boolean): void {
    this.#chunkOf(slot).aside[slot & IN_CHUNK] = aside ? 1 : 0;
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
