import type { FastifySessionObject, SessionStore } from '@fastify/session';
import type { FastifyRequest, Session } from 'fastify';

/** Session data of @fastify/session, as the app declares them with `declare module 'fastify'`. */
export type InnerSession = Session;

export type { SessionStore };

export type InnerRequest = Omit<FastifyRequest, 'session'> & {
  /** `null` after `destroy()`; an empty object outside the cookie's path. */
  session: FastifySessionObject | null;
};
