import { kindOf, type Notifier } from '../../src/adapter.ts';
import { fanOut } from './fan-out.ts';
import { type NotifierOptions, parseChannel } from './options.ts';

/** A message of NATS. */
export interface NatsMessage {
  /** Returns its text. */
  string(): string;
}

/** A subscription of NATS. */
export interface NatsSubscription {
  /** Ends the subscription. */
  unsubscribe(): void;
}

/** The part of a NATS connection that the notifier needs: of `@nats-io/transport-node`, or of `nats` 2. */
export interface NatsClient {
  /**
   * Sends a message.
   * @param subject the option `channel`.
   * @param message a message of {@link Notifier.publish}.
   */
  publish(subject: string, message: string): void;
  /**
   * Calls back for each message.
   * @param subject the option `channel`.
   * @param options the function to call back.
   */
  subscribe(
    subject: string,
    options: {
      /**
       * Receives each message.
       * @param error `null` for a message. Any other value is ignored, with its message.
       * @param message the message.
       */
      callback: (error: Error | null, message: NatsMessage) => void;
    },
  ): NatsSubscription;
  /** Resolves once the server has handled everything that was sent. */
  flush(): Promise<void>;
}

/**
 * Creates a notifier over NATS. The client listens again by itself after a lost connection. The option `channel` is the
 * NATS subject.
 * @param client a connection that the app has opened, and closes.
 * @param options the NATS subject, `channel`. Default `'session-revocation'`.
 * @throws `TypeError` if `client` is no connection, and for unknown or malformed options.
 * @example
 * ```ts
 * import { connect } from '@nats-io/transport-node';
 * import { natsNotifier } from 'session-revocation/notifiers';
 *
 * const notifier = natsNotifier(await connect({ servers: 'nats://127.0.0.1:4222' }));
 * ```
 */
export function natsNotifier(client: NatsClient, options: NotifierOptions = {}): Notifier {
  const channel = parseChannel(options);
  const { publish, subscribe, flush } = (client ?? {}) as Partial<NatsClient>;
  if (![publish, subscribe, flush].every((method) => typeof method === 'function')) {
    throw new TypeError(`client must be a connection of NATS, such as await connect(), not ${kindOf(client)}`);
  }
  return {
    publish: (message) => client.publish(channel, message),
    subscribe: fanOut(async (hear) => {
      const callback = (error: Error | null, message: NatsMessage): void => {
        if (error === null) hear(message.string());
      };
      const subscription = client.subscribe(channel, { callback });
      // The server has now received the subscription.
      await client.flush();
      return () => subscription.unsubscribe();
    }),
  };
}
