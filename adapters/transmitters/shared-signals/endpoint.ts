import { isSessionError } from '../../../src/index.ts';
import { invalidRequest, json, Refusal } from '../../receivers/shared/answer.ts';
import type { Receiver } from '../../receivers/shared/receiver.ts';

/** In s. */
const RETRY_AFTER = 5;
const BEARER = /^Bearer +(\S+)$/i;

/**
 * Creates an endpoint from a function for each method. A `Refusal` becomes `{ err, description }` (RFC 8935, 2.3). An outage
 * becomes a 503, because the receiver must not believe that nothing waits.
 */
export const endpoint =
  (methods: Readonly<Record<string, Receiver>>): Receiver =>
  async (request) => {
    try {
      const handle = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
      const allow = Object.keys(methods).join(', ');
      if (handle === undefined) throw invalidRequest(`the method must be one of ${allow}`, 405, { allow });
      return await handle(request);
    } catch (error) {
      if (error instanceof Refusal) return refusal(error);
      if (isSessionError(error) && error.status === 503) return refusal(unavailable('try again later'));
      throw error;
    }
  };

/** Returns the secret by which the receiver authenticates (RFC 6750, 2.1); the empty text for none. */
export const bearerOf = ({ headers }: Request): string => BEARER.exec(headers.get('authorization') ?? '')?.[1] ?? '';

/** One answer for a missing and a wrong secret. */
export const unauthenticated = (): Refusal =>
  new Refusal('authentication_failed', 'the bearer token is not the one of a receiver', 401, {
    'www-authenticate': 'Bearer error="invalid_token"',
  });

export const unavailable = (message: string): Refusal =>
  new Refusal('temporarily_unavailable', message, 503, { 'retry-after': String(RETRY_AFTER) });

const refusal = ({ status, code, message, headers }: Refusal): Response =>
  json(status, { err: code, description: message }, { 'content-language': 'en', ...headers });
