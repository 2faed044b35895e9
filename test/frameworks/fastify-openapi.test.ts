import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import swagger from '@fastify/swagger';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import type { Sessions } from 'session-revocation';
import { authentication, authOf, type BearerOptions, requireSession, sessionRoutes } from 'session-revocation/fastify';
import { accessTokens } from 'session-revocation/jwt';
import { describe, expect, test } from 'vitest';
import type { Answer, Browser } from './http/browser.ts';
import { fetchMetadata, UNKNOWN_ORIGIN } from './http/browser.ts';
import { KEY } from './http/token-site.ts';
import {
  type Build,
  FORM,
  JSON_TYPE,
  realmOf,
  refusalOf,
  type Site,
  serveBare,
  signInPage,
} from './support/fastify-site.ts';

type Json = Readonly<Record<string, unknown>>;

/** An operation of an OpenAPI document. */
interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Json[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, { schema: Json }>> }>
  >;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const openapi = { openapi: '3.1.0', info: { title: 'An app', version: '1' } } as const;
const pathsOf = (app: FastifyInstance): Paths => app.swagger().paths as unknown as Paths;

/** Returns the operations in alphabetical order, each in the form `GET /sessions`. */
const namesOf = (app: FastifyInstance): string[] =>
  Object.entries(pathsOf(app))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();

/** Serves an app with an OpenAPI document. The document hides the app's own pages. */
const documented = (build: Build, options: FastifyServerOptions = {}): Promise<Site> =>
  serveBare(async (app, sessions) => {
    app.register(swagger, { openapi, hideUntagged: true });
    app.register(async (scope) => {
      await build(scope, sessions);
    });
  }, options);

const bearerOf = (sessions: Sessions, client?: string): BearerOptions => ({
  client,
  tokens: accessTokens(sessions, {
    ...{ issuer: 'https://app.example.org', audience: 'https://api.example.org', keys: [KEY], grace: '10s' },
  }),
});

const SESSIONS = ['GET ', 'DELETE /{sessionId}', 'POST /{sessionId}/sign-out', 'GET /policy', 'PUT /policy'];
const SIGN_OUTS = ['POST /sign-out', 'POST /sign-out-everywhere', 'POST /sign-out-others'];
const below = (prefix: string, names: readonly string[]): string[] =>
  names.map((name) => name.replace(' ', ` ${prefix}`)).sort();

describe('what stands in an OpenAPI document', () => {
  test('is every route that docs/http.md has, at each prefix, and nothing else', async () => {
    const { app } = await documented((app, sessions) => {
      app.register(authentication, { sessions, bearer: bearerOf(sessions, 'web') });
      for (const prefix of ['/sessions', '/orgs/:id/sessions']) app.register(sessionRoutes, { sessions, prefix });
    });
    const page = readFileSync(join(import.meta.dirname, '../../docs/http.md'), 'utf8');
    const table = page.split('## Routes')[1]?.split('###')[0] ?? '';
    const told = [...table.matchAll(/`((?:GET|POST|PUT|DELETE)(?:\|PUT)? \/[^`]*)`/g)].map(([, name = '']) =>
      name.replace(':id', '{sessionId}').replace(/ \/$/, ' '),
    );
    const names = [...new Set(told)];
    expect(names).toHaveLength(11);
    expect(namesOf(app)).toEqual(['/sessions', '/orgs/{id}/sessions'].flatMap((prefix) => below(prefix, names)).sort());
  });

  test('is no route for tokens without the option bearer, and none without a client that needs one', async () => {
    const names = async (build: Build): Promise<string[]> => namesOf((await documented(build)).app);
    const plain = below('/sessions', [...SESSIONS, ...SIGN_OUTS]);
    const routes = (app: FastifyInstance, sessions: Sessions) =>
      app.register(sessionRoutes, { sessions, prefix: '/sessions' });
    expect(
      await names((app, sessions) => {
        app.register(authentication, { sessions });
        const staff = realmOf('staff');
        app.register(authentication, { sessions: staff, bearer: bearerOf(staff, 'web') });
        routes(app, sessions);
      }),
    ).toEqual(plain);
    expect(
      await names((app, sessions) => {
        app.register(authentication, { sessions, bearer: bearerOf(sessions) });
        app.register(async (inside) => void routes(inside, sessions));
      }),
    ).toEqual([...plain, ...below('/sessions', ['GET /jwks.json', 'POST /refresh'])].sort());
  });

  test('is what actions name', async () => {
    const { app } = await documented((app, sessions) => {
      app.register(authentication, { sessions });
      app.register(sessionRoutes, { sessions, prefix: '/sessions', actions: ['list', 'sign-out', 'token'] });
    });
    expect(namesOf(app)).toEqual(['GET /sessions', 'POST /sessions/sign-out']);
  });

  test('says what each takes, and by which types', async () => {
    const { app } = await documented((app, sessions) => {
      app.register(authentication, { sessions, bearer: bearerOf(sessions, 'web') });
      app.register(sessionRoutes, { sessions, prefix: '/sessions' });
    });
    const paths = pathsOf(app);
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { summary, tags, requestBody, parameters = [] }] of Object.entries(methods)) {
        expect(summary).toMatch(/^[A-Z]/);
        expect(tags).toEqual(['sessions']);
        const types = ['application/json', 'application/x-www-form-urlencoded'];
        expect(Object.keys(requestBody?.content ?? {})).toEqual(/post|put/.test(method) ? types : []);
        const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${String(name)}}`);
        expect(inPath).toEqual(path.match(/\{\w+\}/g) ?? []);
      }
    }
    const inQuery = paths['/sessions']?.get?.parameters?.map(({ name }) => name);
    expect(inQuery).toEqual(['limit', 'cursor', 'ended', 'user']);
    const { schema } = paths['/sessions/sign-out-others']!.post!.requestBody!.content['application/json']!;
    expect(Object.keys(schema.properties as Json)).toEqual(['kinds', 'returnTo']);
  });

  test('belongs to its app, which may add to it', async () => {
    const open = async (adds: boolean): Promise<Paths> => {
      const { app } = await documented((app, sessions) => {
        app.addHook('onRoute', ({ schema }) => {
          const response = schema?.response as Record<string, unknown> | undefined;
          if (adds && response !== undefined) response['429'] = { description: 'Too many', type: 'null' };
        });
        app.register(authentication, { sessions });
        app.register(sessionRoutes, { sessions, prefix: '/sessions' });
      });
      return pathsOf(app);
    };
    expect((await open(true))['/sessions']?.get?.responses).toHaveProperty('429');
    expect((await open(false))['/sessions']?.get?.responses).not.toHaveProperty('429');
  });
});

/** Returns a function that lists the errors of a value according to a schema of the document. */
async function judging(): Promise<(schema: Json, value: unknown) => unknown> {
  const app = fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } });
  let errors = (_schema: Json, _value: unknown): unknown => null;
  app.get('/', async (request) => {
    errors = (schema, value) => {
      const validate = request.compileValidationSchema(schema as Record<string, unknown>);
      return validate(value) ? null : validate.errors;
    };
  });
  await app.inject('/');
  await app.close();
  return errors;
}

interface RequestState {
  readonly site: Site;
  readonly mine: Browser;
  readonly another: () => Promise<string>;
  readonly tokens: () => Promise<Readonly<Record<'accessToken' | 'refreshToken', string>>>;
}

const PROGRAM = { ...UNKNOWN_ORIGIN, accept: '*/*' };
const bearing = (token: string) => ({ ...PROGRAM, authorization: `Bearer ${token}` });
const refresh = ({ mine }: RequestState, token: string): Promise<Answer> =>
  mine.post('/sessions/refresh', { ...FORM, ...PROGRAM, cookie: null }, `refresh_token=${token}`);

/** Requests, each with the operation and the status that it tests. */
const REQUESTS: readonly (readonly [name: string, status: number, (visit: RequestState) => Promise<Answer>])[] = [
  ['GET /sessions', 200, async ({ mine }) => mine.get('/sessions')],
  [
    'GET /sessions',
    200,
    async (visit) => {
      await visit.site.sessions.end(await visit.another(), { user: 'alice', by: 'alice', reason: 'signed-out' });
      await visit.tokens();
      return visit.mine.get('/sessions?ended=true');
    },
  ],
  ['GET /sessions', 400, async ({ mine }) => mine.get('/sessions?limit=x')],
  ['GET /sessions', 401, async ({ site }) => site.browser().get('/sessions')],
  [
    'GET /sessions',
    401,
    async ({ site, mine }) => {
      await site.sessions.revoke({ user: 'alice' });
      return mine.get('/sessions');
    },
  ],
  ['GET /sessions', 401, async ({ site }) => site.browser().get('/sessions', bearing('a.b.c'))],
  ['GET /sessions', 403, async ({ mine }) => mine.get('/sessions?user=bob')],
  [
    'GET /sessions',
    503,
    async ({ site, mine }) => {
      site.store.state = 'throws';
      return mine.get('/sessions');
    },
  ],
  ['DELETE /sessions/{sessionId}', 204, async ({ mine, another }) => mine.delete(`/sessions/${await another()}`)],
  ['DELETE /sessions/{sessionId}', 404, async ({ mine }) => mine.delete(`/sessions/${'A'.repeat(22)}`)],
  [
    'POST /sessions/{sessionId}/sign-out',
    303,
    async ({ mine, another }) => mine.post(`/sessions/${await another()}/sign-out`, FORM, 'returnTo=%2F'),
  ],
  ['POST /sessions/sign-out', 204, async ({ mine }) => mine.post('/sessions/sign-out')],
  ['POST /sessions/sign-out', 403, async ({ mine }) => mine.post('/sessions/sign-out', fetchMetadata('cross-site'))],
  ['POST /sessions/sign-out', 413, async ({ mine }) => mine.post('/sessions/sign-out', FORM, 'x'.repeat(20_000))],
  ['POST /sessions/sign-out', 415, async ({ mine }) => mine.post('/sessions/sign-out', {}, 'x')],
  ['POST /sessions/sign-out-others', 204, async ({ mine }) => mine.post('/sessions/sign-out-others')],
  [
    'POST /sessions/sign-out-others',
    200,
    async ({ site, tokens }) => site.browser().post('/sessions/sign-out-others', bearing((await tokens()).accessToken)),
  ],
  ['POST /sessions/sign-out-everywhere', 204, async ({ mine }) => mine.post('/sessions/sign-out-everywhere')],
  ['GET /sessions/policy', 200, async ({ mine }) => mine.get('/sessions/policy')],
  ['PUT /sessions/policy', 403, async ({ mine }) => mine.request('PUT', '/sessions/policy', JSON_TYPE, '{}')],
  ['POST /sessions/refresh', 200, async (visit) => refresh(visit, (await visit.tokens()).refreshToken)],
  ['POST /sessions/refresh', 400, async (visit) => refresh(visit, 'rt1.x')],
  [
    'POST /sessions/refresh',
    400,
    async ({ mine }) => mine.post('/sessions/refresh', { ...JSON_TYPE, ...PROGRAM, cookie: null }, '{'),
  ],
  [
    'POST /sessions/refresh',
    409,
    async (visit) => {
      const { refreshToken } = await visit.tokens();
      await refresh(visit, refreshToken);
      return refresh(visit, refreshToken);
    },
  ],
  ['POST /sessions/token', 200, async ({ mine }) => mine.post('/sessions/token')],
  ['POST /sessions/token', 400, async ({ mine }) => mine.post('/sessions/token', FORM, 'scope=%22')],
  [
    'POST /sessions/token',
    403,
    async ({ site, tokens }) => site.browser().post('/sessions/token', bearing((await tokens()).accessToken)),
  ],
  ['GET /sessions/jwks.json', 200, async ({ mine }) => mine.get('/sessions/jwks.json')],
];

describe('answers are as the document says', () => {
  test.each(REQUESTS)('%s: %i', async (name, status, ask) => {
    const site = await documented((app, sessions) => {
      app.register(authentication, { sessions, bearer: bearerOf(sessions, 'web') });
      app.register(sessionRoutes, { sessions, prefix: '/sessions' });
      signInPage(app);
      app.post('/tokens', async (request) => {
        const tokens = { refresh: 'body', client: 'shop' } as const;
        return authOf(request).signIn({ user: 'alice', verify: () => true, tokens });
      });
    });
    const mine = await site.signedIn();
    const another = () => site.browser().signIn('alice');
    const tokens = async () => (await site.browser().post('/tokens', PROGRAM)).json as never;
    const answer = await ask({ site, mine, another, tokens });
    expect(answer.status, answer.text).toBe(status);
    const [method = '', path = ''] = name.split(' ');
    const { content = {} } = pathsOf(site.app)[path]![method.toLowerCase()]!.responses[status]!;
    if (answer.text === '') return expect(content).toEqual({});
    const type = answer.headers['content-type'] ?? '';
    expect(Object.keys(content)).toContain(type);
    const value: unknown = JSON.parse(answer.text);
    const errors = await judging();
    expect(errors(content[type]!.schema, value)).toBeNull();
    // The schema must also refuse wrong values.
    expect(errors(content[type]!.schema, { ...(value as Json), [Object.keys(value as Json)[0]!]: 7 })).not.toBeNull();
    expect(errors(content[type]!.schema, { ...(value as Json), undocumented: 7 })).not.toBeNull();
  });
});

describe('a schema changes nothing', () => {
  test('of what the app answers to its own errors', async () => {
    const { browser } = await serveBare((app, sessions) => {
      app.register(authentication, { sessions, bearer: bearerOf(sessions, 'web') });
      app.addHook('preHandler', async (request) => {
        const statusCode = Number(request.headers['x-status'] ?? 0);
        if (statusCode !== 0) throw Object.assign(new Error('of the app'), { statusCode, code: 'APP' });
      });
      app.register(sessionRoutes, { sessions, prefix: '/sessions' });
      app.post('/own', async () => ({}));
    });
    for (const status of ['400', '401', '403', '404', '415', '500', '503']) {
      const own = await browser().post('/own', { 'x-status': status });
      expect(own.json).toMatchObject({ code: 'APP', message: 'of the app' });
      for (const path of ['/sessions', '/sessions/sign-out', '/sessions/token', '/sessions/refresh', '/sessions/a/b']) {
        expect((await browser().post(path, { 'x-status': status })).text).toBe(own.text);
      }
    }
  });

  test('of the order: a route of the app’s own comes first', async () => {
    const { signedIn } = await serveBare((app, sessions) => {
      app.register(authentication, { sessions });
      app.register(sessionRoutes, { sessions, prefix: '/sessions' });
      signInPage(app);
      app.post('/sessions/sign-out', { onRequest: requireSession() }, async () => ({ own: true }));
      app.delete<{ Params: { any: string } }>('/sessions/:any', async ({ params }) => ({ own: params.any }));
    });
    const mine = await signedIn();
    expect((await mine.post('/sessions/sign-out')).json).toEqual({ own: true });
    for (const id of ['x', 'A'.repeat(22)]) {
      expect((await mine.delete(`/sessions/${id}`)).json).toEqual({ own: id });
      expect((await mine.post(`/sessions/${id}/sign-out`)).json).toMatchObject({ title: 'No such session' });
    }
    expect((await mine.post('/sessions/sign-out-others')).status).toBe(204);
  });

  test('of a path that is taken: Fastify says so of a route of the app’s that comes later', async () => {
    const refused = await refusalOf((app, sessions) => {
      app.register(authentication, { sessions });
      app.register(sessionRoutes, { sessions, prefix: '/sessions' });
      app.register(async (later) => void later.post('/sessions/sign-out', async () => ({})));
    });
    expect(refused).toMatchObject({ code: 'FST_ERR_DUPLICATED_ROUTE' });
  });

  test('of parameters: one of the prefix is what the app’s hooks see', async () => {
    const seen: unknown[] = [];
    const { browser, signedIn } = await serveBare((app, sessions) => {
      app.register(authentication, { sessions });
      signInPage(app);
      app.register(
        async (scope) => {
          scope.addHook('onRequest', async ({ params }) => void seen.push((params as { id: string }).id));
          scope.register(sessionRoutes, { sessions, prefix: '/sessions' });
        },
        { prefix: '/orgs/:id' },
      );
    });
    const mine = await signedIn();
    const id = await browser().signIn('alice');
    expect((await mine.delete(`/orgs/acme/sessions/${id}`)).status).toBe(204);
    expect((await mine.post(`/orgs/acme/sessions/${id}/sign-out`)).status).toBe(404);
    expect(seen).toEqual(['acme', 'acme']);
  });
});
