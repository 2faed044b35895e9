import type { FastifySessionObject, SessionStore } from '@fastify/session';
import type { FastifyRequest, Session } from 'fastify';

/** The data of a session of @fastify/session: as the app has declared them by `declare module 'fastify'`. */
export type HostSession = Session;

export type { SessionStore };

/** A request behind @fastify/session. */
export type HostRequest = Omit<FastifyRequest, 'session'> & {
  /** Nothing after `destroy()`; an empty object outside of the path of the host's cookie. */
  session: FastifySessionObject | null;
};
