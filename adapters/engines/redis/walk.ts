import type { Server } from './server.ts';

/** A place in a sorted set: by score, and of one score by member. */
export interface Place {
  readonly score: number;
  readonly member: string;
}

/** Where to begin, and how far to go. */
export interface Way {
  readonly direction: 'up' | 'down';
  /** Only what comes behind this place. */
  readonly after?: Place | undefined;
  /** Going down, the least score. */
  readonly least?: number | undefined;
  /** How many are read at a time. */
  readonly chunk: number;
}

/**
 * The members of a sorted set, chunk by chunk. It goes on from the last place rather than by number: what others remove in
 * the meantime must not make it miss anybody.
 */
export async function* walk(server: Server, key: string, way: Way): AsyncGenerator<readonly Place[]> {
  const { direction, least, chunk } = way;
  const down = direction === 'down';
  let { after } = way;
  for (let size = chunk; ; ) {
    const from = after === undefined ? (down ? '+inf' : '-inf') : String(after.score);
    const to = down ? String(least ?? '-inf') : '+inf';
    const order = down ? ['REV'] : [];
    const limit = ['LIMIT', '0', String(size), 'WITHSCORES'];
    const places = placesOf(await server.askPrimary(key, 'ZRANGE', key, from, to, 'BYSCORE', ...order, ...limit));
    const beyond = after;
    const fresh = beyond === undefined ? places : places.filter((place) => isBehind(place, beyond, down));
    const last = fresh.at(-1);
    if (last !== undefined) {
      yield fresh;
      after = last;
    }
    if (places.length < size) return;
    // More of one score than are read at a time.
    size = last === undefined ? size * 2 : chunk;
  }
}

function isBehind(place: Place, other: Place, down: boolean): boolean {
  if (place.score !== other.score) return place.score < other.score === down;
  return place.member !== other.member && place.member < other.member === down;
}

/** Members with their scores: a flat list in the old protocol, pairs in the new one. */
export function placesOf(reply: unknown): readonly Place[] {
  const flat = (reply as unknown[]).flat();
  const places: Place[] = [];
  for (let at = 0; at < flat.length; at += 2) places.push({ member: String(flat[at]), score: Number(flat[at + 1]) });
  return places;
}
