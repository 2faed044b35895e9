import type { SessionRecord, Tag } from '../../../src/index.ts';
import type { Keys } from './keys.ts';
import { SWEEP } from './lua/verbs.ts';
import { Call } from './script.ts';
import type { Server } from './server.ts';
import { sessionOf } from './session-value.ts';
import { type Place, walk } from './walk.ts';

/** An id in a user's index, and its session, `null` where the server has removed that by itself. */
export interface Shelved {
  readonly place: Place;
  readonly session: SessionRecord | null;
}

const CHUNK = 256;

/** A user's sessions, all in one slot. */
export class Shelf {
  readonly user: Tag;
  readonly #server: Server;
  readonly #keys: Keys;

  constructor(server: Server, keys: Keys, user: Tag) {
    this.user = user;
    this.#server = server;
    this.#keys = keys;
  }

  /** Chunk by chunk, the oldest or the youngest first; each with the value of the user's record as of the same moment. */
  async *chunks(
    direction: 'up' | 'down',
    after?: Place,
    chunk: number = CHUNK,
  ): AsyncGenerator<{ readonly record: string | null; readonly shelved: readonly Shelved[] }> {
    const index = this.#keys.sessions(this.user);
    for await (const places of walk(this.#server, index, { direction, after, chunk })) {
      const wanted = places.map(({ member }) => this.#keys.session(this.user, member));
      const [record = null, ...values] = await this.#server.read([this.#keys.record(this.user), ...wanted]);
      const shelved = places.map((place, at) => {
        const value = values[at];
        const session = value === null || value === undefined ? null : sessionOf(value, place.member, this.user);
        return { place, session };
      });
      yield { record, shelved };
    }
  }

  /** One by one. */
  async *each(direction: 'up' | 'down', after?: Place): AsyncGenerator<Shelved> {
    for await (const { shelved } of this.chunks(direction, after)) yield* shelved;
  }

  /**
   * Removes those of these sessions that were over by themselves at a time, and takes what is gone out of the index. Tells
   * how many it removed.
   */
  async sweep(ids: readonly string[], before: number = Number.NEGATIVE_INFINITY): Promise<number> {
    let removed = 0;
    for (let at = 0; at < ids.length; at += CHUNK) {
      const batch = ids.slice(at, at + CHUNK);
      const time = before === Number.NEGATIVE_INFINITY ? '-1e300' : before;
      const call = new Call().key(this.#keys.sessions(this.user)).arg(time, batch.length);
      for (const id of batch) call.key(this.#keys.session(this.user, id)).arg(id);
      removed += Number(await this.#server.run(SWEEP, call));
    }
    return removed;
  }
}
