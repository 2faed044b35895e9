import { parseArguments } from '../../src/adapter.ts';

/** Options of a notifier. */
export interface NotifierOptions {
  /**
   * The name under which the processes reach each other: 1 to 60 characters of `A-Z`, `a-z`, `0-9`, `_` and `-`. Apps
   * that share a server need different names. Default `'session-revocation'`.
   */
  readonly channel?: string | undefined;
}

const CHANNEL = /^[\w-]{1,60}$/;

/**
 * Returns the channel of the options, or the default.
 * @throws `TypeError` for an unknown option or a malformed name.
 */
export function parseChannel(options: NotifierOptions, more: readonly string[] = []): string {
  const { channel = 'session-revocation' } = parseArguments<NotifierOptions>('options', options, ['channel', ...more]);
  if (typeof channel === 'string' && CHANNEL.test(channel)) return channel;
  throw new TypeError('channel must have 1 to 60 characters of A-Z, a-z, 0-9, _ and -');
}
