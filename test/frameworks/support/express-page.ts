import type { Request, RequestHandler, Response } from 'express';
import type { Sessions } from 'session-revocation';
import { authOf, requireRecentSignIn, requireSession, sessionOf } from 'session-revocation/express';
import type { Page } from '../http/framework.ts';

/** Returns the guards of a page. */
export const guardsOf = ({ guard }: Page): RequestHandler[] =>
  guard ? ['maxAge' in guard ? requireRecentSignIn(guard) : requireSession(guard)] : [];

/** Runs a page, and sends what it returns as JSON. */
export function show({ run }: Page): RequestHandler {
  const page = async (request: Request, response: Response): Promise<void> => {
    const answer = await run({
      auth: (realm?: Sessions) => authOf<string>(request, realm),
      session: (realm?: Sessions) => sessionOf(request, realm),
      query: new URLSearchParams(request.url.split('?')[1]),
      secure: request.secure,
      addHeader: (name, value) => void response.append(name, value),
      sendHeaders: () => response.flushHeaders(),
    });
    if (response.headersSent) response.end();
    else response.json(answer);
  };
  // Express 4 ignores rejected promises, so the app passes errors on.
  return (request, response, next) => void page(request, response).catch(next);
}
