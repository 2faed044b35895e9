/**
 * The pages of the site, in the order in which a reader needs them. The title in the navigation is shorter than the page's own heading where that helps to scan.
 * @type {Readonly<Record<string, Readonly<Record<string, string>>>>}
 */
export const NAVIGATION = {
  Start: {
    Why: 'docs/why.md',
    'Get started in five minutes': 'docs/get-started.md',
  },
  'Add it to your app': {
    Express: 'docs/express.md',
    Fastify: 'docs/fastify.md',
    Koa: 'docs/koa.md',
    'Hono, h3, Elysia and fetch': 'docs/fetch.md',
    NestJS: 'docs/nest.md',
    'Next.js': 'docs/next.md',
    'express-session and Passport': 'docs/express-session.md',
    '@fastify/session': 'docs/fastify-session.md',
    'koa-session': 'docs/koa-session.md',
    'better-auth': 'docs/better-auth.md',
    'Auth.js': 'docs/auth-js.md',
    'The card of devices': 'docs/ui.md',
  },
  Concepts: {
    'Epochs, sessions and fences': 'docs/concepts.md',
    Freshness: 'docs/freshness.md',
    'Deciding when to sign out': 'docs/deciding.md',
  },
  Choose: {
    'A store': 'docs/stores.md',
    'Opaque tokens, JWTs, or both': 'docs/tokens.md',
    Benchmarks: 'docs/benchmarks.md',
  },
  Recipes: {
    'Change a password': 'docs/change-password.md',
    'In your own transaction': 'docs/transactions.md',
    'Ask for a second factor': 'docs/step-up.md',
    Impersonation: 'docs/impersonation.md',
    'An admin console': 'docs/admin-console.md',
    'Many tenants': 'docs/tenants.md',
    'Delete a user': 'docs/delete-account.md',
    Incident: 'docs/incident.md',
    'WebSockets, event streams and jobs': 'docs/signals.md',
    'Access and refresh tokens': 'docs/jwt.md',
    "Other issuers' tokens": 'docs/guard.md',
    'Sign-out at the provider': 'docs/provider-logout.md',
    'Receivers of revocations': 'docs/receivers.md',
    'Tell other systems': 'docs/transmitters.md',
    'Token endpoints': 'docs/token-endpoints.md',
  },
  Operate: {
    'Set-up, sizing, failover, backup': 'docs/operations.md',
    Capacity: 'docs/capacity.md',
    SQLite: 'docs/sqlite.md',
    Postgres: 'docs/postgres.md',
    'MySQL and MariaDB': 'docs/mysql.md',
    Redis: 'docs/redis.md',
    Memory: 'docs/memory.md',
    Notifiers: 'docs/notifiers.md',
    Monitoring: 'docs/monitoring.md',
    'The command line': 'docs/cli.md',
  },
  Migrate: {
    'From what you have': 'docs/migrate.md',
  },
  Compare: {
    'With other systems': 'docs/compare.md',
  },
  'Write an adapter': {
    'Stores, wrappers and bridges': 'docs/adapter.md',
    'A store': 'docs/writing-a-store.md',
    'A notifier': 'docs/writing-a-notifier.md',
  },
  Reference: {
    Options: 'docs/options.md',
    Errors: 'docs/errors.md',
    'Over HTTP': 'docs/http.md',
    Changes: 'CHANGELOG.md',
  },
  Security: {
    'Threat model': 'SECURITY.md',
    Requirements: 'docs/requirements.md',
    Mutation: 'docs/mutation.md',
  },
};

/** The section of the modules. */
export const API = 'API';
