import {
  adapterHandle,
  type Duration,
  inCall,
  isPlainText,
  parseArguments,
  parseDuration,
  shown,
} from '../../../src/adapter.ts';
import type { Sessions } from '../../../src/index.ts';
import { json } from '../../receivers/shared/answer.ts';
import type { Receiver } from '../../receivers/shared/receiver.ts';
import { type FailedDelivery, quiet } from '../failure.ts';
import { onQueued } from '../nap.ts';
import { requireQueue } from '../queue-worker.ts';
import { bearerOf, endpoint, unauthenticated } from './endpoint.ts';
import { readPollRequest } from './poll-request.ts';
import { Polling } from './polling.ts';
import { SignalStream, STREAM_KEYS, type StreamOptions } from './stream.ts';

/** Options of {@link sharedSignalsPoll}. `endpoint` is the URL of this endpoint, as the receiver calls it. */
export interface SharedSignalsPollOptions extends StreamOptions {
  /** The name of the queue in `audit.outbox`. No transmitter may deliver its messages, and no other stream. */
  readonly queue: string;
  /**
   * Hash of the secret by which the receiver calls this endpoint and those of {@link sharedSignalsEndpoints}, as a bearer token
   * (RFC 6750): see `newClientSecret` of `session-revocation/receivers`. With several, each is accepted.
   */
  readonly secretHash: string | readonly string[];
  /** How long an answer without events is held back (long polling). 0 to `'2m'`. Default `'30s'`. */
  readonly wait?: Duration | undefined;
  /** How often the queue is read meanwhile. The revocations of this process need no reading. `'50ms'` to `'1h'`. Default `'1s'`. */
  readonly every?: Duration | undefined;
  /** Gets each message that the receiver refused, or that cannot be said. Its own errors are ignored. Default: none. */
  readonly failed?: ((failure: FailedDelivery) => unknown) | undefined;
}

/** A stream whose events the receiver fetches. */
export interface SharedSignalsPoll {
  /** The endpoint (RFC 8936). Answers 200, 400, 401, 405, 408, 413, 415, or 503 in an outage. */
  readonly poll: Receiver;
  /** The stream, for {@link sharedSignalsEndpoints}. */
  readonly stream: SignalStream;
  /** Answers the requests that wait, and lets no later one wait. */
  close(): void;
}

const KEYS = [...STREAM_KEYS, 'queue', 'wait', 'every', 'failed'];

/**
 * The endpoint from which a receiver fetches security event tokens (RFC 8936): the same ones that {@link sharedSignalsPush}
 * sends. An event stays in the queue until the receiver acknowledges it, and is the same in each answer. Any number of
 * processes may serve the endpoint.
 *
 * An answer has at most 100 events. Without events, it is held back for `wait`, unless the request says `returnImmediately`. An
 * event that the receiver refuses (`setErrs`) is set aside. A verification event waits in the memory of the process that got the
 * request, for 10 minutes.
 *
 * While the stream is paused, events wait in the queue. When a disabled stream is enabled again, what waits is dropped.
 * @param sessions the result of `createSessions`, with the option `audit.outbox`.
 * @param options the stream.
 * @throws `TypeError` that names the option, the problem, and the allowed values; `SESSION_STORE_LACKS_POWER` if the store has
 * no outbox.
 */
export function sharedSignalsPoll<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: SharedSignalsPollOptions,
): SharedSignalsPoll {
  return inCall('sharedSignalsPoll(sessions, { queue, issuer, audience, keys, endpoint, secretHash })', () => {
    const { outbox } = adapterHandle(sessions);
    const { queue, wait, every, failed, ...others } = parseArguments<SharedSignalsPollOptions>(
      'options',
      options,
      KEYS,
    );
    if (!isPlainText(queue)) throw new TypeError(`queue is ${shown(queue)}; allowed is a name in audit.outbox`);
    requireQueue(`queue ${shown(queue)}`, queue, outbox.queues);
    if (others.secretHash === undefined) throw new TypeError('secretHash is missing: newClientSecret() makes a secret');
    const polling = new Polling({
      ...{ outbox, queue, failed: quiet(failed) },
      wait: parseDuration('wait', wait ?? '30s', { min: 0, max: 120_000 }),
      every: parseDuration('every', every ?? '1s', { min: 50, max: 3_600_000 }),
      listen: (wake) => onQueued(sessions, wake),
    });
    const stream = new SignalStream(others, polling);
    return {
      stream,
      close: () => polling.close(),
      poll: endpoint({
        async POST(request) {
          if (!stream.isReceiver(bearerOf(request))) throw unauthenticated();
          return json(200, await polling.answer(stream, await readPollRequest(request), request.signal));
        },
      }),
    };
  });
}
