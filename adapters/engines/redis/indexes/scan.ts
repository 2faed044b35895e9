import type { Server } from '../connection.ts';

/** A place in a sorted set: by score, then by member. */
export interface Place {
  readonly score: number;
  readonly member: string;
}

export interface Way {
  readonly direction: 'up' | 'down';
  /** Returns only members after this place. */
  readonly after?: Place | undefined;
  /** For a walk down, the lowest score. */
  readonly least?: number | undefined;
  readonly chunk: number;
}

/**
 * Yields the members of a sorted set, chunk by chunk. Continues from the last place and not from an index, so that
 * removals by others cannot make it skip members.
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
    // More members have this score than one chunk holds.
    size = last === undefined ? size * 2 : chunk;
  }
}

/**
 * Yields the members of two sorted sets in one order. It reads each part of the first set before that part of the
 * second. Therefore it misses no member that others move from the first to the second set meanwhile.
 */
export async function* walkBoth(
  server: Server,
  first: string,
  second: string,
  way: Way,
): AsyncGenerator<readonly Place[]> {
  const isBeyond = (place: Place, end: Place | undefined): boolean =>
    end !== undefined && isBehind(place, end, way.direction === 'down');
  let { after } = way;
  async function* upTo(end: Place | undefined, places: readonly Place[]): AsyncGenerator<readonly Place[]> {
    let waiting = places;
    for await (const chunk of walk(server, second, { ...way, after })) {
      const within = chunk.filter((place) => !isBeyond(place, end));
      const last = within.at(-1);
      if (last === undefined) break;
      const moved = new Set(within.map(({ member }) => member));
      const ready = waiting.filter((place) => !isBeyond(place, last) && !moved.has(place.member));
      yield [...ready, ...within].sort((one, other) => (isBeyond(one, other) ? 1 : -1));
      waiting = waiting.filter((place) => isBeyond(place, last));
      if (within.length < chunk.length) break;
    }
    if (waiting.length > 0) yield waiting;
  }
  for await (const places of walk(server, first, way)) {
    const end = places.at(-1);
    yield* upTo(end, places);
    after = end;
  }
  yield* upTo(undefined, []);
}

function isBehind(place: Place, other: Place, down: boolean): boolean {
  if (place.score !== other.score) return place.score < other.score === down;
  return place.member !== other.member && place.member < other.member === down;
}

/** Parses members with their scores: a flat list in RESP2, pairs in RESP3. */
export function placesOf(reply: unknown): readonly Place[] {
  const flat = (reply as unknown[]).flat();
  const places: Place[] = [];
  for (let at = 0; at < flat.length; at += 2) places.push({ member: String(flat[at]), score: Number(flat[at + 1]) });
  return places;
}
