import { inCall } from '../../../src/adapter.ts';
import type { Sessions } from '../../../src/index.ts';
import { answer, invalidRequest, json, Refusal } from '../shared/answer.ts';
import { readBody } from '../shared/body.ts';
import { type Receiver, receiver } from '../shared/receiver.ts';
import { act } from './act.ts';
import { parseEvent, stateOf, VERIFICATION } from './event.ts';
import { parseSignalOptions, type SharedSignalsOptions, type SignalSettings } from './options.ts';
import { type PollOptions, poll } from './poll.ts';

/** A receiver of one stream of the Shared Signals Framework. */
export interface SharedSignals {
  /**
   * The endpoint to which the transmitter pushes events (RFC 8935). Answers 202 when the event was acted on, and again for
   * the same one. Answers `{ err, description }` with 400, 405, 408, 413, 415, or 503 in an outage.
   */
  readonly push: Receiver;
  /**
   * Fetches events from the transmitter (RFC 8936) until the signal aborts. An event is acknowledged after it was acted
   * on. After a failure it waits, and asks again.
   * @param options the transmitter's endpoint, and how to end.
   */
  poll(options: PollOptions): Promise<void>;
}

const TYPE = 'secevent+jwt';
/** In ms: how long the `jti` of an event is noted, and the greatest age of an event. */
const MAX_AGE = 30 * 86_400e3;
const LANGUAGE = { 'content-language': 'en' };

/**
 * The receiver of a stream of the OpenID Shared Signals Framework 1.0: events of CAEP 1.0 and RISC 1.0, such as
 * `session-revoked`. They end sessions like the buttons do.
 *
 * A session in the subject is the provider's session of `federated` ({@link Sessions.start}). A user in the subject ends the
 * user's sessions that were authenticated until the event's time: an event that arrives late does not end later ones.
 * @param sessions the result of `createSessions`.
 * @param options the transmitter, how to find a user, and what to do.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function sharedSignals<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: SharedSignalsOptions,
): SharedSignals {
  return inCall('sharedSignals(sessions, { issuer, audience, jwks, algorithms, user })', () => {
    const settings = parseSignalOptions(sessions as unknown as Sessions<never, unknown>, options);
    const push = receiver(async (request) => {
      if (!settings.isAuthorized(request.headers.get('authorization'))) {
        throw new Refusal('authentication_failed', 'the Authorization header is not the one that was agreed on');
      }
      await receive(settings, (await readBody(request, `application/${TYPE}`)).trim());
      return answer(202, null);
    }, refused);
    return { push, poll: (polled) => poll(polled, (token) => errorOf(receive(settings, token))) };
  });
}

const refused = ({ status, code, message, headers }: Refusal): Response =>
  json(status, { err: code, description: message }, { ...LANGUAGE, ...headers });

async function errorOf(
  received: Promise<void>,
): Promise<{ readonly err: string; readonly description: string } | null> {
  try {
    await received;
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { err: error.code, description: error.message };
  }
}

/**
 * Acts on a security event token. Acting on it twice changes nothing that the first time did not, so that the token is noted as used
 * afterwards: if acting fails, the transmitter sends it again.
 * @throws `Refusal` with a code of RFC 8935, 2.4.
 */
async function receive(settings: SignalSettings, token: string): Promise<void> {
  const { provider, issuer, handle, verification } = settings;
  const now = handle.now();
  const claims = await provider.verify(token, [TYPE], ['events'], now);
  if (typeof claims === 'string') throw provider.refusalOf(token, TYPE);
  if (claims.iat * 1000 < now - MAX_AGE) throw invalidRequest('the event is older than 30 days');
  const event = parseEvent(claims, now);
  if (event.type === VERIFICATION) {
    if (!(await verification(stateOf(event))))
      throw new Refusal('invalid_state', 'the state is not the one that was asked for');
    return;
  }
  if (await handle.wasUsed(issuer, claims.jti)) return;
  await act(settings, event, settings.actionFor(event));
  await handle.noteUse(issuer, claims.jti, now + MAX_AGE);
}
