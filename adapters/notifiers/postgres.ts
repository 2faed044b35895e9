import { kindOf, type Notifier } from '../../src/adapter.ts';
import { fanOut } from './fan-out.ts';
import { type NotifierOptions, parseChannel } from './options.ts';

/** The part of pg's `PoolClient` that listens. */
export interface PgListener {
  /**
   * Runs a statement.
   * @param text a `LISTEN` with the name of the channel.
   */
  query(text: string): Promise<unknown>;
  /**
   * Calls back for each notification.
   * @param event only `'notification'`.
   * @param listener receives the notification.
   */
  on(
    event: 'notification',
    listener: (message: {
      /** The text that was sent with the notification. `undefined` for none. */
      readonly payload?: string | undefined;
    }) => void,
  ): unknown;
  /**
   * Calls back once the connection is lost.
   * @param event an error of the connection, or its end. The notifier listens to both.
   * @param listener takes no arguments. The notifier then listens on another connection.
   */
  on(event: 'error' | 'end', listener: () => void): unknown;
  /**
   * Removes all listeners of an event.
   * @param event only `'notification'`.
   */
  removeAllListeners(event: 'notification'): unknown;
  /**
   * Gives the connection back, to be closed.
   * @param destroy always `true`: the pool closes the connection instead of lending it again.
   */
  release(destroy: boolean): void;
}

/** The part of pg's `Pool` that the notifier needs. */
export interface PgNotifierPool {
  /**
   * Runs a statement.
   * @param text a `SELECT pg_notify($1, $2)`.
   * @param values the channel and the message.
   */
  query(text: string, values: string[]): Promise<unknown>;
  /** Takes a connection. */
  connect(): Promise<PgListener>;
}

/** The part of postgres.js's `sql` that the notifier needs. */
export interface PostgresJsNotifier {
  /**
   * Sends a notification.
   * @param channel the option `channel`.
   * @param message a message of {@link Notifier.publish}.
   */
  notify(channel: string, message: string): PromiseLike<unknown>;
  /**
   * Calls back for each notification.
   * @param channel the option `channel`.
   * @param listener receives the message.
   */
  listen(
    channel: string,
    listener: (message: string) => void,
  ): PromiseLike<{
    /** Ends the subscription. */
    unlisten(): Promise<unknown>;
  }>;
}

/** Time between two attempts to listen again, in ms. */
const RETRY_AFTER = 500;

/**
 * Creates a notifier with `LISTEN` and `NOTIFY` of Postgres. It holds one connection of the pool while it listens. It
 * sends each message in a statement of its own: a `NOTIFY` in the app's transaction would make all commits of the server
 * wait for each other.
 *
 * It must reach the server directly: a proxy that moves each transaction to another connection hears nothing.
 * @param client pg's `Pool`, or the `sql` of postgres.js. The app closes it.
 * @param options the channel of Postgres, `channel`. Default `'session-revocation'`.
 * @throws `TypeError` if `client` is neither, and for unknown or malformed options.
 * @example
 * ```ts
 * import pg from 'pg';
 * import { postgresNotifier } from 'session-revocation/notifiers';
 *
 * const notifier = postgresNotifier(new pg.Pool());
 * ```
 */
export function postgresNotifier(client: PgNotifierPool | PostgresJsNotifier, options: NotifierOptions = {}): Notifier {
  const channel = parseChannel(options);
  if (can(client, 'listen') && can(client, 'notify')) {
    const sql = client as PostgresJsNotifier;
    return {
      publish: (message) => Promise.resolve(sql.notify(channel, message)),
      subscribe: fanOut(async (hear) => {
        const { unlisten } = await sql.listen(channel, hear);
        return unlisten;
      }),
    };
  }
  if (can(client, 'connect') && can(client, 'query') && 'totalCount' in client) {
    const pool = client as PgNotifierPool;
    return {
      publish: (message) => pool.query('SELECT pg_notify($1, $2)', [channel, message]),
      subscribe: fanOut((hear) => listen(pool, channel, hear)),
    };
  }
  throw new TypeError(`client must be a Pool of pg, or the sql of postgres.js, not ${kindOf(client)}`);
}

/** Listens on a connection of the pool. If the connection is lost, listens on another one. */
async function listen(pool: PgNotifierPool, channel: string, hear: (message: unknown) => void) {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let connection: PgListener | null = null;

  async function open(): Promise<void> {
    const opened = await pool.connect();
    const lost = (): void => {
      if (connection !== opened) return;
      drop(opened);
      again();
    };
    opened.on('notification', ({ payload }) => hear(payload));
    opened.on('error', lost);
    opened.on('end', lost);
    connection = opened;
    try {
      await opened.query(`LISTEN "${channel}"`);
    } catch (error) {
      if (connection === opened) drop(opened);
      throw error;
    }
    if (isStopped && connection === opened) drop(opened);
  }

  /** Gives up a connection. It still listens, or is broken, so the pool must close it. */
  function drop(opened: PgListener): void {
    connection = null;
    opened.removeAllListeners('notification');
    opened.release(true);
  }

  function again(): void {
    if (isStopped) return;
    timer = setTimeout(() => open().catch(again), RETRY_AFTER);
    timer.unref();
  }

  await open();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    if (connection !== null) drop(connection);
  };
}

const can = (client: unknown, name: string): boolean =>
  (typeof client === 'object' || typeof client === 'function') &&
  client !== null &&
  typeof Reflect.get(client, name) === 'function';
