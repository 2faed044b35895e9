import { type Duration, parseDuration } from '../lib/duration.ts';
import { parseArguments } from '../lib/input.ts';

/** The option `signal`, for `sessions.signal`. */
export interface SignalOptions {
  /**
   * The time between two looks at the sessions that have signals, `'100ms'` to `'5m'`. A signal fires at most this long after a
   * revocation by another process. A store with the power `changes` is asked what changed. From any other store, the sessions are
   * read, many at once. Default `'5s'`.
   */
  readonly every?: Duration | undefined;
  /**
   * The time after which an outage of the store fires all signals, `'1s'` to `'1d'`. It is then unknown whether their sessions are
   * still live. Default `'5m'`.
   */
  readonly giveUpAfter?: Duration | undefined;
}

/** The resolved option `signal`. Times are in ms. */
export interface SignalSettings {
  readonly every: number;
  readonly giveUpAfter: number;
}

/** @throws `TypeError` that names the option, what is wrong with it, and what is allowed. */
export function parseSignal(value: unknown): SignalSettings {
  const example = "signal: { every: '1s' }";
  const { every = 5e3, giveUpAfter = 300e3 } =
    value === undefined ? {} : parseArguments<SignalOptions>('signal', value, ['every', 'giveUpAfter'], example);
  return {
    every: parseDuration('signal.every', every, { min: 100, max: 300e3 }),
    giveUpAfter: parseDuration('signal.giveUpAfter', giveUpAfter, { min: 1e3, max: 86400e3 }),
  };
}
