import { memberTag, type SessionRecord, type Tag } from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import type { Keys } from '../keys.ts';
import { sessionOf } from '../rows/session.ts';
import { Call } from '../scripts/script.ts';
import { SET_ASIDE, SWEEP } from '../scripts/verbs.ts';
import { type Position, walk, walkBoth } from './scan.ts';

/** A member of a user's index. `session` is `null` if the server has removed it. */
export interface IndexedSession {
  readonly position: Position;
  readonly session: SessionRecord | null;
}

/**
 * Some sessions of a user, with the records of the user and of one membership. A record is `null` if it is missing or
 * was not requested.
 */
export interface Chunk {
  readonly record: string | null;
  readonly member: string | null;
  readonly indexed: readonly IndexedSession[];
}

interface ChunkOptions {
  readonly after?: Position | undefined;
  readonly chunk?: number;
  readonly open?: boolean;
  readonly account?: Tag | undefined;
}

const CHUNK = 256;

/** Reads and tidies up the sessions of one user. All of them are in one slot. */
export class UserSessions {
  readonly user: Tag;
  readonly #server: Server;
  readonly #keys: Keys;

  constructor(server: Server, keys: Keys, user: Tag) {
    this.user = user;
    this.#server = server;
    this.#keys = keys;
  }

  /**
   * Reads the user's sessions in chunks, by creation. The sessions and the records of a chunk come from one snapshot.
   * `open` skips sessions that were set aside, because they are over for good.
   */
  async *chunks(
    direction: 'up' | 'down',
    { after, chunk = CHUNK, open = false, account }: ChunkOptions = {},
  ): AsyncGenerator<Chunk> {
    const way = { direction, after, chunk };
    const index = this.#keys.sessions(this.user);
    const chunks = open
      ? walk(this.#server, index, way)
      : walkBoth(this.#server, index, this.#keys.aside(this.user), way);
    for await (const positions of chunks) {
      const wanted = positions.map(({ member }) => this.#keys.session(this.user, member));
      const records = [this.user, ...(account === undefined ? [] : [memberTag(this.user, account)])];
      const [record = null, ...others] = await this.#server.read([
        ...records.map((tag) => this.#keys.record(tag)),
        ...wanted,
      ]);
      const member = account === undefined ? null : (others[0] ?? null);
      const values = account === undefined ? others : others.slice(1);
      const indexed = positions.map((position, at) => {
        const value = values[at];
        const session = value === null || value === undefined ? null : sessionOf(value, position.member, this.user);
        return { position, session };
      });
      yield { record, member, indexed };
    }
  }

  async *each(direction: 'up' | 'down', after?: Position): AsyncGenerator<IndexedSession> {
    for await (const { indexed } of this.chunks(direction, { after })) yield* indexed;
  }

  /** Removes the sessions that were over by themselves at the time `before`, and ids of missing sessions. */
  async sweep(ids: readonly string[], before: number = Number.NEGATIVE_INFINITY): Promise<number> {
    let removed = 0;
    for (let at = 0; at < ids.length; at += CHUNK) {
      const batch = ids.slice(at, at + CHUNK);
      const time = before === Number.NEGATIVE_INFINITY ? '-1e300' : before;
      const call = new Call().key(this.#keys.sessions(this.user), this.#keys.aside(this.user)).arg(time, batch.length);
      for (const id of batch) call.key(this.#keys.session(this.user, id)).arg(id);
      removed += Number(await this.#server.run(SWEEP, call));
    }
    return removed;
  }

  /**
   * Moves sessions that are over for good to an index of their own. Also removes some ids from it whose sessions are
   * gone.
   */
  async setAside(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += CHUNK) {
      const call = new Call().key(this.#keys.sessions(this.user), this.#keys.aside(this.user));
      const some = (await this.#server.run(SET_ASIDE, call.arg(...ids.slice(at, at + CHUNK)))) as string[];
      await this.sweep(some);
    }
  }
}
