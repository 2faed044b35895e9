import { inCall, parseArguments, shown } from '../../../src/adapter.ts';
import { answer, invalidRequest, json, Refusal } from '../../receivers/shared/answer.ts';
import { readBody } from '../../receivers/shared/body.ts';
import { parseRecord } from '../../receivers/shared/parse-record.ts';
import type { Receiver } from '../../receivers/shared/receiver.ts';
import { parseTarget } from '../shared/post.ts';
import { bearerOf, endpoint, unauthenticated, unavailable } from './endpoint.ts';
import { statusIn } from './status.ts';
import { SignalStream } from './stream.ts';

/** Options of {@link sharedSignalsEndpoints}. */
export interface SharedSignalsEndpointsOptions {
  /** The streams of one issuer, by {@link sharedSignalsPush} and {@link sharedSignalsPoll}. Each needs a `secretHash`. */
  readonly streams: readonly SignalStream[];
  /** The URLs at which you mount the endpoints: https; http only on loopback. */
  readonly urls: {
    /** The public keys. It may be a place where you publish them already. */
    readonly jwks: string | URL;
    /** The configuration of the streams. */
    readonly configuration: string | URL;
    /** The status of the streams. */
    readonly status: string | URL;
    /** Requests for verification events. */
    readonly verification: string | URL;
  };
}

/** The endpoints of a transmitter: see {@link sharedSignalsEndpoints}. */
export interface SharedSignalsEndpoints {
  /** GET: the metadata. Its path is `/.well-known/ssf-configuration`, followed by the path of the issuer if it has one. */
  readonly metadata: Receiver;
  /** GET: the public keys (RFC 7517). */
  readonly jwks: Receiver;
  /** GET: the configuration of a stream, or of all streams of the receiver. POST: 409. PATCH, PUT, DELETE: 403. */
  readonly configuration: Receiver;
  /** GET: the status of a stream. POST: changes it. */
  readonly status: Receiver;
  /** POST: transmits a verification event. 204; 429 if too many wait; 503 if the receiver did not accept it. */
  readonly verification: Receiver;
}

const KEYS = ['streams', 'urls'];
const URLS = ['jwks', 'configuration', 'status', 'verification'] as const;
const MAX_STATE = 1024;
const PUBLIC = { 'cache-control': 'public, max-age=300' };
/** OAuth 2.0 Bearer Token Usage. */
const SCHEMES = [{ spec_urn: 'urn:ietf:rfc:6750' }];

/**
 * The endpoints by which receivers manage their streams (SSF 1.0, 7 and 8.1). The streams are made in code: a receiver reads
 * their configuration, reads and changes their status, and asks for verification events. It cannot make, change or delete a
 * stream, or choose subjects.
 *
 * A receiver sends its secret as a bearer token. Errors are `{ err, description }` with 400, 401, 403, 404, 405, 409, 429, or
 * 503 in an outage. For the stream of another receiver the answer is 404.
 * @param options the streams, and the URLs of the endpoints.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function sharedSignalsEndpoints(options: SharedSignalsEndpointsOptions): SharedSignalsEndpoints {
  return inCall('sharedSignalsEndpoints({ streams, urls })', () => {
    const input = parseArguments<SharedSignalsEndpointsOptions>('options', options, KEYS);
    const streams = parseStreams(input.streams);
    const urls = parseUrls(input.urls);
    const keys = new Map(streams.flatMap(({ jwks }) => jwks).map((key) => [key.kid, key]));
    const metadata = {
      spec_version: '1_0',
      issuer: streams[0].configuration.iss,
      jwks_uri: urls.jwks,
      delivery_methods_supported: [...new Set(streams.map(({ configuration }) => configuration.delivery.method))],
      configuration_endpoint: urls.configuration,
      status_endpoint: urls.status,
      verification_endpoint: urls.verification,
      authorization_schemes: SCHEMES,
      default_subjects: 'ALL',
    };

    /** The streams of the receiver that sends a request. */
    const own = (request: Request): readonly SignalStream[] => {
      const secret = bearerOf(request);
      const found = streams.filter((stream) => stream.isReceiver(secret));
      if (found.length === 0) throw unauthenticated();
      return found;
    };

    const refusing =
      (status: 403 | 409) =>
      async (request: Request): Promise<never> => {
        own(request);
        throw new Refusal('access_denied', 'the operator of the transmitter makes and changes streams', status);
      };

    return {
      metadata: endpoint({ GET: async () => json(200, metadata, PUBLIC) }),
      jwks: endpoint({ GET: async () => json(200, { keys: [...keys.values()] }, PUBLIC) }),
      configuration: endpoint({
        async GET(request) {
          const found = own(request);
          const id = idIn(request);
          if (id !== null) return json(200, one(found, id).configuration);
          return json(
            200,
            found.map(({ configuration }) => configuration),
          );
        },
        POST: refusing(409),
        ...{ PATCH: refusing(403), PUT: refusing(403), DELETE: refusing(403) },
      }),
      status: endpoint({
        async GET(request) {
          const stream = one(own(request), idIn(request));
          return json(200, { stream_id: stream.id, ...(await stream.readStatus()) });
        },
        async POST(request) {
          const found = own(request);
          const body = await bodyOf(request);
          const stream = one(found, body.stream_id);
          const status = statusIn(body);
          if (status === null) {
            throw invalidRequest(
              "status must be 'enabled', 'paused' or 'disabled', and reason a text of at most 256 characters",
            );
          }
          await stream.writeStatus(status);
          return json(200, { stream_id: stream.id, ...status });
        },
      }),
      verification: endpoint({
        async POST(request) {
          const found = own(request);
          const { stream_id, state } = await bodyOf(request);
          const stream = one(found, stream_id);
          if (state !== undefined && (typeof state !== 'string' || state.length > MAX_STATE)) {
            throw invalidRequest(`state must be a text of at most ${MAX_STATE} characters`);
          }
          const { status } = await stream.readStatus();
          if (status !== 'enabled') throw invalidRequest(`the stream is ${status}: nothing is transmitted`);
          if (await verified(stream, state)) return answer(204, null);
          throw new Refusal('too_many_requests', 'fetch the verification events that wait first', 429);
        },
      }),
    };
  });
}

async function verified(stream: SignalStream, state: string | undefined): Promise<boolean> {
  try {
    return await stream.verify(state);
  } catch (error) {
    throw unavailable(`the verification event was not accepted: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}

function one(streams: readonly SignalStream[], id: unknown): SignalStream {
  const found = streams.find((stream) => stream.id === id);
  if (found !== undefined) return found;
  throw new Refusal('not_found', 'there is no stream with this stream_id for this receiver', 404);
}

const idIn = ({ url }: Request): string | null => new URL(url).searchParams.get('stream_id');

async function bodyOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body = parseRecord(await readBody(request, 'application/json'));
  if (body === null) throw invalidRequest('the body must be a JSON object');
  return body;
}

function parseStreams(input: unknown): readonly [SignalStream, ...SignalStream[]] {
  if (!Array.isArray(input) || !input.every((stream) => stream instanceof SignalStream)) {
    throw new TypeError('streams must be an array of streams, such as [sharedSignalsPush({ … }).stream]');
  }
  const [first, ...others] = input;
  if (first === undefined) throw new TypeError('streams is empty');
  const ids = new Set<string>();
  for (const { id, hasSecret, configuration } of [first, ...others]) {
    if (!hasSecret)
      throw new TypeError(`the stream ${shown(id)} has no secretHash, by which its receiver authenticates`);
    if (ids.has(id)) throw new TypeError(`two streams have the id ${shown(id)}`);
    if (configuration.iss !== first.configuration.iss) throw new TypeError('the streams must have one issuer');
    ids.add(id);
  }
  return [first, ...others];
}

function parseUrls(input: unknown): Readonly<Record<(typeof URLS)[number], string>> {
  const given = parseArguments('urls', input, URLS);
  const [jwks, configuration, status, verification] = URLS.map((name) => {
    if (given[name] === undefined) throw new TypeError(`urls.${name} is missing: set the URL at which you mount it`);
    return parseTarget(`urls.${name}`, given[name]).href;
  }) as [string, string, string, string];
  return { jwks, configuration, status, verification };
}
