import type { FastifySessionObject, SessionStore } from '@fastify/session';
import type { FastifyRequest, Session } from 'fastify';

/** The data of a session of @fastify/session, as the app has declared them by `declare module 'fastify'`. */
export type InnerSession = Session;

export type { SessionStore };

/** A request behind @fastify/session. */
export type InnerRequest = Omit<FastifyRequest, 'session'> & {
  /** `null` after `destroy()`; an empty object outside the cookie's path. */
  session: FastifySessionObject | null;
};
