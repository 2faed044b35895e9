/**
 * Lists the tests that an ordinary run leaves out or shortens, so that `npm test` ends within minutes on a developer's
 * machine. With `CI`, which `.ci/run` sets, everything runs in full. `CI=1 npx vitest run <file>` does so for one file.
 * With `ALL_FILES`, every file runs in its ordinary size. `.ci/run` sets it for the newest version of Node, and
 * `npm run mutate` sets it too. An ordinary `npm run check` also leaves out TypeDoc and knip: see `.ci/check.js`.
 */

/** The number of repetitions, or another amount: in an ordinary run, and with CI. */
const SIZES = {
  'contract: orders of a race, in memory': [15, 1000],
  'contract: orders of a race, SQLite in a file': [5, 20],
  'contract: orders of a race, Postgres by pg': [5, 150],
  'contract: orders of a race, Postgres by another client': [3, 10],
  'contract: orders of a race, Postgres by PGlite': [2, 5],
  'contract: orders of a race, MariaDB by a pool of mysql2': [5, 150],
  'contract: orders of a race, MariaDB by another client': [5, 10],
  'contract: orders of a race, Redis by ioredis': [10, 250],
  'contract: orders of a race, a Redis cluster by ioredis': [3, 40],
  'jwt: orders of questions, in memory': [30, 500],
  'jwt: orders of questions, on another store': [8, 300],
  'jwt: mutated tokens': [20_000, 1_000_000],
  'model: lists of questions to a store': [10, 120],
  'model: lives of sessions, on each store': [25, 150],
  'model: secrets without a duplicate': [10_000, 100_000],
  'bridges: races of each sort in express-session, in memory': [2, 50],
  'bridges: races of each sort in express-session, on another store': [1, 12],
  'bridges: races of each sort in koa-session and @fastify/session, in memory': [2, 50],
  'bridges: races of each sort in koa-session and @fastify/session, on another store': [1, 10],
  'bridges: users of each sort whose other tabs ask all the time': [4, 4],
  'bridges: settings of an inner layer whose users have other tabs': [1, 5],
  'concurrency: seconds': [2, 5],
  'federated: orders of a sign-in and a logout': [100, 1_000],
  'explorer: pairs of operations, of all, one in': [24, 2],
  'explorer: the most orders of a scenario that is tried with crashes, too': [6, 40],
  'freshness: simulated checks': [8_000, 100_000],
  'store: orders of questions in batches': [100, 500],
  'signals: open at once, when another process revokes the realm': [1_000, 10_000],
  'signals: sockets that come and go': [10_000, 1_000_000],
  'receivers: mutated requests to the token endpoints': [5_000, 50_000],
  'receivers: mutated tokens of providers': [3_000, 50_000],
  'staleness: seconds of a trial': [2, 30],
  'staleness: sorts of faults': [2, Infinity],
  'engines: malformed rows of each engine': [400, 20_000],
  'engines: revoked sessions of one user': [200, 5_000],
  'MariaDB: transactions of each writer': [12, 40],
  'MariaDB: processes that make the tables at once': [2, 10],
  'MariaDB: rows under the plans': [20_000, 100_000],
  'Postgres: sessions under the plans': [50_000, 100_000],
  'Redis: clients that send again': [1, 4],
  'Redis: users who are revoked at once': [300, 3_000],
  'Redis: clients of a cluster whose replica is silent': [1, 3],
  'memory: sessions of one user': [600, 3_000],
} as const satisfies Readonly<Record<string, readonly [ordinary: number, ci: number]>>;

/** Tests that run only with CI. Each value names related tests of an ordinary run. */
const CI_ONLY = {
  'bridges: two processes behind the tabs of one browser': 'two apps in one process',
  'cli: every driver of an engine': 'the one that is taken first',
  'concurrency: broken stores, by several workers': 'the contract suite finds each of them',
  'contract: wrong answers in the place of those of a server': 'in the place of those of memory and SQLite',
  'demo in a browser: every story': 'one of each sort; test/acceptance tells all of them without a browser',
  'demo in a browser: the pages of every product': 'the product that shows nearly all there is',
  'docs: every example on a port that is taken': 'the one on Express',
  'docs: the test program of writing-a-store.md is run': 'it is compiled',
  'explorer: the scenarios with the most orders': 'all others, and pairs of the same operations',
  'faults: a crash of a database': 'connections that are cut',
  'faults: a database that only reads': 'connections that are cut',
  'faults: a program of node-redis whose connection is cut': 'what is under way fails at once',
  'faults: a failover of Redis': 'a replica that is silent',
  'faults: serializable transactions': 'the contract suite, where clients ask for them',
  'faults: a primary that its Sentinels cannot reach': 'a primary that is cut off from its replica',
  'faults: networks that fail for long': 'networks that fail',
  'frameworks: concerns of shared code on every wrapper':
    'on Express; on the others, what they read and write by themselves',
  'frameworks: what a wrapper reads and writes by itself, once more below another framework or major':
    'the concerns in which frameworks and their majors differ',
  'frameworks: every request that is refused late': 'one for each order',
  'freshness: orders of two reads at once': 'two reads in turn',
  'jwt: a Redis cluster': 'Redis',
  'MariaDB: the whole contract by every client': 'what differs from client to client',
  'Postgres: the whole contract by every client': 'what goes through the statements',
  'Redis: the contract by every client': 'ioredis',
  'Redis: changes by every client': 'ioredis and node-redis',
  'Redis: a server that is silent for as long as a question may take': 'a connection that is lost',
  'Redis: the whole contract on a cluster': 'races, pruning, users, and what goes through the commands',
  'Redis: the whole contract by a client that sends every command twice': 'revocations, and each verb by itself',
  'SQLite: a second driver': 'the one that is taken first; test/engines/sqlite-drivers.test.ts',
  'SQLite: the whole contract in a file': 'races, records, users, and what goes through the statements',
  'staleness: every store': 'Redis',
  'staleness: failovers and moving slots': 'servers that are killed and come back',
  'ui: every pair of colours, width and direction': 'the two that differ in all',
} as const satisfies Readonly<Record<string, string>>;

/** Tests that run only with CI or `ALL_FILES`. Each value names related tests of an ordinary run. */
const WITH_ALL_FILES = {
  'MariaDB: more changes than an answer holds': 'this for Postgres',
  'MariaDB: the whole contract': 'races, changes, and what goes through the statements',
  'Postgres: a process that ends while its pool is open': 'test/cli ends processes',
  'Postgres: the whole contract': 'races, changes, and what goes through the statements',
  'Postgres: clients beside pg.Pool and postgres.js': 'these two',
  'bridges: every inner store of express-session': 'memory and Redis',
  'bridges: adoption from an inner store on Redis': 'from those in memory',
  'demo: its program': 'its pages; test/docs/readme-walkthrough.test.ts starts it',
  'frameworks: late refusals, proxies, and bytes of cookies': 'test/acceptance, and the cookies that come and go',
  'freshness: faults in the simulation': 'the simulation of the real code; test/src/freshness/freshness.test.ts',
  'jwt: new keys of RSA': 'those of curves',
  'jwt: Postgres and MariaDB': 'memory, SQLite and Redis',
  'memory: bounds of ten thousand': 'steps, pages and logs below them',
  'notifiers: a Redis cluster': 'one Redis',
  'Postgres: tables of other names, rights and versions': 'test/engines/postgres.test.ts makes the tables',
  'Redis: bytes of a session': 'test/engines/redis-server.test.ts',
  'review: thousands of sessions': 'pages of few',
  'staleness: a checker that finds what is wrong': 'npm run simulate',
  'Redis: the whole contract': 'races, changes, users, and what goes through the commands',
  'store: the whole contract, asked in batches': 'races, changes, and what goes through the statements',
  'transmitters: Postgres and MariaDB': 'SQLite and Redis',
  'ui: all of the buttons': 'signing out one device, all others, and everywhere; the keyboard',
  'ui: every bound in every language': 'one bound, in two languages',
  'ui: the element and its types, in programs': 'npm run check, for its own types',
  'ui: the tag of the page': 'what docs/ui.md names',
} as const satisfies Readonly<Record<string, string>>;

/** Files that run only with CI or `ALL_FILES`. Each value names an ordinary test of the same subject. */
const OTHER_FILES = {
  'test/acceptance/return-paths.test.ts': 'test/frameworks/return-path.test.ts',
  'test/browser/demo.test.ts': 'test/docs/demo.test.ts, and test/acceptance without a browser',
  'test/browser/spa.test.ts': 'npm run check compiles it',
  'test/bridges/express-session-polling.test.ts': 'test/bridges/race.test.ts',
  'test/bridges/fastify-session-polling.test.ts': 'test/bridges/race.test.ts',
  'test/bridges/koa-session-polling.test.ts': 'test/bridges/race.test.ts',
  'test/bridges/unstamped-warning.test.ts': 'none; it needs a process of its own for a warning',
  'test/browser/back-button.test.ts': 'test/frameworks looks at the headers for caches',
  'test/browser/late-refusal.test.ts': 'test/frameworks/express.test.ts, without a browser',
  'test/browser/sub-domain.test.ts': 'test/frameworks/express.test.ts sends cookies of sub-domains',
  'test/cli/process.test.ts': 'the other files of test/cli run each command within their process',
  'test/cli/servers.test.ts': 'test/cli/redis.test.ts',
  'test/concurrency/concurrency.test.ts':
    'the races of the contract on each engine; test/staleness has several processes',
  'test/concurrency/broken-stores.test.ts': 'the contract suite finds them, too',
  'test/contract/broken-stores.test.ts': 'test/contract/suite.test.ts; a change of src/testing runs it',
  'test/contract/custom-store.test.ts': 'test/contract/contract.test.ts',
  'test/docs/code-blocks.test.ts': 'test/docs/readme-walkthrough.test.ts runs those of the README',
  'test/docs/change-password.test.ts': 'test/docs/readme-walkthrough.test.ts',
  'test/docs/programs.test.ts': 'test/docs/readme-walkthrough.test.ts runs those of the README',
  'test/docs/site.test.ts': 'npm run check builds it without writing; test/docs/code-blocks.test.ts compiles its code',
  'test/docs/examples.test.ts': 'test/docs/taken-port.test.ts starts one of them',
  'test/engines/mysql-clients.test.ts': 'test/engines/mysql.test.ts, over the driver that is taken first',
  'test/engines/mysql-replication.test.ts': 'test/engines/mysql-safety.test.ts',
  'test/engines/mysql-within.test.ts': 'test/engines/mysql.test.ts plays transactions of the contract',
  'test/engines/postgres-pages.test.ts': 'test/engines/postgres-store.test.ts',
  'test/engines/postgres-plans.test.ts': 'test/engines/postgres-store.test.ts',
  'test/engines/redis-cluster.test.ts': 'test/engines/redis.test.ts',
  'test/engines/redis-resend.test.ts': 'test/engines/redis-faults.test.ts',
  'test/engines/revoked-sessions.test.ts': 'test/engines/sql-pages.test.ts',
  'test/engines/sqlite-processes.test.ts': 'test/concurrency',
  'test/faults/memory-over-http.test.ts': 'test/staleness kills servers, too',
  'test/faults/network.test.ts': 'test/staleness cuts connections',
  'test/faults/redis-partition.test.ts': 'test/staleness',
  'test/frameworks/fastify-bodies.test.ts': 'the bodies in test/frameworks/fastify.test.ts',
  'test/frameworks/fetch-elysia.test.ts': 'test/frameworks/fetch-node.test.ts',
  'test/frameworks/fetch-h3.test.ts': 'test/frameworks/fetch-node.test.ts',
  'test/frameworks/fetch-hono.test.ts': 'test/frameworks/fetch-node.test.ts',
  'test/frameworks/insecure-cookie.test.ts': 'none; it needs a process of its own for a warning',
  'test/frameworks/older-majors.test.ts': 'the newest majors',
  'test/model/explorer.test.ts': 'test/model/sessions-model.test.ts, and the races of the contract',
  'test/package/api.test.ts': 'test/package/manifest.test.ts; a change of the API is reported by CI',
  'test/package/public-types.test.ts': 'the reports of the API in test/package',
  'test/package/root-docblocks.test.ts': 'none; CI tells what lacks an example',
  'test/src/freshness/interleavings.test.ts': 'test/src/freshness/freshness.test.ts',
  'test/ui/failures.test.ts': 'test/ui/actions.test.ts',
  'test/ui/languages.test.ts': 'test/ui/actions.test.ts',
  'test/ui/looks.test.ts': 'test/ui/actions.test.ts',
  'test/ui/list.test.ts': 'test/ui/actions.test.ts, which reads its rows',
  'test/ui/policy.test.ts': 'test/ui/actions.test.ts',
} as const satisfies Readonly<Record<string, string>>;

const isFull = (process.env.CI ?? '') !== '';
const hasAllFiles = isFull || (process.env.ALL_FILES ?? '') !== '';

/** Returns the number of repetitions, or the other amount, for this run. */
export const size = (what: keyof typeof SIZES): number => SIZES[what][isFull ? 1 : 0];

/** Returns whether this run includes the named tests, which an ordinary run leaves out. */
export const includes = (what: keyof typeof CI_ONLY | keyof typeof WITH_ALL_FILES): boolean =>
  what in WITH_ALL_FILES ? hasAllFiles : isFull;

/** The files that this run leaves out. */
export const leftOut: readonly string[] = hasAllFiles ? [] : Object.keys(OTHER_FILES);

/** The message at the start of an ordinary run. `null` in a full run. */
export const notice: string | null = isFull
  ? null
  : `An ordinary run: ${Object.keys(SIZES).length} suites are smaller than with CI=1, and ${Object.keys(CI_ONLY).length} parts and ${leftOut.length} files are left out: see test/ci-only.ts.\n`;
