// Programs of consumers, in strict mode and without casts. Each one is a module of a project that installed the
// tarball.

/** `yes<Is<A, B>>()` compiles only if A and B are the same type. `any` equals only `any`. */
const IS = `
  type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
  declare function yes<_Yes extends true>(): void;
`;

/** Express, with `Auth` under the property `ours`. The property `auth` belongs to express-oauth2-jwt-bearer. */
const EXPRESS = `
  import express, { type Request } from 'express';
  import { type AuthResult, auth as bearer } from 'express-oauth2-jwt-bearer';
  import session from 'express-session';
  import { createSessions, type Session } from 'session-revocation';
  import { type Auth, authentication, authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/express';
  import { bridge } from 'session-revocation/express-session';
  import { memoryStore } from 'session-revocation/memory';

  declare global {
    namespace Express {
      interface Request {
        ours: Auth;
      }
    }
  }
  declare module 'express-session' {
    interface SessionData {
      userId?: string;
    }
  }

  const sessions = createSessions({ store: memoryStore() });
  export const app = express();
  app.use(bearer({ audience: 'api' }), authentication(sessions, { property: 'ours' }));
  app.use('/sessions', sessionRoutes(sessions));
  app.get('/', requireSession(), (request, response) => {
    yes<Is<typeof request.ours, Auth>>();
    yes<Is<typeof request.auth, AuthResult | undefined>>();
    response.json([request.auth?.payload.sub, request.ours.session?.user, whose(request)]);
  });
  function whose(request: Request): string {
    const auth = authOf(request);
    const session = sessionOf(request);
    yes<Is<typeof auth, Auth>>();
    yes<Is<typeof session, Session>>();
    return session.user;
  }

  const bridged = bridge(sessions, {
    user: (data) => {
      yes<Is<typeof data.userId, string | undefined>>();
      return data.userId;
    },
    property: 'ours',
  });
  const store = bridged.store(new session.MemoryStore());
  yes<Is<typeof store, session.MemoryStore>>();
  app.use(bridged.middleware(), session({ secret: 'x', store }));
${IS}`;

/** Express beside Clerk, whose `req.auth` is a function. */
const CLERK = `
  /// <reference types="@clerk/express/env" />
  import { type AuthObject, clerkMiddleware } from '@clerk/express';
  import express from 'express';
  import { createSessions } from 'session-revocation';
  import { type Auth, authentication, authOf, sessionOf } from 'session-revocation/express';
  import { memoryStore } from 'session-revocation/memory';

  declare global {
    namespace Express {
      interface Request {
        ours: Auth;
      }
    }
  }

  export const app = express();
  app.use(clerkMiddleware(), authentication(createSessions({ store: memoryStore() }), { property: 'ours' }));
  app.get('/', (request, response) => {
    yes<Is<typeof request.ours, Auth>>();
    yes<Is<ReturnType<typeof request.auth>, AuthObject>>();
    response.json([request.auth().tokenType, authOf(request).session?.id, sessionOf(request).user]);
  });
${IS}`;

/** Fastify, whose package contains its types. */
const FASTIFY = `
  import fastifySession, { type SessionStore } from '@fastify/session';
  import { type FastifyRequest, fastify } from 'fastify';
  import { createSessions, type Session } from 'session-revocation';
  import { type Auth, authentication, authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/fastify';
  import { bridge } from 'session-revocation/fastify-session';
  import { memoryStore } from 'session-revocation/memory';

  declare module 'fastify' {
    interface FastifyRequest {
      ours: Auth;
    }
    interface Session {
      userId?: string;
    }
  }

  const sessions = createSessions({ store: memoryStore() });
  export const app = fastify();
  app.register(authentication, { sessions, property: 'ours' });
  app.register(sessionRoutes, { sessions, prefix: '/sessions' });
  app.get<{ Querystring: { page?: string } }>('/', { onRequest: requireSession() }, async (request) => {
    yes<Is<typeof request.ours, Auth>>();
    return [request.query.page, request.ours.session?.user, sessionOf(request).user];
  });
  export function whose(request: FastifyRequest): string {
    const auth = authOf(request);
    const session = sessionOf(request);
    yes<Is<typeof auth, Auth>>();
    yes<Is<typeof session, Session>>();
    return session.user;
  }

  export async function hosted(inner: SessionStore): Promise<void> {
    const bridged = bridge(sessions, {
      user: (data) => {
        yes<Is<typeof data.userId, string | undefined>>();
        return data.userId;
      },
      property: 'ours',
    });
    app.addHook('onRequest', bridged.hook);
    await app.register(fastifySession, { secret: 'x'.repeat(32), store: bridged.store(inner) });
    await app.register(bridged.plugin);
  }
${IS}`;

/** Koa. A type parameter of the app also changes the type of its contexts. */
const KOA = `
  import Koa from 'koa';
  import session from 'koa-session';
  import { createSessions, type Session } from 'session-revocation';
  import { type Auth, authentication, authOf, requireSession, sessionOf, sessionRoutes } from 'session-revocation/koa';
  import { bridge } from 'session-revocation/koa-session';
  import { memoryStore } from 'session-revocation/memory';

  declare module 'koa' {
    interface ExtendableContext {
      ours: Auth;
    }
  }

  const sessions = createSessions({ store: memoryStore() });
  export const app = new Koa();
  app.use(authentication(sessions, { property: 'ours' }));
  app.use((ctx) => {
    yes<Is<typeof ctx.ours, Auth>>();
    ctx.body = whose(ctx);
  });
  export const own = new Koa<{ tenant: string }, { log: (line: string) => void }>();
  own.use(authentication(sessions, { property: 'ours' }));
  own.use(sessionRoutes(sessions, { path: '/sessions' })).use(requireSession());
  own.use((ctx) => {
    yes<Is<typeof ctx.ours, Auth>>();
    yes<Is<typeof ctx.state.tenant, string>>();
    ctx.log(whose(ctx));
  });
  export const middleware: Koa.Middleware = (ctx) => yes<Is<typeof ctx.ours, Auth>>();
  function whose(ctx: Koa.ExtendableContext): string {
    const auth = authOf(ctx);
    const session = sessionOf(ctx);
    yes<Is<typeof auth, Auth>>();
    yes<Is<typeof session, Session>>();
    return session.user;
  }

  const sessionsOf = new Map<string, object>();
  const store = {
    get: async (key: string) => sessionsOf.get(key),
    set: async (key: string, data: object) => {
      sessionsOf.set(key, data);
    },
    destroy: async (key: string) => {
      sessionsOf.delete(key);
    },
  };
  const bridged = bridge(sessions, { user: (data: { userId?: string }) => data.userId, property: 'ours' });
  const outer = bridged.store(store);
  yes<Is<typeof outer, typeof store>>();
  own.use(session({ store: outer }, own)).use(bridged.middleware());
${IS}`;

export const FETCH = `
  import { type BuiltInTrigger, createSessions, type Session, type SessionStore } from 'session-revocation';
  import { type Auth, authentication, requireSession, sessionOf } from 'session-revocation/fetch';
  import { memoryStore } from 'session-revocation/memory';

  const store: SessionStore = memoryStore();
  const open = authentication(createSessions({ store }));
  export async function answer(request: Request): Promise<Response> {
    const auth = await open(request);
    const refused = await requireSession()(auth);
    if (refused !== null) return refused;
    const session = sessionOf(auth);
    // This store writes in no transaction of the app's.
    yes<Is<typeof auth, Auth<BuiltInTrigger, never>>>();
    const anyAuth: Auth = auth;
    yes<Is<typeof session, Session>>();
    return anyAuth.commit(Response.json(session.user));
  }
${IS}`;

/** JavaScript versions of Express, Koa and express-session are installed without types. */
export const UNTYPED = `
  import { createSessions, type Session } from 'session-revocation';
  import * as onExpress from 'session-revocation/express';
  import { bridge } from 'session-revocation/express-session';
  import * as onKoa from 'session-revocation/koa';
  import { bridge as bridgeOnKoa } from 'session-revocation/koa-session';
  import { memoryStore } from 'session-revocation/memory';

  declare global {
    namespace Express {
      interface Request {
        ours: onExpress.Auth;
      }
    }
  }

  const sessions = createSessions({ store: memoryStore() });
  bridge(sessions, { user: () => null });
  bridgeOnKoa(sessions, { user: () => null });
  export const guards = [
    onExpress.authentication(sessions, { property: 'ours' }),
    onExpress.requireSession(),
    onKoa.authentication(sessions),
    onKoa.requireSession(),
  ];
  export function whose(request: Express.Request, ctx: object): (string | undefined)[] {
    yes<Is<typeof request.ours, onExpress.Auth>>();
    const auths = [onExpress.authOf(request), onKoa.authOf(ctx)];
    const all = [onExpress.sessionOf(request), onKoa.sessionOf(ctx)];
    yes<Is<typeof auths, onExpress.Auth[]>>();
    yes<Is<typeof all, Session[]>>();
    return [request.ours.session?.user, ...auths.map(({ session }) => session?.id)];
  }
${IS}`;

/** Programs that compile beside the frameworks and their types, by name. */
export const TYPED: Readonly<Record<string, string>> = {
  express: EXPRESS,
  clerk: CLERK,
  fastify: FASTIFY,
  koa: KOA,
  fetch: FETCH,
};
