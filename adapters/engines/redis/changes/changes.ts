import type { Socket } from 'node:net';
import { type Changes, type ChangesPower, RecentChanges } from '../../../../src/adapter.ts';
import { closed } from '../../shared/closed.ts';
import type { Server } from '../connection.ts';
import type { Keys } from '../keys.ts';
import type { Confirmation } from '../replication.ts';
import { idIn, type Primary, primariesOf, type RedisAddress, standingOf, whoAreYou } from './primaries.ts';
import { Tracking } from './tracking.ts';

/** Tells the store how to open the connections over which servers tell changes. */
export interface RedisChanges {
  /**
   * Opens a connection to a primary, with `connect` of `node:net`, or of `node:tls` if the app's client uses TLS. The
   * server tells the address. Ignore it for a single server, and translate it if the app reaches servers by other
   * addresses. The store closes the connection.
   * @param address where the server says that it listens.
   */
  connect(address: RedisAddress): Socket;
  /** User of the server's ACL. Default: the server's default user. */
  readonly username?: string | undefined;
  /** Password of that user. Default: none is sent. */
  readonly password?: string | undefined;
}

interface Setting {
  readonly server: Server;
  readonly keys: Keys;
  readonly confirmation: Confirmation | null;
  readonly options: RedisChanges;
}

/** In ms, from one failed attempt to connect to the next. */
const RETRY_AFTER = 1_000;

/**
 * The power `changes`. When a tag changes, a script writes the marker of that tag (see `Keys.marker`), and the server
 * sends the name of the marker. The reader receives these names over one connection to each primary.
 *
 * A reply on such a connection shows that the names of all markers that were written before the question have arrived.
 * After a connection is lost or opened, any tag may have changed.
 */
export class ChangeReader implements ChangesPower {
  readonly #setting: Setting;
  readonly #recent: RecentChanges = new RecentChanges();
  /** By the id of the primary. */
  readonly #tracked = new Map<string, Tracking>();
  #standing = '';
  #turn: Promise<unknown> = Promise.resolve();
  #retryAt = Number.NEGATIVE_INFINITY;
  #refusal: unknown;
  #isClosed = false;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /**
   * Returns the tags that changed since a position. Rejects if the server, a proxy or the user's rights do not allow
   * tracking. The core then limits remembered sessions by their age alone.
   */
  since(position: string | null): Promise<Changes> {
    const answer = this.#turn.then(() => this.#ask(position));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  close(): void {
    this.#isClosed = true;
    for (const tracking of this.#tracked.values()) tracking.close();
  }

  async #ask(position: string | null): Promise<Changes> {
    const { server, confirmation } = this.#setting;
    const primaries = await primariesOf(server);
    const isUsed = (id: string): boolean => primaries.some((one) => one.id === id);
    for (const [id, tracking] of this.#tracked) if (!isUsed(id)) this.#lose(id, tracking);
    for (const one of primaries) if (!this.#tracked.has(one.id)) await this.#track(one);
    const standing = await standingOf(server, confirmation, this.#tracked);
    if (!primaries.every(({ id }) => this.#tracked.has(id))) throw new Error('a connection was lost meanwhile');
    if (standing !== this.#standing) {
      this.#standing = standing;
      this.#recent.noteAll();
    }
    return this.#recent.since(position);
  }

  async #track(primary: Primary): Promise<void> {
    if (performance.now() < this.#retryAt) throw this.#refusal;
    try {
      const tracking = await this.#open(primary);
      this.#tracked.set(primary.id, tracking);
      this.#recent.noteAll();
    } catch (error) {
      this.#refusal = error;
      this.#retryAt = performance.now() + RETRY_AFTER;
      throw error;
    }
  }

  async #open({ id, address }: Primary): Promise<Tracking> {
    const { server, keys, options } = this.#setting;
    const where = await address();
    if (this.#isClosed) throw closed();
    const tracking = new Tracking(options.connect(where), {
      told: (markers) => this.#hear(markers),
      lost: () => this.#lose(id, tracking),
    });
    try {
      const { username = 'default', password } = options;
      const [, , reply] = await tracking.ask(
        ['HELLO', '3', ...(password === undefined ? [] : ['AUTH', username, password])],
        ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', keys.markers],
        whoAreYou(server),
      );
      if (this.#isClosed) throw closed();
      if (idIn(server, reply) !== id) throw new Error('changes.connect leads to another server than the client');
      return tracking;
    } catch (error) {
      tracking.close();
      throw error;
    }
  }

  #hear(markers: readonly string[] | null): void {
    if (markers === null) this.#recent.noteAll();
    else for (const marker of markers) this.#recent.note(this.#setting.keys.changedBy(marker));
  }

  #lose(id: string, tracking: Tracking): void {
    if (this.#tracked.get(id) !== tracking) return;
    this.#tracked.delete(id);
    tracking.close();
    this.#recent.noteAll();
  }
}
