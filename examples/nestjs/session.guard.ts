import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type * as express from 'session-revocation/express';
import type * as fastify from 'session-revocation/fastify';

/** Injection token of the `Sessions`. */
export const SESSIONS: unique symbol = Symbol('sessions');

/** Injection token of `session-revocation/express` or `session-revocation/fastify`. Both have the same exports. */
export const WEB: unique symbol = Symbol('web');
export type Web = typeof express | typeof fastify;

/** A request that both subpaths accept. */
export type WebRequest = Parameters<typeof express.authOf>[0] & Parameters<typeof fastify.authOf>[0];

/** Lets requests with a live session pass. */
@Injectable()
export class SessionGuard implements CanActivate {
  readonly #requireSession: ReturnType<Web['requireSession']>;

  constructor(@Inject(WEB) web: Web) {
    this.#requireSession = web.requireSession();
  }

  // Without a session, `requireSession` answers the request itself. The promise then stays pending, so Nest calls no handler.
  canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    return new Promise((resolve, reject) => {
      const goOn = (error?: unknown): void => (error ? reject(error) : resolve(true));
      this.#requireSession(http.getRequest(), http.getResponse(), goOn);
    });
  }
}
