import { isSessionError } from '../../../src/index.ts';
import { invalidRequest, json, Refusal } from './answer.ts';

/**
 * Answers a request, for every framework with `Request` and `Response` of the Fetch Standard. Rejects only with errors of
 * the app's own functions and of misuse: answer 500. `nodeListener` mounts it elsewhere.
 */
export type Receiver = (request: Request) => Promise<Response>;

/** In s. */
const RETRY_AFTER = 5;

/**
 * Creates a receiver from a function that answers a POST. A `Refusal` becomes `{ error, error_description }` (RFC 6749,
 * 5.2), or what `refuse` makes of it. An outage becomes a 503, because the client must not believe that anything was
 * done.
 */
export function receiver(
  handle: (request: Request) => Promise<Response>,
  refuse: (refusal: Refusal) => Response = refused,
): Receiver {
  return async (request) => {
    try {
      if (request.method !== 'POST') throw invalidRequest('the method must be POST', 405, { allow: 'POST' });
      return await handle(request);
    } catch (error) {
      if (error instanceof Refusal) return refuse(error);
      if (isSessionError(error) && error.status === 503) return refuse(unavailable());
      throw error;
    }
  };
}

const refused = ({ status, code, message, headers }: Refusal): Response =>
  json(status, { error: code, error_description: message }, headers);

const unavailable = (): Refusal =>
  new Refusal('temporarily_unavailable', 'nothing is known to have been done: try again later', 503, {
    'retry-after': String(RETRY_AFTER),
  });
