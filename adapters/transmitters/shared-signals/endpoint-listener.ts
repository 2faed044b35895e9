import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeListener } from '../../receivers/shared/node-listener.ts';
import type { Receiver } from '../../receivers/shared/receiver.ts';

/**
 * Mounts an endpoint of a stream in Express, or in a server of `node:http`, before parsers of bodies. It is `nodeListener` of
 * `session-revocation/receivers` for endpoints that read the query, and that stop waiting when the client has gone.
 * @param endpoint the endpoint.
 * @returns a listener. It hands an error to `next`. Without a `next`, it answers 500.
 */
export function endpointListener(endpoint: Receiver): ReturnType<typeof nodeListener> {
  return function answer(request: IncomingMessage, response: ServerResponse, next) {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    // Of the URL, only the query is read: the client chooses the host in it.
    const [query = ''] = /\?.*$/.exec(request.url ?? '') ?? [];
    const full: Receiver = (given) =>
      endpoint(new Request(new Request(`http://localhost/${query}`, given), { signal: gone.signal }));
    return nodeListener(full)(request, response, next);
  };
}
