import type { SessionStore } from '../../../src/index.ts';

/** A store, and the connections of its driver. */
export interface Connection {
  readonly store: SessionStore;
  /** The last error that the driver emitted; `undefined` for none. */
  trouble(): unknown;
  /** Ends the driver's connections, which keep the process alive. Close the store first. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Time limit for connecting, in ms. */
  readonly timeout: number;
  /** A missing file may be created. */
  readonly mayCreate: boolean;
}

/** A command sends one query at a time, and the app needs the server's connections. */
export const MAX_CONNECTIONS = 4;

/**
 * Shorter than the time limit of the operation, so that the driver reports a missing server. Its error says more than "no answer".
 */
export const connectTimeout = ({ timeout }: ConnectOptions): number => Math.max(1, Math.floor(timeout * 0.8));

/** The event emitter in a driver's client. */
export interface Emitter {
  on(event: string, listener: (error: unknown) => void): unknown;
}

/** Remembers the errors that a driver emits. Without a listener, an `error` event would end the process. */
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
