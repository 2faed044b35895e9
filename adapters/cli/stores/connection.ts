import type { SessionStore } from '../../../src/index.ts';

/** A store, and the connections of its driver. */
export interface Connection {
  readonly store: SessionStore;
  /** What the driver reported on the side last; `undefined` for nothing. */
  trouble(): unknown;
  /** Ends the driver's connections, which keep the process alive. The store is closed before. */
  close(): Promise<void>;
}

/** How to connect. */
export interface ConnectOptions {
  /** The longest that a connection may take to be made, in ms. */
  readonly timeout: number;
  /** Whether a file that is not there may be made. */
  readonly mayCreate: boolean;
}

/** Few: a command asks one thing after the other, and a server's connections are for the app. */
export const MOST_CONNECTIONS = 4;

/**
 * A little less than the operation may take: then a server that is not there is told by the driver, which says more
 * than that nothing answered.
 */
export const connectTimeout = ({ timeout }: ConnectOptions): number => Math.max(1, Math.floor(timeout * 0.8));

/** What a driver's client has of an event emitter. */
export interface Emitter {
  on(event: string, listener: (error: unknown) => void): unknown;
}

/** Remembers what a driver emits: an event `error` that nobody listens to would end the process. */
export class Trouble {
  #last: unknown;

  listen(client: Emitter, ...events: readonly string[]): void {
    for (const event of ['error', ...events]) {
      client.on(event, (error) => {
        this.#last = error;
      });
    }
  }

  get last(): unknown {
    return this.#last;
  }
}
