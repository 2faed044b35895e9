import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Sessions } from 'session-revocation';
import { authOf, type Guard, requireRecentSignIn, requireSession, sessionOf } from 'session-revocation/fastify';
import type { Page } from '../http/framework.ts';

/** Returns the guards of a page. */
export const guardsOf = ({ guard }: Page): Guard[] =>
  guard ? ['maxAge' in guard ? requireRecentSignIn(guard) : requireSession(guard)] : [];

/** Runs a page, and sends what it returns as JSON. */
export function show({ run }: Page) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const answer = await run({
      auth: (realm?: Sessions) => authOf<string>(request, realm),
      session: (realm?: Sessions) => sessionOf(request, realm),
      query: new URLSearchParams(request.url.split('?')[1]),
      secure: request.protocol === 'https',
      addHeader: (name, value) => void reply.header(name, value),
      sendHeaders: () => reply.raw.flushHeaders(),
    });
    return reply.raw.headersSent ? reply.hijack().raw.end() : reply.send(answer);
  };
}
