import type { ServerResponse } from 'node:http';
import type { RecentIds } from '../shared/recent-ids.ts';
import type { BridgedStore, OpenedSession } from './bridged-store.ts';
import type { InnerRequest } from './inner-layer.ts';

/**
 * Keeps a slow response from setting the cookie of an ended session or of a replaced id: the browser may hold a newer cookie.
 * express-session decides about its cookie in `writeHead`, and sets none while `sessionID` is missing.
 */
export function preventLateCookie(
  request: InnerRequest,
  response: ServerResponse,
  { sid, isDead }: OpenedSession,
  store: BridgedStore,
  abandonedIds: RecentIds,
): void {
  const { writeHead, end }: Record<'writeHead' | 'end', (...args: never[]) => unknown> = response;
  const hasExpiry = (): boolean => Boolean(request.session?.cookie.expires);
  const hadExpiry = hasExpiry();
  // A cookie without an expiry need not be set again.
  const isRepetition = (): boolean => request.sessionID === sid && (isDead || !(hadExpiry || hasExpiry()));
  const isLate = (): boolean => abandonedIds.has(request.sessionID) || isRepetition();

  Reflect.set(response, 'writeHead', (...args: unknown[]): unknown => {
    const { sessionID } = request;
    const hides = isLate();
    if (hides) Reflect.set(request, 'sessionID', undefined);
    try {
      return Reflect.apply(writeHead, response, args);
    } finally {
      if (hides) request.sessionID = sessionID;
    }
  });

  let isEnding = false;
  Reflect.set(response, 'end', (...args: unknown[]): unknown => {
    if (isEnding) return response;
    const { session, sessionID } = request;
    if (response.headersSent || session === undefined || sessionID !== sid || isLate())
      return Reflect.apply(end, response, args);
    // During the check, the app sees the headers as sent. It loses nothing: express-session also sends them before it saves.
    isEnding = true;
    Object.defineProperty(response, 'headersSent', { configurable: true, value: true });
    void store
      .isSuperseded(sessionID, session)
      .catch(() => true)
      .then((isSuperseded) => {
        if (isSuperseded) abandonedIds.add(sessionID);
        Reflect.deleteProperty(response, 'headersSent');
        Reflect.apply(end, response, args);
      });
    return response;
  });
}
