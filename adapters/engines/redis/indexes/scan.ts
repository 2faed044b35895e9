import type { Server } from '../connection.ts';

export interface Position {
  readonly score: number;
  readonly member: string;
}

export interface Way {
  readonly direction: 'up' | 'down';
  readonly after?: Position | undefined;
  /** For a walk down, the lowest score. */
  readonly least?: number | undefined;
  readonly chunk: number;
}

/**
 * Reads a sorted set in chunks. Continues from the last position and not from an index, so that removals by a second
 * process cannot make it skip members.
 */
export async function* walk(server: Server, key: string, way: Way): AsyncGenerator<readonly Position[]> {
  const { direction, least, chunk } = way;
  const down = direction === 'down';
  let { after } = way;
  for (let size = chunk; ; ) {
    const from = after === undefined ? (down ? '+inf' : '-inf') : String(after.score);
    const to = down ? String(least ?? '-inf') : '+inf';
    const order = down ? ['REV'] : [];
    const limit = ['LIMIT', '0', String(size), 'WITHSCORES'];
    const positions = positionsOf(await server.askPrimary(key, 'ZRANGE', key, from, to, 'BYSCORE', ...order, ...limit));
    const beyond = after;
    const fresh = beyond === undefined ? positions : positions.filter((position) => isBehind(position, beyond, down));
    const last = fresh.at(-1);
    if (last !== undefined) {
      yield fresh;
      after = last;
    }
    if (positions.length < size) return;
    // More members have this score than one chunk holds.
    size = last === undefined ? size * 2 : chunk;
  }
}

/**
 * Reads two sorted sets in their common order. Reads each part of the first set before the second. So it misses no
 * member that a second process moves from the first set to the second.
 */
export async function* walkBoth(
  server: Server,
  first: string,
  second: string,
  way: Way,
): AsyncGenerator<readonly Position[]> {
  const isBeyond = (position: Position, end: Position | undefined): boolean =>
    end !== undefined && isBehind(position, end, way.direction === 'down');
  let { after } = way;
  async function* upTo(end: Position | undefined, positions: readonly Position[]): AsyncGenerator<readonly Position[]> {
    let waiting = positions;
    for await (const chunk of walk(server, second, { ...way, after })) {
      const within = chunk.filter((position) => !isBeyond(position, end));
      const last = within.at(-1);
      if (last === undefined) break;
      const moved = new Set(within.map(({ member }) => member));
      const ready = waiting.filter((position) => !isBeyond(position, last) && !moved.has(position.member));
      yield [...ready, ...within].sort((one, other) => (isBeyond(one, other) ? 1 : -1));
      waiting = waiting.filter((position) => isBeyond(position, last));
      if (within.length < chunk.length) break;
    }
    if (waiting.length > 0) yield waiting;
  }
  for await (const positions of walk(server, first, way)) {
    const end = positions.at(-1);
    yield* upTo(end, positions);
    after = end;
  }
  yield* upTo(undefined, []);
}

function isBehind(position: Position, other: Position, down: boolean): boolean {
  if (position.score !== other.score) return position.score < other.score === down;
  return position.member !== other.member && position.member < other.member === down;
}

/** Parses a reply with members and scores: a flat list in RESP2, pairs in RESP3. */
export function positionsOf(reply: unknown): readonly Position[] {
  const flat = (reply as unknown[]).flat();
  const positions: Position[] = [];
  for (let at = 0; at < flat.length; at += 2) positions.push({ member: String(flat[at]), score: Number(flat[at + 1]) });
  return positions;
}
