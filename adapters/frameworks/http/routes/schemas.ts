import { PROBLEMS, type ProblemName, TYPE_PREFIX } from '../answer.ts';
import { MEDIA_TYPES } from '../body.ts';
import type { RouteName } from './route-name.ts';

type Schema = Readonly<Record<string, unknown>>;

export interface RouteSchema {
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly params?: Schema;
  readonly querystring?: Schema;
  readonly consumes?: readonly string[];
  readonly body?: Schema;
  readonly response: Readonly<Record<number, Schema>>;
}

const TEXT = { type: 'string' };
const TEXT_OR_NULL = { type: ['string', 'null'] };
const TEXTS = { type: 'array', items: TEXT };
const TIME = { type: 'integer', description: 'Unix ms' };
const TIME_OR_NULL = { type: ['integer', 'null'], description: 'Unix ms' };

/** An object whose properties are all required. */
const all = (properties: Schema): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
/** An object whose properties are all optional. */
const some = (properties: Schema): Schema => ({ type: 'object', properties });

const answer = (description: string, type: string, schema: Schema): Schema => ({
  description,
  content: { [type]: { schema } },
});
const json = (description: string, schema: Schema): Schema => answer(description, 'application/json', schema);
const empty = (description: string): Schema => ({ description, type: 'null' });

const MEMBERS: Readonly<Partial<Record<ProblemName, Schema>>> = {
  'session-required': { reason: { type: 'string', enum: ['ended', 'expired', 'revoked'] }, reasonCode: TEXT },
  'sign-in-not-recent': { max_age: { type: 'integer', description: 'Seconds' }, amr: TEXTS },
  'insufficient-scope': { scope: TEXT },
  'bad-request': { detail: TEXT },
  'body-too-large': { detail: TEXT },
  'unsupported-media-type': { detail: TEXT },
};

/** Problems (RFC 9457) by status. */
function problems(...names: readonly ProblemName[]): Readonly<Record<number, Schema>> {
  const statuses = new Set(names.map((name) => PROBLEMS[name].status));
  return Object.fromEntries(
    [...statuses].map((status) => [status, problemOf(names.filter((name) => PROBLEMS[name].status === status))]),
  );
}

function problemOf(names: readonly ProblemName[]): Schema {
  const titles = names.map((name) => PROBLEMS[name].title);
  const statuses = new Set(names.map((name) => PROBLEMS[name].status));
  return answer(titles.join('; '), 'application/problem+json', {
    ...some({
      type: { type: 'string', enum: names.map((name) => TYPE_PREFIX + name) },
      title: { type: 'string', enum: titles },
      status: { type: 'integer', enum: [...statuses] },
      ...Object.assign({}, ...names.map((name) => MEMBERS[name])),
    }),
    required: ['type', 'title', 'status'],
    additionalProperties: false,
  });
}

const ALWAYS = ['bad-request', 'session-required', 'invalid-token', 'store-unavailable'] as const;
const OF_ROUTES = [...ALWAYS, 'forbidden', 'insufficient-scope'] as const;
const OF_CHANGES = [...OF_ROUTES, 'cross-origin'] as const;
const OF_BODIES = ['body-too-large', 'unsupported-media-type'] as const;

const WITHIN = { type: 'integer', description: 'Milliseconds after which no process accepts what was ended' };
const DONE = {
  200: json('Done, but some processes may still accept it for a while', all({ effectiveWithin: WITHIN })),
  204: empty('Done: no process accepts it any more'),
};
const DONE_FOR_PAGES = { ...DONE, 303: empty('Redirects the form of a page after success, or to the login page') };
const TO_LOGIN = { 303: empty('Redirects a page to the login page') };

const ID = { params: all({ sessionId: { type: 'string', description: 'Id of a session in the list' } }) };
const USER = { type: 'string', description: 'Another user, if authorize allows it' };
const RETURN_TO = { type: 'string', description: 'Path that the form of a page continues with' };
const KINDS = {
  description: "Only sessions of these kinds, or 'all'. Default: all kinds that a revocation ends",
  anyOf: [{ ...TEXTS, minItems: 1 }, TEXT],
};

const body = (properties: Schema, description: string): Pick<RouteSchema, 'consumes' | 'body'> => ({
  consumes: MEDIA_TYPES,
  body: { description, ...some(properties), additionalProperties: false },
});
const optional = (properties: Schema): ReturnType<typeof body> => body(properties, 'All members are optional');

/** A body that may have more members. OAuth requires that servers ignore unknown parameters (RFC 6749 3.2). */
const open = (properties: Schema): ReturnType<typeof body> => ({
  consumes: MEDIA_TYPES,
  body: { description: 'All members are optional', ...some(properties) },
});

const SESSION = all({
  id: TEXT,
  user: TEXT,
  account: TEXT_OR_NULL,
  kind: TEXT,
  createdAt: TIME,
  authenticatedAt: TIME,
  lastUsedAt: TIME,
  expiresAt: TIME_OR_NULL,
  amr: TEXTS,
  device: all({ label: TEXT, browser: TEXT_OR_NULL, os: TEXT_OR_NULL, type: TEXT, ip: TEXT_OR_NULL }),
  client: { ...all({ id: TEXT, name: TEXT }), type: ['object', 'null'] },
  place: { ...TEXT_OR_NULL, description: 'Where the session started, as the app names it' },
  end: {
    ...all({
      reason: { type: 'string', enum: ['ended', 'expired', 'revoked'] },
      at: TIME_OR_NULL,
      by: { type: ['string', 'null'], enum: ['self', 'other', null] },
      fromDevice: TEXT_OR_NULL,
      reasonCode: TEXT_OR_NULL,
    }),
    type: ['object', 'null'],
    description: 'Why the session has ended; null for a live session',
  },
  current: { type: 'boolean', description: 'True for the session of this request' },
});

const SIGN_OUT = { type: 'string', enum: ['session', 'everywhere'] };
const POLICY = all({ account: TEXT_OR_NULL, signOut: SIGN_OUT, mayChange: { type: 'boolean' } });

/** A response with tokens (RFC 6749 5.1), and more members. */
const tokensWith = (more: Schema): Schema => ({
  ...some({
    access_token: TEXT,
    token_type: { type: 'string', enum: ['Bearer'] },
    expires_in: { type: 'integer', description: 'Seconds' },
    refresh_token: TEXT,
    scope: TEXT,
    ...more,
  }),
  required: ['access_token', 'token_type', 'expires_in'],
  additionalProperties: false,
});
const TOKENS = tokensWith({});
/** An error response of OAuth (RFC 6749 5.2). */
const NO_TOKENS = {
  description: 'OAuth error, or a malformed request',
  content: {
    'application/json': { schema: all({ error: TEXT, error_description: TEXT }) },
    ...(problemOf(['bad-request']).content as Schema),
  },
};

const ROUTE_SCHEMAS: Readonly<Record<RouteName, Omit<RouteSchema, 'tags'>>> = {
  'GET /': {
    summary: 'List the sessions',
    querystring: some({
      limit: { type: 'integer', minimum: 1, description: 'Maximum number of rows' },
      cursor: { type: 'string', description: 'Cursor of the previous page' },
      ended: { type: 'boolean', description: 'Also list ended sessions' },
      user: USER,
    }),
    response: {
      200: json('A page of the list', all({ sessions: { type: 'array', items: SESSION }, cursor: TEXT_OR_NULL })),
      ...TO_LOGIN,
      ...problems(...OF_ROUTES),
    },
  },
  'DELETE /:sessionId': {
    summary: 'End a session',
    ...ID,
    querystring: some({ user: USER }),
    response: { ...DONE, ...problems(...OF_CHANGES, ...OF_BODIES, 'sign-in-not-recent', 'session-not-found') },
  },
  'POST /:sessionId/sign-out': {
    summary: 'End a session, for forms',
    ...ID,
    querystring: some({ user: USER }),
    ...optional({ returnTo: RETURN_TO }),
    response: {
      ...DONE_FOR_PAGES,
      ...problems(...OF_CHANGES, ...OF_BODIES, 'sign-in-not-recent', 'session-not-found'),
    },
  },
  'POST /sign-out': {
    summary: 'Sign out',
    description: 'Ends the session of this request, or the sessions that the policy of its account names.',
    ...optional({ returnTo: RETURN_TO }),
    response: { ...DONE_FOR_PAGES, ...problems(...OF_CHANGES, ...OF_BODIES) },
  },
  'POST /sign-out-others': {
    summary: 'Sign out on all other devices',
    description: 'Ends all other sessions. The session of this request continues with a new secret.',
    ...optional({ kinds: KINDS, returnTo: RETURN_TO }),
    response: {
      ...DONE_FOR_PAGES,
      200: json('Done; a client with an access token continues with these tokens', {
        anyOf: [tokensWith({ effectiveWithin: WITHIN }), all({ effectiveWithin: WITHIN })],
      }),
      ...problems(...OF_CHANGES, ...OF_BODIES, 'sign-in-not-recent'),
    },
  },
  'POST /sign-out-everywhere': {
    summary: 'Sign out on all devices',
    description: 'Ends all sessions, including that of this request.',
    querystring: some({ user: USER }),
    ...optional({ kinds: KINDS, returnTo: RETURN_TO }),
    response: { ...DONE_FOR_PAGES, ...problems(...OF_CHANGES, ...OF_BODIES, 'sign-in-not-recent') },
  },
  'GET /policy': {
    summary: 'Show the policy of the account',
    response: { 200: json('The policy', POLICY), ...TO_LOGIN, ...problems(...OF_ROUTES) },
  },
  'PUT /policy': {
    summary: 'Change the policy of the account',
    ...body({ signOut: SIGN_OUT }, 'The sessions that a plain sign-out ends'),
    response: {
      200: json('The policy from now on', POLICY),
      ...problems(...OF_CHANGES, ...OF_BODIES, 'sign-in-not-recent'),
    },
  },
  'POST /refresh': {
    summary: 'Get the next tokens for a refresh token',
    ...open({
      grant_type: { type: 'string', enum: ['refresh_token'] },
      refresh_token: { type: 'string', description: 'Missing if the cookie holds it' },
      client_id: TEXT,
      scope: TEXT,
    }),
    response: {
      200: json('The next tokens', TOKENS),
      ...problems('cross-origin', 'refreshed-already', 'body-too-large', 'store-unavailable'),
      400: NO_TOKENS,
    },
  },
  'POST /token': {
    summary: 'Get an access token for the session of a cookie',
    ...optional({ scope: TEXT }),
    response: {
      200: json('The token', TOKENS),
      ...TO_LOGIN,
      ...problems(...ALWAYS, 'cross-origin', 'insufficient-scope', 'body-too-large'),
      400: NO_TOKENS,
    },
  },
  'GET /jwks.json': {
    summary: 'Show the public keys of access tokens',
    response: {
      200: answer('A JWK Set', 'application/jwk-set+json', all({ keys: { type: 'array', items: { type: 'object' } } })),
    },
  },
};

/** Returns the schema of a route, as a copy, because OpenAPI tools add to it. */
export const schemaOf = (name: RouteName): RouteSchema =>
  structuredClone({ tags: ['sessions'], ...ROUTE_SCHEMAS[name] });
