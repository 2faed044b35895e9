import { scryptSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { createAdaptorServer } from '@hono/node-server';
import mysql2 from 'mysql2/promise';
import pg from 'pg';
import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { asCommonJs } from '../engines/support/page-program.ts';
import { newName, url as postgresUrl } from '../engines/support/postgres-clients.ts';
import { type Answer, Browser, CHROME_ON_MAC } from '../frameworks/http/browser.ts';
import { findService, type PrivateServer, startRedis } from '../services/index.ts';
import { hasRedis } from '../services/redis.ts';
import { queryMysql, queryPostgres } from '../services/stores.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { type Block, blocksOf, pages } from './markdown.ts';
import { declaredValues, OWNER, openAround } from './support/around.ts';

/** A block of code and its page. */
interface Code extends Block {
  readonly page: string;
}

/**
 * Code blocks that these tests do not run, with the reason. They run every other block of JavaScript and TypeScript.
 */
const NOT_HERE: readonly { readonly page: string; readonly text: string; readonly why: string }[] = [
  { page: 'docs/writing-a-store.md', text: 'storeContract(', why: 'writing-adapters.test.ts runs it by node:test' },
  {
    page: 'docs/writing-a-notifier.md',
    text: 'notifierContract(',
    why: 'writing-adapters.test.ts runs it by node:test',
  },
  { page: 'docs/redis.md', text: 'new Cluster(', why: 'its addresses are not of this machine' },
  { page: 'docs/next.md', text: "from 'next/headers'", why: 'Next.js is not installed' },
  { page: 'docs/next.md', text: "from 'next/navigation'", why: 'Next.js is not installed' },
  { page: 'docs/next.md', text: "from 'next/server'", why: 'Next.js is not installed' },
  { page: 'docs/auth-js.md', text: "from 'next-auth'", why: 'Auth.js is not installed' },
  { page: 'docs/better-auth.md', text: "from 'better-auth'", why: 'better-auth is not installed' },
];

/** Detects the servers that a program needs by its imports. */
const isPostgres = (text: string): boolean => text.includes("from 'pg'");
const isMysql = (text: string): boolean => /from '(mysql2\/promise|mariadb)'/.test(text);
const isRedis = (text: string): boolean => /from '(ioredis|redis)'/.test(text);

const mysqlUrl = await findService('mysql');
let redis: PrivateServer | undefined;
afterAll(() => redis?.stop());

const isMissing = ({ text }: Code): boolean =>
  (isPostgres(text) && postgresUrl === null) || (isMysql(text) && mysqlUrl === null) || (isRedis(text) && !hasRedis());

const APP_TABLE = 'CREATE TABLE users (id varchar(20) PRIMARY KEY, password_hash text NOT NULL)';
const APP_USER = `INSERT INTO users VALUES ('${OWNER.user}', '${scryptSync(OWNER.password, 'salt', 32).toString('hex')}')`;

async function openPostgres(): Promise<string> {
  const [name, at] = [newName(), new URL(`${postgresUrl}`)];
  at.pathname = name;
  await queryPostgres(`${postgresUrl}`, `CREATE DATABASE ${name}`);
  onTestFinished(() => queryPostgres(`${postgresUrl}`, `DROP DATABASE ${name} WITH (FORCE)`));
  const pool = new pg.Pool({ connectionString: at.href });
  await postgresStore(pool).setup?.();
  await pool.end();
  await queryPostgres(at.href, `${APP_TABLE}; ${APP_USER}`);
  return at.href;
}

async function openMysql(): Promise<string> {
  const [name, at] = [newName(), new URL(`${mysqlUrl}`)];
  at.pathname = name;
  await queryMysql(`${mysqlUrl}`, `CREATE DATABASE ${name}`);
  onTestFinished(() => queryMysql(`${mysqlUrl}`, `DROP DATABASE ${name}`));
  const pool = mysql2.createPool(at.href);
  await mysqlStore(pool).setup?.();
  await pool.end();
  for (const line of [APP_TABLE, APP_USER]) await queryMysql(at.href, line);
  return at.href;
}

/** Replaces the addresses of servers in a program, and in its environment, with servers of this machine. */
async function addressed(text: string): Promise<string> {
  if (isPostgres(text)) {
    const url = await openPostgres();
    vi.stubEnv('DATABASE_URL', url);
    return text.replace(/postgres:\/\/[^']+/, url);
  }
  if (isMysql(text)) {
    const url = await openMysql();
    vi.stubEnv('DATABASE_URL', url.replace(/^mysql:/, 'mariadb:'));
    return text.replace(/mysql:\/\/[^']+/, url);
  }
  if (!isRedis(text)) return text;
  redis ??= await startRedis();
  return text.replace('127.0.0.1:6379', `127.0.0.1:${redis.port}`);
}

type End = () => unknown;

/** Functions and classes whose results programs never close, and the method that closes each result. */
const OPENERS: readonly (readonly [module: string, name: string, close: string])[] = [
  ['session-revocation', 'createSessions', 'close'],
  ['session-revocation/transmitters', 'transmit', 'close'],
  ['mysql2/promise', 'createPool', 'end'],
  ['mariadb', 'createPool', 'end'],
  ['redis', 'createClient', 'destroy'],
  ['ioredis', 'Redis', 'disconnect'],
];

/** Returns the modules that a program imports. They register in `ends` how to close their results. */
async function modulesFor(code: string, ends: End[]): Promise<ReadonlyMap<string, object>> {
  const noting = (open: (...given: unknown[]) => object, close: string) =>
    function (this: unknown, ...given: unknown[]): object {
      const opened = new.target === undefined ? open(...given) : Reflect.construct(open, given);
      // The program may have closed it already.
      ends.unshift(async () => (opened as Record<string, () => unknown>)[close]?.());
      return opened;
    };
  const modules = new Map<string, object>();
  for (const [, name = ''] of code.matchAll(/require\("([^"]+)"\)/g)) {
    const module: Record<string, unknown> = { __esModule: true, ...(await import(/* @vite-ignore */ name)) };
    for (const [from, opener, close] of OPENERS) {
      if (from === name) module[opener] = noting(module[opener] as () => object, close);
    }
    if (name === 'pg') module.default = { ...pg, Pool: noting(pg.Pool as unknown as () => object, 'end') };
    modules.set(name, module);
  }
  return modules;
}

/** Makes every server listen on a free port, and returns the servers. */
function useFreePorts(ends: End[]): readonly NetServer[] {
  const servers: NetServer[] = [];
  const { listen } = NetServer.prototype;
  const spy = vi.spyOn(NetServer.prototype, 'listen').mockImplementation(function (this: NetServer, ...given) {
    const at: unknown = given[0];
    servers.push(this);
    ends.unshift(() => {
      if (this instanceof Server) this.closeAllConnections();
      this.close();
    });
    const free = typeof at === 'object' ? { ...at, port: 0 } : 0;
    return Reflect.apply(listen, this, [free, ...given.slice(1)]) as NetServer;
  });
  onTestFinished(() => spy.mockRestore());
  return servers;
}

/** The results of a program. */
interface Run {
  readonly exports: Readonly<Record<string, unknown>>;
  /** The program's app, if it creates one. */
  readonly app: unknown;
  readonly printed: readonly unknown[];
  /** The servers that the program started. */
  readonly servers: readonly NetServer[];
}

/** Runs a code block until its top-level code ends. */
async function run({ text }: Code): Promise<Run> {
  const ends: End[] = [];
  onTestFinished(async () => {
    for (const end of ends) await Promise.resolve(end()).catch(() => {});
    vi.unstubAllEnvs();
  });
  const folder = mkdtempSync(join(tmpdir(), 'session-revocation-docs-'));
  mkdirSync(join(folder, 'migrations'));
  const cwd = process.cwd();
  process.chdir(folder);
  ends.push(() => {
    process.chdir(cwd);
    rmSync(folder, { recursive: true, force: true });
  });

  const around = await openAround();
  const key = declaredValues(around).key;
  vi.stubEnv('PORT', '0');
  vi.stubEnv('TOKEN_KEY', JSON.stringify(key));
  const code = asCommonJs(await addressed(text)).replaceAll('import.meta', 'importMeta');
  const modules = await modulesFor(code, ends);
  const servers = useFreePorts(ends);
  const [exports, printed]: [Record<string, unknown>, unknown[]] = [{}, []];
  const given: Readonly<Record<string, unknown>> = {
    ...around,
    ...declaredValues(around),
    exports,
    require: (name: string) => modules.get(name),
    importMeta: { resolve: (name: string) => import.meta.resolve(name) },
    console: { log: (...all: unknown[]) => printed.push(...all), error: (...all: unknown[]) => printed.push(...all) },
  };
  const body = `return (async () => {${code}\nreturn typeof app === 'undefined' ? undefined : app;\n})()`;
  const app: unknown = await compileFunction(body, Object.keys(given))(...Object.values(given));
  return { exports, app: exports.app ?? (app === around.app ? undefined : app), printed, servers };
}

type Answerer = (request: Request, ip?: string) => Promise<Response>;

/** Returns the address of a program's app. Serves the app if the program does not. */
async function addressOf({ app, exports, servers }: Run): Promise<string> {
  const { listen, handle, callback } = (app ?? {}) as Record<string, unknown>;
  const made = exports as { answer?: Answerer; server?: NetServer };
  if (made.server instanceof NetServer) {
    if (!made.server.listening) await once(made.server, 'listening');
  } else if (servers.length > 0) {
    // The program listens on its own.
  } else if (typeof made.answer === 'function') {
    createAdaptorServer({ fetch: (request) => made.answer!(request, '127.0.0.1') }).listen(0);
  } else if (typeof callback === 'function' || typeof app === 'function')
    (listen as (port: number) => void).call(app, 0);
  else if (typeof handle === 'function') {
    createAdaptorServer({ fetch: (request) => (handle as Answerer).call(app, request) }).listen(0);
  } else await (listen as (at: object) => Promise<unknown>).call(app, { port: 0 });
  const [server] = servers;
  if (server === undefined) expect.fail('the program serves nothing');
  if (!server.listening) await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_BODY = { 'content-type': 'application/json' };

/** Signs in as the program's own page or client would. */
function signInTo({ text }: Code, path: string, browser: Browser, password: string): Promise<Answer> {
  const fields = { user: OWNER.user, email: OWNER.email, username: OWNER.user, password };
  const isForm = /urlencoded|formbody|bodyOf/.test(text);
  const body = isForm ? new URLSearchParams(fields).toString() : JSON.stringify(fields);
  return browser.post(path, isForm ? FORM : JSON_BODY, body);
}

const codes: Code[] = [];
for (const page of pages) {
  for (const block of await blocksOf(page)) if (/^(js|ts)$/.test(block.language)) codes.push({ page, ...block });
}
const isHere = ({ page, text }: Code): boolean => !NOT_HERE.some((one) => one.page === page && text.includes(one.text));
const isApp = ({ text }: Code): boolean =>
  /'\/(me|login)'/.test(text) &&
  /= new (Koa|Hono|H3|Elysia)\b|= (express|fastify)\(|NestFactory\.create|function answer\(/.test(text);

const titled = (code: Code) => ({ ...code, title: `${code.page}, line ${code.line}: ${code.section}` });

describe('the code in the pages', { timeout: TEST_TIMEOUT }, () => {
  for (const code of codes.filter(isHere).map(titled)) {
    test.skipIf(isMissing(code))(`runs: ${code.title}`, async () => {
      const ran = await run(code);
      const printed = [...code.text.matchAll(/console\.log\(.*\/\/ (true|false)$/gm)].map(([, is]) => is === 'true');
      if (printed.length > 0) expect(ran.printed).toEqual(printed);
      if (!isApp(code)) return;

      const browser = new Browser(await addressOf(ran), CHROME_ON_MAC);
      const [, signInPath] = /(?:[Pp]ost[^\n]*\(|path !== )'(\/(?:login|sign-in))'/.exec(code.text) ?? [];
      const isStranger = async () => expect((await browser.get('/me')).status).toBe(401);
      await isStranger();
      if (signInPath === undefined) return;
      expect((await signInTo(code, signInPath, browser, 'wrong')).status).toBe(401);
      await isStranger();
      expect((await signInTo(code, signInPath, browser, OWNER.password)).status).toBeLessThan(400);
      expect((await browser.get('/me')).json).toEqual({ user: OWNER.user });
      if (!code.text.includes('sessionRoutes(')) return;
      expect((await browser.post('/sessions/sign-out-everywhere')).status).toBe(204);
      await isStranger();
    });
  }

  test('is an app that is asked who signed in, on every wrapper and bridge', () => {
    const apps = codes.filter(isApp).map(({ page, section }) => `${page}: ${section}`);
    expect(apps).toEqual([
      'README.md: A whole program',
      'docs/change-password.md: Express and pg',
      'docs/change-password.md: Fastify and Drizzle',
      'docs/change-password.md: Koa and MariaDB',
      'docs/express-session.md: The few lines',
      'docs/express.md: session-revocation/express',
      'docs/fastify-session.md: The few lines',
      'docs/fastify.md: session-revocation/fastify',
      'docs/fetch.md: session-revocation/fetch',
      'docs/fetch.md: node:http',
      'docs/fetch.md: Hono',
      'docs/fetch.md: h3',
      'docs/fetch.md: Elysia',
      'docs/get-started.md: 2. Write the app',
      'docs/koa-session.md: The few lines',
      'docs/koa.md: session-revocation/koa',
      'docs/nest.md: On Express',
    ]);
  });

  test.each(NOT_HERE)('is run elsewhere: $page', ({ page, text }) => {
    expect(codes.filter((code) => code.page === page && code.text.includes(text))).toHaveLength(1);
  });
});
