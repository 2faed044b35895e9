import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request as ExpressRequest, type Response as ExpressResponse, type NextFunction } from 'express';
import Fastify, { type FastifyInstance } from 'fastify';
import Koa from 'koa';
import { createSessions } from 'session-revocation';
import * as onExpress from 'session-revocation/express';
import { bridge as expressBridge } from 'session-revocation/express-session';
import * as onFastify from 'session-revocation/fastify';
import { bridge as fastifyBridge } from 'session-revocation/fastify-session';
import * as onFetch from 'session-revocation/fetch';
import * as onKoa from 'session-revocation/koa';
import { bridge as koaBridge } from 'session-revocation/koa-session';
import { memoryStore } from 'session-revocation/memory';
import { emptyData, referenceStore } from '../contract/reference-store.ts';
import { beginOn } from '../contract/reference-transaction.ts';
import { type Mistake, mistake, untyped } from './mistake.ts';

const sessions = createSessions({ store: memoryStore() });
const [inExpress, inKoa, inFastify, inFetch] = [
  untyped(onExpress),
  untyped(onKoa),
  untyped(onFastify),
  untyped(onFetch),
];
const bridges = {
  express: untyped(expressBridge),
  fastify: untyped(fastifyBridge),
  koa: untyped(koaBridge),
};

/** An app of Express or Koa that takes handlers of any type. */
type Handlers = { readonly use: (...handlers: never[]) => unknown };

/** Sends one request to a server with this listener. Throws the app's error, if `failed` returns one. */
async function serve(listener: RequestListener, failed: () => unknown): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/sessions`).then((answer) => answer.text());
  server.close();
  const error = failed();
  if (error !== undefined) throw error;
}

async function expressApp(make: (app: Handlers) => void): Promise<void> {
  const app = express();
  let failure: unknown;
  make(app as never);
  app.use((_request: ExpressRequest, response: ExpressResponse) => void response.end());
  app.use((error: unknown, _request: ExpressRequest, response: ExpressResponse, _next: NextFunction) => {
    failure = error;
    response.status(500).end();
  });
  await serve(app, () => failure);
}

async function koaApp(make: (app: Handlers) => void): Promise<void> {
  const app = new Koa();
  let failure: unknown;
  app.on('error', (error) => {
    failure = error;
  });
  make(app as never);
  await serve(app.callback(), () => failure);
}

async function fastifyApp(make: (app: FastifyInstance) => unknown): Promise<void> {
  const app = Fastify();
  let failure: unknown;
  app.setErrorHandler((error, _request, reply) => {
    failure = error;
    reply.code(500).send();
  });
  make(app);
  app.get('/sessions', () => 'ok');
  try {
    await app.inject('/sessions');
  } finally {
    await app.close();
  }
  if (failure !== undefined) throw failure;
}

const open = onFetch.authentication(sessions, { origins: ['https://app.example.org'] });
const post = (headers: Record<string, string>) =>
  open(new Request('https://app.example.org/x', { method: 'POST', headers }));
const auth = untyped(await post({ 'sec-fetch-site': 'same-origin' }));
const anyRequest = new Request('https://app.example.org/sessions');

/** Signs in with a request whose headers show another origin. */
const from = async (headers: Record<string, string>) =>
  (await post(headers)).signIn({ user: 'ann', verify: () => true });

/** Mistakes when an app creates the middleware. */
const wrappers: readonly Mistake[] = [
  mistake(
    'makes the authentication of Express of nothing',
    () => inExpress.authentication(),
    'authentication(sessions, options)',
    ['sessions', 'createSessions'],
  ),
  mistake(
    'makes the authentication of Express as Fastify has it',
    () => inExpress.authentication({ sessions }),
    'authentication(sessions, options)',
    ['not an object'],
  ),
  mistake(
    'makes the authentication of Express of a store',
    () => inExpress.authentication(memoryStore()),
    'authentication(sessions, options)',
    ['createSessions({ store })'],
  ),
  mistake(
    'makes the authentication of Koa of nothing',
    () => inKoa.authentication(),
    'authentication(sessions, options)',
    ['sessions', 'createSessions'],
  ),
  mistake(
    'makes the authentication of Fetch of nothing',
    () => inFetch.authentication(),
    'authentication(sessions, options)',
    ['sessions', 'createSessions'],
  ),
  mistake(
    'registers the authentication of Fastify without its sessions',
    () => fastifyApp((app) => app.register(onFastify.authentication as never)),
    'app.register(authentication, { sessions })',
    ['sessions', 'createSessions'],
  ),
  mistake(
    'registers the routes of Fastify without its sessions',
    () => fastifyApp((app) => app.register(onFastify.sessionRoutes as never, { prefix: '/s' })),
    "app.register(sessionRoutes, { sessions, prefix: '/sessions' })",
    ['sessions', 'createSessions'],
  ),
  mistake(
    'makes the authentication of Fastify as Express has it',
    () => inFastify.authentication(sessions, {}),
    'app.register(authentication, { sessions })',
    ['register'],
  ),
  mistake(
    'misspells an option of authentication',
    () => inExpress.authentication(sessions, { origin: [] }),
    'authentication(sessions, options)',
    ['"origin"', 'did you mean origins?'],
  ),
  mistake(
    'gives an origin as text',
    () => inExpress.authentication(sessions, { origins: 'https://app.example.org' }),
    'authentication(sessions, options)',
    ['origins must be an array', "['https://app.example.org']"],
  ),
  mistake(
    'ends an origin with a slash',
    () => inKoa.authentication(sessions, { origins: ['https://app.example.org/'] }),
    'authentication(sessions, options)',
    ['origins has "https://app.example.org/"', "write 'https://app.example.org'"],
  ),
  mistake(
    'gives an origin without its scheme',
    () => inFetch.authentication(sessions, { origins: ['app.example.org'] }),
    'authentication(sessions, options)',
    ['origins has "app.example.org"', 'scheme'],
  ),
  mistake(
    'misspells the SameSite of the cookie',
    () => inExpress.authentication(sessions, { cookie: { sameSite: 'strct' } }),
    'authentication(sessions, options)',
    ['cookie.sameSite is "strct"', "'strict'"],
  ),
  mistake(
    'gives the cookie a maximum age',
    () => inExpress.authentication(sessions, { cookie: { maxAge: 3600 } }),
    'authentication(sessions, options)',
    ['maxAge', 'lifetime'],
  ),
  mistake(
    'sends to a login page on another host',
    () => inExpress.authentication(sessions, { loginUrl: 'https://login.example.org' }),
    'authentication(sessions, options)',
    ['loginUrl is "https://login.example.org"', "'/login'"],
  ),
  mistake(
    'mounts the routes of Express without its sessions',
    () => inExpress.sessionRoutes(),
    'sessionRoutes(sessions, options)',
    ['createSessions'],
  ),
  mistake(
    'mounts the routes of Koa without their path',
    () => inKoa.sessionRoutes(sessions),
    'sessionRoutes(sessions, { path })',
    ["'/sessions'"],
  ),
  mistake(
    'mounts the routes of Fetch without their path',
    () => inFetch.sessionRoutes(sessions, {}),
    'sessionRoutes(sessions, { path })',
    ["'/sessions'"],
  ),
  mistake(
    'authorizes by a value',
    () => inExpress.sessionRoutes(sessions, { authorize: true }),
    'sessionRoutes(sessions, options)',
    ['authorize must be a function'],
  ),
  mistake(
    'names an action that there is not',
    () => inExpress.sessionRoutes(sessions, { actions: ['logout'] }),
    'sessionRoutes(sessions, options)',
    ['"logout"', 'sign-out'],
  ),
  mistake(
    'asks for a recent sign-in without its age',
    () => inExpress.requireRecentSignIn(),
    'requireRecentSignIn({ maxAge })',
    ['object'],
  ),
  mistake(
    'asks for a recent sign-in in words',
    () => inKoa.requireRecentSignIn({ maxAge: '10 minutes' }),
    'requireRecentSignIn({ maxAge })',
    ['maxAge is "10 minutes"', "'15m'"],
  ),
  mistake('gives the kinds as text', () => inFetch.requireSession({ kinds: 'browser' }), 'requireSession(options)', [
    "['browser'",
  ]),
];

const CALL = ['call it'];

/** Functions that create a middleware, for each framework. `call` is the name of the call in error messages. */
const WRAPPED = [
  {
    name: 'authentication',
    call: 'authentication(sessions, options)',
    ...{ express: onExpress.authentication, koa: onKoa.authentication, fetch: onFetch.authentication },
  },
  {
    name: 'requireSession',
    call: 'requireSession(options)',
    ...{ express: onExpress.requireSession, koa: onKoa.requireSession, fetch: onFetch.requireSession },
  },
  {
    name: 'requireRecentSignIn',
    call: 'requireRecentSignIn({ maxAge })',
    ...{ express: onExpress.requireRecentSignIn, koa: onKoa.requireRecentSignIn, fetch: onFetch.requireRecentSignIn },
  },
  {
    name: 'sessionRoutes',
    call: 'sessionRoutes(sessions,',
    ...{ express: onExpress.sessionRoutes, koa: onKoa.sessionRoutes, fetch: onFetch.sessionRoutes },
  },
];

/** Mistakes with functions that create a middleware: the app passes the function and does not call it. */
const uncalled: readonly Mistake[] = [
  ...WRAPPED.flatMap(({ name, call, express, koa, fetch }) => [
    mistake(`uses ${name} of Express uncalled`, () => expressApp((app) => app.use(express as never)), call, CALL),
    mistake(`uses ${name} of Koa uncalled`, () => koaApp((app) => app.use(koa as never)), call, CALL),
    mistake(
      `asks ${name} of Fetch uncalled`,
      () => untyped(fetch as () => unknown)(name === 'authentication' ? anyRequest : auth),
      call,
      CALL,
    ),
  ]),
  mistake(
    'hooks requireSession of Fastify in uncalled',
    () => fastifyApp((app) => app.addHook('onRequest', onFastify.requireSession as never)),
    'requireSession(options)',
    CALL,
  ),
  mistake(
    'hooks requireRecentSignIn of Fastify in uncalled',
    () => fastifyApp((app) => app.addHook('onRequest', onFastify.requireRecentSignIn as never)),
    'requireRecentSignIn({ maxAge })',
    CALL,
  ),
  mistake(
    'hooks authentication of Fastify in',
    () => fastifyApp((app) => app.addHook('onRequest', onFastify.authentication as never)),
    'app.register(authentication, { sessions })',
    ['register'],
  ),
  mistake(
    'uses the bridge to express-session itself',
    () => expressApp((app) => app.use(expressBridge as never)),
    'bridge(sessions, { user })',
    CALL,
  ),
  mistake(
    'uses the bridge to koa-session itself',
    () => koaApp((app) => app.use(koaBridge as never)),
    'bridge(sessions, { user })',
    CALL,
  ),
  mistake(
    'uses the middleware of the bridge to express-session uncalled',
    () => expressApp((app) => app.use(expressBridge(sessions, { user: () => null }).middleware as never)),
    'middleware()',
    CALL,
  ),
  mistake(
    'uses the middleware of the bridge to koa-session uncalled',
    () => koaApp((app) => app.use(koaBridge(sessions, { user: () => null }).middleware as never)),
    'middleware()',
    CALL,
  ),
];

/** Mistakes in the order of calls, and in their arguments. */
const requests: readonly Mistake[] = [
  mistake(
    'guards in Express before the authentication',
    () => expressApp((app) => app.use(onExpress.requireSession() as never)),
    'app.use(authentication(sessions))',
    ['before'],
  ),
  mistake(
    'guards in Koa before the authentication',
    () => koaApp((app) => app.use(onKoa.requireSession() as never)),
    'app.use(authentication(sessions))',
    ['before'],
  ),
  mistake(
    'guards in Fastify before the authentication',
    () => fastifyApp((app) => app.addHook('onRequest', onFastify.requireSession() as never)),
    'app.register(authentication, { sessions })',
    ['before'],
  ),
  mistake('asks who makes a request of nothing', () => inExpress.authOf(), 'authOf(request)', ['undefined']),
  mistake('asks for the session of a Request', () => inFetch.sessionOf(anyRequest), 'sessionOf(auth)', [
    'await open(request)',
  ]),
  mistake('forgets to await the Auth', () => inFetch.sessionOf(open(anyRequest)), 'sessionOf(auth)', [
    'a promise',
    'await open(request)',
  ]),
  mistake('signs nobody in', () => auth.signIn(), 'authOf(request).signIn({ user, verify })', [
    'must be an object, not undefined',
  ]),
  mistake(
    'signs in without verifying',
    () => auth.signIn({ user: 'ann' }),
    'authOf(request).signIn({ user, verify })',
    ['verify is missing', '() =>'],
  ),
  mistake(
    'signs in with a verification that was made already',
    () => auth.signIn({ user: 'ann', verify: true }),
    'authOf(request).signIn({ user, verify })',
    ['verify must be a function', 'not boolean'],
  ),
  mistake(
    'signs in without a body parser',
    () => auth.signIn({ user: undefined, verify: () => true }),
    'authOf(request).signIn({ user, verify })',
    ['user must be a string, not undefined'],
  ),
  mistake(
    'signs in a numeric user',
    () => auth.signIn({ user: 7, verify: () => true }),
    'authOf(request).signIn({ user, verify })',
    ['user must be a string, not number', 'String('],
  ),
  mistake(
    'signs in with an unknown option',
    () => auth.signIn({ user: 'ann', attribute: {}, verify: () => true }),
    'authOf(request).signIn({ user, verify })',
    ['"attribute"', 'did you mean attributes?'],
  ),
  mistake(
    'signs in with a password',
    () => auth.signIn({ user: 'ann', password: 'hunter2', verify: () => true }),
    'authOf(request).signIn({ user, verify })',
    ['"password"'],
    ['hunter2'],
  ),
  mistake('has no session to renew', () => auth.renew(), 'authOf(request).renew()', ['no live session']),
  mistake(
    'has no session to act on in a transaction',
    async () => {
      const data = emptyData();
      const open = onFetch.authentication(createSessions({ store: referenceStore(data) }));
      const stranger = await open(
        new Request('https://app.example.org/', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } }),
      );
      await stranger.within(beginOn(data).transaction).trigger('passwordChanged');
    },
    'authOf(request).within(transaction).trigger(name)',
    ['no live session'],
  ),
  mistake('sends no header of the browser', () => from({}), 'authOf(request).signIn({ user, verify })', [
    'neither Sec-Fetch-Site nor Origin',
    'https://app.example.org',
  ]),
  mistake(
    'sends another origin',
    () => from({ origin: 'https://evil.example.net' }),
    'authOf(request).signIn({ user, verify })',
    ['Origin is "https://evil.example.net"', 'https://app.example.org'],
  ),
  mistake(
    'comes from another site',
    () => from({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example.net' }),
    'authOf(request).signIn({ user, verify })',
    ['Sec-Fetch-Site is "cross-site"'],
  ),
  mistake(
    'comes from a sister site',
    () => from({ 'sec-fetch-site': 'same-site', origin: 'https://www.example.org' }),
    'authOf(request).signIn({ user, verify })',
    ['Sec-Fetch-Site is "same-site"', 'Origin is "https://www.example.org"', 'https://app.example.org'],
  ),
];

/** Mistakes with bridges to other session layers. */
const bridging: readonly Mistake[] = Object.entries(bridges).flatMap(([name, bridge]) => [
  mistake(`bridges to ${name} without options`, () => bridge(sessions), 'bridge(sessions, { user })', ['user']),
  mistake(`bridges to ${name} without who is signed in`, () => bridge(sessions, {}), 'bridge(sessions, { user })', [
    'user',
    '(data) =>',
  ]),
  mistake(`bridges to ${name} without sessions`, () => bridge({ user: () => null }), 'bridge(sessions, { user })', [
    'createSessions',
  ]),
  mistake(
    `bridges to ${name} until a text`,
    () => bridge(sessions, { user: () => null, adoptUntil: '2026-01-01' }),
    'bridge(sessions, { user })',
    ['adoptUntil must be a Date'],
  ),
  mistake(
    `misspells an option of the bridge to ${name}`,
    () => bridge(sessions, { user: () => null, loginURL: '/login' }),
    'bridge(sessions, { user })',
    ['"loginURL"', 'did you mean loginUrl?'],
  ),
  mistake(
    `bridges to ${name} with no store`,
    () => (bridge(sessions, { user: () => null }) as { store(inner?: unknown): unknown }).store(),
    'store(inner)',
    ['undefined', 'session'],
  ),
]);

export const http: readonly Mistake[] = [...wrappers, ...uncalled, ...requests, ...bridging];
