import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type * as express from 'session-revocation/express';
import type * as fastify from 'session-revocation/fastify';

/** The `Sessions`, for `@Inject`. */
export const SESSIONS: unique symbol = Symbol('sessions');

/** The subpath of the platform, for `@Inject`: it has the same names for either. */
export const WEB: unique symbol = Symbol('web');
export type Web = typeof express | typeof fastify;

/** A request that either of them takes. */
export type WebRequest = Parameters<typeof express.authOf>[0] & Parameters<typeof fastify.authOf>[0];

/** Lets pass whoever has a live session. */
@Injectable()
export class SessionGuard implements CanActivate {
  readonly #requireSession: ReturnType<Web['requireSession']>;

  constructor(@Inject(WEB) web: Web) {
    this.#requireSession = web.requireSession();
  }

  // Where there is no session, it answers by itself, as it does in Express and Fastify, and goes on no further: neither does
  // this promise, and no handler is called.
  canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    return new Promise((resolve, reject) => {
      const goOn = (error?: unknown): void => (error ? reject(error) : resolve(true));
      this.#requireSession(http.getRequest(), http.getResponse(), goOn);
    });
  }
}
