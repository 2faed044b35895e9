import type { MysqlConnection } from './clients/client.ts';
import { requirePrimary } from './replication.ts';
import { requireMode } from './server.ts';

/** Options of a client. */
export interface ClientOptions {
  /**
   * Allows a server that replicates from another one. Set it only for a pair of primaries when all processes use this
   * one. Checks on a replica may still accept a session that was revoked on its primary a moment ago. Default `false`.
   */
  readonly allowReplicating?: boolean | undefined;
}

/** Inspects each connection before its first use: it may lead to another server than earlier connections. */
export class Introduction {
  readonly #allowReplicating: boolean;
  readonly #known = new WeakSet<object>();

  constructor({ allowReplicating = false }: ClientOptions) {
    this.#allowReplicating = allowReplicating;
  }

  /** Tells whether a connection was inspected. `key` stays the same each time the connection is lent. */
  knows(key: object): boolean {
    return this.#known.has(key);
  }

  /**
   * Inspects a connection.
   * @throws `SessionError` for a connection over which sessions must not be read or written.
   */
  async look(key: object, connection: MysqlConnection): Promise<void> {
    await requireMode(connection);
    if (!this.#allowReplicating) await requirePrimary(connection);
    this.#known.add(key);
  }
}
