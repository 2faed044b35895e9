import { inCall, parseArguments } from '../../../src/adapter.ts';
import type { Delivery } from '../delivery.ts';
import { notAccepted, post, refused } from '../shared/post.ts';
import { SignalStream, STREAM_KEYS, type StreamOptions } from './stream.ts';

/** Options of {@link sharedSignalsPush}. */
export interface SharedSignalsPushOptions extends StreamOptions {
  /** The `Authorization` header that the receiver asked for, such as `'Bearer …'`. Default: none. */
  readonly authorization?: string | undefined;
  /**
   * Hash of the secret by which the receiver calls the endpoints of its stream: see `newClientSecret` of
   * `session-revocation/receivers`. Only {@link sharedSignalsEndpoints} needs it. With several, each is accepted.
   */
  readonly secretHash?: string | readonly string[] | undefined;
}

/** A stream that pushes its events. */
export interface SharedSignalsPush extends Delivery {
  /** The stream, for {@link sharedSignalsEndpoints}. */
  readonly stream: SignalStream;
}

const KEYS = [...STREAM_KEYS, 'authorization'];
const METHOD = 'urn:ietf:rfc:8935';
const TYPE = 'application/secevent+jwt';
/** In ms: the time limit of a verification event, which the receiver waits for. */
const VERIFICATION_TIMEOUT = 5_000;

/**
 * Delivers messages as security event tokens by HTTP push (RFC 8935): `session-revoked` of CAEP 1.0, in a stream of the Shared
 * Signals Framework 1.0. `jti` and `txn` are the id of the message. Each attempt sends the same claims.
 *
 * The subject of a revocation of a user is the user. The subject of a session that ended alone is the user with that session.
 * The event cannot name kinds, or a session that was kept, so a receiver ends all sessions of the user. A message about a whole
 * account, the realm or another issuer's token is set aside, unless `subject` gives an answer.
 *
 * 202 is a success. After a 400, the message is set aside with the receiver's `err` and `description`. Every other answer is
 * tried again. While the stream is paused, messages wait in the outbox; while it is disabled, they are dropped.
 * @param options the stream.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function sharedSignalsPush(options: SharedSignalsPushOptions): SharedSignalsPush {
  return inCall('sharedSignalsPush({ issuer, audience, keys, endpoint })', () => {
    const { authorization, ...others } = parseArguments<SharedSignalsPushOptions>('options', options, KEYS);
    if (authorization !== undefined && (typeof authorization !== 'string' || authorization === '')) {
      throw new TypeError('authorization must be the value of a header, such as "Bearer …"');
    }
    const headers = { 'content-type': TYPE, accept: 'application/json', ...(authorization && { authorization }) };
    const push = async (token: string, signal: AbortSignal): Promise<void> => {
      const url = stream.endpoint;
      const answer = await post(url, headers, token, signal);
      if (answer.status === 400) throw refused(url, answer, 'err', 'description');
      if (answer.status !== 202) throw notAccepted(url, answer);
    };
    const stream = new SignalStream(others, {
      method: METHOD,
      async transmit(token) {
        await push(token, AbortSignal.timeout(VERIFICATION_TIMEOUT));
        return true;
      },
    });
    return {
      stream,
      isPaused: async () => (await stream.readStatus()).status === 'paused',
      async deliver(message, signal) {
        if ((await stream.readStatus()).status === 'disabled') return;
        const token = await stream.tokenOf(message);
        if (token !== null) await push(token, signal);
      },
    };
  });
}
