import type { SessionStore } from '../../../src/index.ts';

export interface Connection {
  readonly store: SessionStore;
  /** The last error that the driver emitted. */
  trouble(): unknown;
  /** Closes the connections, which would keep the process alive. Close the store first. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** In ms. */
  readonly timeout: number;
  /** Permits a missing file. */
  readonly mayCreate: boolean;
}

/** A command sends one query at a time, and the app needs the server's other connections. */
export const MAX_CONNECTIONS = 4;

/** The time limit for connecting, in ms. It is shorter than that of the operation: the driver's own error says more than "no answer". */
export const connectTimeout = ({ timeout }: ConnectOptions): number => Math.max(1, Math.floor(timeout * 0.8));

export interface Emitter {
  on(event: string, listener: (error: unknown) => void): unknown;
}

/** The last error that a driver emitted. Without a listener, an `error` event ends the process. */
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
