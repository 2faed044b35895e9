/**
 * All that the ordinary run leaves out, or does less of, so that `npm test` ends within minutes on the machine of a
 * developer. `.ci/run` sets `CI`, and everything runs in full. `CI=1 npx vitest run <file>` does so for one file. On the
 * other versions of Node, `.ci/run` sets `ALL_FILES`: that runs every file, in the ordinary size.
 */

/** How often, or how much: in the ordinary run, and with CI. */
const SIZES = {
  'contract: orders of a race, in memory': [30, 1000],
  'contract: orders of a race, SQLite in a file': [5, 20],
  'contract: orders of a race, Postgres by pg': [5, 1000],
  'contract: orders of a race, Postgres by another client': [3, 10],
  'contract: orders of a race, Postgres by PGlite': [2, 5],
  'contract: orders of a race, MariaDB by a pool of mysql2': [5, 1000],
  'contract: orders of a race, MariaDB by another client': [5, 10],
  'contract: orders of a race, Redis by ioredis': [10, 1000],
  'contract: orders of a race, a Redis cluster by ioredis': [3, 60],
  'jwt: orders of questions, in memory': [60, 1000],
  'jwt: orders of questions, on another store': [8, 1000],
  'jwt: mutated tokens': [20_000, 1_000_000],
  'model: lists of questions to a store': [40, 120],
  'model: lives of sessions, on each store': [60, 150],
  'bridges: races of each sort in express-session, in memory': [6, 300],
  'bridges: races of each sort in express-session, on another store': [5, 60],
  'bridges: races of each sort in koa-session and @fastify/session, in memory': [6, 300],
  'bridges: races of each sort in koa-session and @fastify/session, on another store': [5, 15],
  'bridges: users of each sort whose other tabs ask all the time': [4, 20],
  'bridges: settings of an inner layer whose users have other tabs': [1, 9],
  'concurrency: processes': [2, 4],
  'concurrency: seconds': [0.3, 5],
  'explorer: pairs of operations, of all, one in': [24, 1],
  'explorer: the most orders of a scenario that is tried with crashes, too': [6, 60],
  'freshness: simulated checks': [12_000, 200_000],
  'signals: sockets that come and go': [20_000, 1_000_000],
  'staleness: seconds of a trial': [2, 60],
  'engines: revoked sessions of one user': [200, 5_000],
  'MariaDB: processes that make the tables at once': [2, 10],
  'MariaDB: rows under the plans': [20_000, 100_000],
  'Postgres: sessions under the plans': [50_000, 100_000],
  'Redis: clients that send again': [1, 4],
  'Redis: users who are revoked at once': [300, 3_000],
  'Redis: clients of a cluster whose replica is silent': [1, 3],
} as const satisfies Readonly<Record<string, readonly [ordinary: number, ci: number]>>;

/** What runs with CI only, and what of it the ordinary run tries all the same. */
const CI_ONLY = {
  'bridges: two processes behind the tabs of one browser': 'two apps in one process',
  'cli: each command as a process of its own': 'three of them; each command within this process',
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
  'faults: a failover of Redis': 'a replica that is silent',
  'faults: serializable transactions': 'the contract suite, where clients ask for them',
  'faults: a primary that its Sentinels cannot reach': 'a primary that is cut off from its replica',
  'faults: networks that fail for long': 'networks that fail',
  'frameworks: concerns of shared code on every wrapper': 'on Express',
  'frameworks: every concern once more on the same wrapper': 'those in which frameworks and their majors differ',
  'frameworks: every request that is refused late': 'one for each order',
  'freshness: orders of two reads at once': 'two reads in turn',
  'jwt: a Redis cluster': 'Redis',
  'MariaDB: the whole contract by every client': 'what differs from client to client',
  'Postgres: the whole contract by every client': 'what goes through the statements',
  'Redis: the contract by every client': 'ioredis',
  'Redis: the whole contract on a cluster': 'races, pruning, users, and what goes through the commands',
  'Redis: the whole contract by a client that sends every command twice': 'revocations, and each verb by itself',
  'SQLite: the whole contract in a file': 'races, records, users, and what goes through the statements',
  'staleness: every store': 'Redis',
  'staleness: servers that are killed': 'connections that are cut and killed',
  'ui: every pair of colours, width and direction': 'the two that differ in all',
} as const satisfies Readonly<Record<string, string>>;

/** What runs with CI or `ALL_FILES` only, and what of it the ordinary run tries all the same. */
const WITH_ALL_FILES = {
  'concurrency: sessions that expire meanwhile': 'sessions that do not',
  'MariaDB: the whole contract': 'races, changes, and what goes through the statements',
  'Postgres: the whole contract': 'races, changes, and what goes through the statements',
} as const satisfies Readonly<Record<string, string>>;

/** Files that run with CI or `ALL_FILES` only, and what tries their subject all the same. */
const OTHER_FILES = {
  'test/browser/demo.test.ts': 'test/docs/demo.test.ts, and test/acceptance without a browser',
  'test/browser/spa.test.ts': 'test/docs/programs.test.ts',
  'test/bridges/express-session-polling.test.ts': 'test/bridges/race.test.ts',
  'test/bridges/fastify-session-polling.test.ts': 'test/bridges/race.test.ts',
  'test/bridges/koa-session-polling.test.ts': 'test/bridges/race.test.ts',
  'test/cli/servers.test.ts': 'test/cli/process.test.ts',
  'test/concurrency/broken-stores.test.ts': 'the contract suite finds them, too',
  'test/docs/examples.test.ts': 'test/docs/taken-port.test.ts starts one of them',
  'test/engines/mysql-clients.test.ts': 'test/engines/mysql.test.ts, over the driver that is taken first',
  'test/engines/sqlite-processes.test.ts': 'test/concurrency',
  'test/faults/network.test.ts': 'test/staleness cuts connections',
  'test/faults/redis-partition.test.ts': 'test/staleness',
  'test/frameworks/older-majors.test.ts': 'the newest majors',
  'test/model/explorer.test.ts': 'test/model/sessions-model.test.ts, and the races of the contract',
  'test/package/public-types.test.ts': 'the reports of the API in test/package',
  'test/src/freshness/interleavings.test.ts': 'test/src/freshness/simulation.test.ts',
  'test/ui/failures.test.ts': 'test/ui/list.test.ts',
  'test/ui/languages.test.ts': 'test/ui/list.test.ts',
  'test/ui/looks.test.ts': 'test/ui/list.test.ts',
  'test/ui/policy.test.ts': 'test/ui/actions.test.ts',
} as const satisfies Readonly<Record<string, string>>;

const isFull = (process.env.CI ?? '') !== '';
const hasAllFiles = isFull || (process.env.ALL_FILES ?? '') !== '';

/** How often, or how much, in this run. */
export const size = (what: keyof typeof SIZES): number => SIZES[what][isFull ? 1 : 0];

/** Whether this run includes what the ordinary one leaves out. The name says what that is. */
export const includes = (what: keyof typeof CI_ONLY | keyof typeof WITH_ALL_FILES): boolean =>
  what in WITH_ALL_FILES ? hasAllFiles : isFull;

/** The files that this run leaves out. */
export const leftOut: readonly string[] = hasAllFiles ? [] : Object.keys(OTHER_FILES);

/** What is said at the start of an ordinary run; `null` of a full one. */
export const notice: string | null = isFull
  ? null
  : `An ordinary run: ${Object.keys(SIZES).length} suites are smaller than with CI=1, and ${Object.keys(CI_ONLY).length} parts and ${leftOut.length} files are left out: see test/ci-only.ts.\n`;
