import type { ServerResponse } from 'node:http';
import type { LeftIds } from '../host/left-ids.ts';
import type { HostRequest } from './host.ts';

/**
 * From now on, the answer sets no cookie of an id that its client has left by then. express-session decides about the cookie when
 * the headers are sent, and sets none without an id.
 */
export function setNoLateCookie(request: HostRequest, response: ServerResponse, left: LeftIds): void {
  const writeHead: ServerResponse['writeHead'] = response.writeHead;
  response.writeHead = (...args: unknown[]): ServerResponse => {
    const { sessionID } = request;
    const isLate = left.has(sessionID);
    if (isLate) Reflect.set(request, 'sessionID', undefined);
    try {
      return Reflect.apply(writeHead, response, args) as ServerResponse;
    } finally {
      if (isLate) request.sessionID = sessionID;
    }
  };
}
