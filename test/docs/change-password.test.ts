import * as crypto from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import * as consumers from 'node:stream/consumers';
import * as drizzleOrm from 'drizzle-orm';
import * as drizzleNodePostgres from 'drizzle-orm/node-postgres';
import * as drizzlePgCore from 'drizzle-orm/pg-core';
import express from 'express';
import * as fastify from 'fastify';
import Koa from 'koa';
import * as mariadb from 'mariadb';
import pg from 'pg';
import * as core from 'session-revocation';
import * as onExpress from 'session-revocation/express';
import * as onFastify from 'session-revocation/fastify';
import * as onKoa from 'session-revocation/koa';
import * as mysql from 'session-revocation/mysql';
import * as postgres from 'session-revocation/postgres';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { url as mysqlUrl, newPrefix } from '../engines/support/mysql.ts';
import { runProgram } from '../engines/support/page-program.ts';
import { newName, url as postgresUrl } from '../engines/support/postgres-clients.ts';
import { type Answer, Browser, CHROME_ON_MAC, FIREFOX_ON_WINDOWS } from '../frameworks/http/browser.ts';
import { queryMysql, queryPostgres } from '../services/stores.ts';
import { blocksOf } from './markdown.ts';

const PAGE = 'docs/change-password.md';

/** Time limit of a test in ms. It is long, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

const asDefault = (module: unknown): object => ({ __esModule: true, default: module });

/** A proxy in front of a database server. `next` says what happens to the next COMMIT. */
interface Passage {
  readonly url: string;
  /** `'lost'`: the COMMIT does not arrive. `'unanswered'`: it arrives, but its answer does not. */
  next: 'lost' | 'unanswered' | null;
}

/** Size of a COMMIT message in bytes, without a final NUL. In both protocols, five bytes come before the word. */
const LENGTH_OF_COMMIT = 11;

function isCommit(chunk: Buffer): boolean {
  const text = chunk.toString('latin1').replace(/\0$/, '');
  return text.length === LENGTH_OF_COMMIT && /commit$/i.test(text);
}

/** Starts a proxy on a port of this machine. It forwards to the server. */
async function openPassage(target: URL, defaultPort: number): Promise<Passage> {
  const sockets = new Set<Socket>();
  const url = new URL(target);
  const passage: { -readonly [Name in keyof Passage]: Passage[Name] } = { url: '', next: null };
  const proxy = createServer((socket) => {
    const onwards = connect(Number(target.port || defaultPort), target.hostname);
    for (const end of [socket, onwards]) {
      sockets.add(end);
      end.on('error', () => {});
    }
    const cut = (): void => {
      socket.destroy();
      onwards.destroy();
    };
    socket.on('close', () => onwards.destroy());
    onwards.on('close', () => socket.destroy());
    onwards.on('data', (chunk) => socket.write(chunk));
    socket.on('data', (chunk) => {
      const { next } = passage;
      if (next === null || !isCommit(chunk)) {
        onwards.write(chunk);
        return;
      }
      passage.next = null;
      if (next === 'lost') return cut();
      onwards.removeAllListeners('data').once('data', cut);
      onwards.write(chunk);
    });
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as AddressInfo).port);
  passage.url = url.href;
  return passage;
}

interface Database {
  readonly passage: Passage;
  query(sql: string): Promise<unknown>;
}

async function openPostgres(): Promise<Database> {
  const at = new URL(`${postgresUrl}`);
  const name = newName();
  await queryPostgres(at.href, `CREATE DATABASE ${name}`);
  onTestFinished(() => queryPostgres(`${postgresUrl}`, `DROP DATABASE ${name} WITH (FORCE)`));
  at.pathname = name;
  const pool = new pg.Pool({ connectionString: at.href, max: 1 });
  await postgres.postgresStore(pool).setup?.();
  await pool.end();
  return { passage: await openPassage(at, 5432), query: (sql) => queryPostgres(at.href, sql) };
}

async function openMariadb(): Promise<Database> {
  const at = new URL(`${mysqlUrl}`);
  const name = `${newPrefix()}app`;
  await queryMysql(at.href, `CREATE DATABASE ${name}`);
  onTestFinished(() => queryMysql(`${mysqlUrl}`, `DROP DATABASE ${name}`));
  at.pathname = name;
  const pool = mariadb.createPool({
    ...{ host: at.hostname, port: Number(at.port || 3306), user: at.username, password: at.password, database: name },
  });
  await mysql.mysqlStore(pool).setup?.();
  await pool.end();
  const passage = await openPassage(at, 3306);
  return {
    passage: Object.assign(passage, { url: passage.url.replace(/^mysql:/, 'mariadb:') }),
    query: (sql) => queryMysql(at.href, sql),
  };
}

interface Recipe {
  readonly isHere: boolean;
  open(): Promise<Database>;
}

/**
 * Returns the modules that the programs import. After the test, `ends` closes the pools and sessions that they create.
 */
function modulesFor(ends: (() => Promise<unknown>)[]): Readonly<Record<string, object>> {
  const Pool = function Pool(settings: pg.PoolConfig): pg.Pool {
    const made = new pg.Pool(settings);
    ends.push(() => made.end());
    return made;
  };
  const createPool = (at: string): mariadb.Pool => {
    const made = mariadb.createPool(at);
    ends.push(() => made.end());
    return made;
  };
  const createSessions = (options: Parameters<typeof core.createSessions>[0]): core.Sessions => {
    const made = core.createSessions(options);
    ends.unshift(() => made.close());
    return made;
  };
  return {
    'node:crypto': crypto,
    'node:stream/consumers': consumers,
    express: asDefault(express),
    koa: asDefault(Koa),
    fastify,
    pg: asDefault({ ...pg, Pool }),
    mariadb: { ...mariadb, createPool },
    'drizzle-orm': drizzleOrm,
    'drizzle-orm/node-postgres': drizzleNodePostgres,
    'drizzle-orm/pg-core': drizzlePgCore,
    'session-revocation': { ...core, createSessions },
    'session-revocation/express': onExpress,
    'session-revocation/fastify': onFastify,
    'session-revocation/koa': onKoa,
    'session-revocation/mysql': mysql,
    'session-revocation/postgres': postgres,
  };
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  'Express and pg': { isHere: postgresUrl !== null, open: openPostgres },
  'Fastify and Drizzle': { isHere: postgresUrl !== null, open: openPostgres },
  'Koa and MariaDB': { isHere: mysqlUrl !== null, open: openMariadb },
};

const SALT_OF_THE_PAGE = 'salt';

const REFUSE_IN_MARIADB = `CREATE TRIGGER refuse BEFORE UPDATE ON session_revocation_epochs
  FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'`;
const REFUSING = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END'`;
const REFUSE_IN_POSTGRES = `${REFUSING};
  CREATE TRIGGER refuse BEFORE UPDATE ON session_revocation.epochs FOR EACH ROW EXECUTE FUNCTION refuse()`;
const REFUSE_COMMIT_IN_POSTGRES = `${REFUSING};
  CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION refuse()`;

/** A user with a browser. */
class Person extends Browser {
  submit = (path: string, body: object): Promise<Answer> =>
    this.post(path, { 'content-type': 'application/json' }, JSON.stringify(body));
  signInWith = async (password: string): Promise<number> =>
    (await this.submit('/sign-in', { user: 'ann', password })).status;
  isIn = async (): Promise<boolean> => (await this.get('/me')).status === 200;
}

/** Starts the program of a recipe, and signs the user ann in with two browsers. */
async function start(recipe: string) {
  const { open } = RECIPES[recipe] ?? expect.fail(recipe);
  const database = await open();
  const hash = crypto.scryptSync('old password', SALT_OF_THE_PAGE, 32).toString('hex');
  await database.query('CREATE TABLE users (id varchar(20) PRIMARY KEY, password_hash text NOT NULL)');
  await database.query(`INSERT INTO users VALUES ('ann', '${hash}')`);

  const text = (await blocksOf(PAGE)).find(({ section }) => section === recipe)?.text ?? expect.fail(recipe);
  vi.stubEnv('PORT', '0');
  vi.stubEnv('DATABASE_URL', database.passage.url);
  const ends: (() => Promise<unknown>)[] = [];
  const { server } = runProgram<{ server: Server }>(text, modulesFor(ends));
  if (!server.listening) await once(server, 'listening');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    for (const end of ends) await end();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [here, there] = [new Person(url, CHROME_ON_MAC), new Person(url, FIREFOX_ON_WINDOWS)];
  for (const person of [here, there]) expect(await person.signInWith('old password')).toBe(204);
  return { database, here, there, url };
}

describe.each(Object.entries(RECIPES))('%s', { timeout: TEST_TIMEOUT }, (recipe, { isHere }) => {
  /** Expects the state after the password change, or the state before it. */
  async function expectAfter(changed: boolean, { here, there, url }: Awaited<ReturnType<typeof start>>): Promise<void> {
    expect([await here.isIn(), await there.isIn()]).toEqual([true, !changed]);
    const other = new Person(url, CHROME_ON_MAC);
    expect(await other.signInWith('new password')).toBe(changed ? 204 : 401);
    expect(await other.signInWith('old password')).toBe(changed ? 401 : 204);
  }

  test.skipIf(!isHere)(
    'the new password holds, this browser stays signed in, and the other one is signed out',
    async () => {
      const site = await start(recipe);
      const before = site.here.session;
      const answer = await site.here.submit('/password', { password: 'new password' });
      expect([answer.status, answer.setCookies.length]).toEqual([204, 1]);
      expect(site.here.session).not.toBe(before);
      await expectAfter(true, site);
    },
  );

  test.skipIf(!isHere)(
    'what fails changes nothing, and no cookie; a COMMIT whose answer is lost is known to be done',
    async () => {
      const site = await start(recipe);
      const { database, here } = site;
      const { passage } = database;
      const isMariadb = recipe === 'Koa and MariaDB';
      const change = async (): Promise<Answer> => here.submit('/password', { password: 'new password' });
      const expectNothing = async (status: number): Promise<void> => {
        const before = here.session;
        const answer = await change();
        expect([answer.status, answer.setCookies, here.session]).toEqual([status, [], before]);
        expect([await here.isIn(), await site.there.isIn()]).toEqual([true, true]);
      };

      // The database refuses the writes of the revocation, which come after the write of the new password.
      await database.query(isMariadb ? REFUSE_IN_MARIADB : REFUSE_IN_POSTGRES);
      await expectNothing(503);
      await database.query(isMariadb ? 'DROP TRIGGER refuse' : 'DROP FUNCTION refuse CASCADE');

      passage.next = 'lost';
      await expectNothing(500);
      expect(passage.next, 'a COMMIT was on its way').toBeNull();

      if (!isMariadb) {
        await database.query(REFUSE_COMMIT_IN_POSTGRES);
        await expectNothing(500);
        await database.query('DROP FUNCTION refuse CASCADE');
      }
      await expectAfter(false, site);

      passage.next = 'unanswered';
      const [before, answer] = [here.session, await change()];
      expect(passage.next, 'a COMMIT was on its way').toBeNull();
      expect([answer.status, answer.setCookies.length]).toEqual([204, 1]);
      expect(here.session).not.toBe(before);
      await expectAfter(true, site);
    },
  );
});

test('every program of the page is a recipe that is tried here', async () => {
  const sections = (await blocksOf(PAGE)).map(({ section }) => section);
  expect(sections).toEqual(Object.keys(RECIPES));
});
