import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findDriver } from '../../adapters/cli/stores/driver.ts';
import { includes } from '../ci-only.ts';
import { clearPlace, type EngineName, findPlace, openStore, type Place } from '../services/stores.ts';
import { cliOf } from './support/cli.ts';
import { type Tried, tried } from './support/people.ts';
import { enterBrokenProject, enterProject } from './support/projects.ts';

/** The drivers of each engine: the preferred driver, and the others. */
const ENGINES: readonly (readonly [engine: EngineName, driver: string, others: readonly string[]])[] = [
  ['postgres', 'pg', ['postgres']],
  ['mysql', 'mysql2', ['mariadb']],
  ['redis', 'ioredis', ['iovalkey', 'redis']],
  ['redis-cluster', 'ioredis', ['redis']],
];

/** Timeout of a test with many calls to a server, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 300_000;

const thorough = includes('cli: every driver of an engine');

const places = new Map<EngineName, Place | null>();
for (const [engine] of ENGINES) {
  const place = await findPlace(engine);
  if (place === null) console.warn(`SKIPPED: the command line over ${engine}: no server was found`);
  places.set(engine, place);
}

/** Returns the value of `--store` for a place. */
function storeUrl({ engine, url, space }: Place): string {
  if (engine === 'redis-cluster') {
    const hosts = url.split(',').map((node) => new URL(node).host);
    return `redis+cluster://${hosts.join(',')}?prefix=${space}:`;
  }
  const store = new URL(url);
  if (engine === 'postgres') store.searchParams.set('schema', space);
  if (engine === 'redis') store.searchParams.set('prefix', `${space}:`);
  return store.href;
}

describe.each(ENGINES)('%s', { timeout: TEST_TIMEOUT }, (engine, driver, others) => {
  const place = places.get(engine) ?? null;
  let app: Tried;
  let end: () => Promise<void>;

  beforeAll(() => {
    if (place === null) return;
    const opened = openStore(place, { silence: 120_000 });
    app = tried(storeUrl(place), opened.store);
    ({ end } = opened);
  });

  afterAll(async () => {
    if (place === null) return;
    await app.close();
    await end();
    await clearPlace(place);
  }, TEST_TIMEOUT);

  test.skipIf(place === null).each(thorough ? [driver, ...others] : [driver])('by %s: every command', async (name) => {
    enterProject(name);
    const user = `ann-${name}`;
    const account = `acme-${name}`;
    const run = cliOf(app.url);
    const json = async (words: string) => {
      const { code, out, err } = await run(`${words} --json --timeout 1m`);
      expect([code, err], words).toEqual([0, '']);
      return JSON.parse(out);
    };
    const jsonOfNone = async (words: string) => {
      const { code, out, err } = await run(`${words} --json --timeout 1m --expect-some`);
      expect([code, JSON.parse(err).error.code], words).toEqual([4, 'NONE_COVERED']);
      expect(err).toContain('the store holds sessions of these realms: default');
      return JSON.parse(out);
    };
    expect(await json('setup')).toMatchObject({ ready: true });
    const { findings, problems, latency } = await json('doctor');
    expect([problems, latency.lookups]).toEqual([0, 50]);
    expect(findings.length).toBeGreaterThan(5);

    const first = await app.start({ user, account });
    const second = await app.start({ user });
    expect((await json(`list --user ${user}`)).sessions).toHaveLength(2);
    expect((await json(`review --account ${account}`)).members).toMatchObject([{ user }]);
    expect(await json(`end ${second.session.id} --user ${user}`)).toMatchObject({ ended: true });
    expect((await json(`revoke --account ${account} --dry-run`)).wouldEnd.sessions).toHaveLength(1);
    expect(await app.accepts(first.token)).toBe(true);
    expect(await jsonOfNone(`revoke --account ${account} --yes --realm other`)).toMatchObject({
      ...{ realm: 'other', revoked: true, covered: { sessions: 0, more: false } },
    });
    expect(await app.accepts(first.token)).toBe(true);
    expect(await json(`revoke --account ${account} --yes --reason incident`)).toMatchObject({
      ...{ realm: 'default', revoked: true, covered: { sessions: 1, more: false } },
    });
    expect(await app.accepts(first.token)).toBe(false);
    expect(await jsonOfNone(`suspend --user ${user}`)).toMatchObject({ revoked: true, covered: { sessions: 0 } });
    expect(await app.refusal({ user })).toBe('suspended');
    expect(await json(`resume --user ${user}`)).toMatchObject({ revoked: true });
    expect(await json('setup')).toMatchObject({ realms: { realms: ['default'], complete: true } });
    expect((await json('doctor')).realms).toEqual({ realms: ['default'], complete: true });
    const policy = { signOut: 'everywhere' };
    expect(await json(`policy set --account ${account} --sign-out everywhere`)).toMatchObject({
      changed: true,
      policy,
    });
    expect(await json(`policy get --account ${account}`)).toMatchObject({ policy });
    const { entries } = await json(`audit --account ${account} --type sessions.revoked`);
    expect(entries).toMatchObject([{ reason: 'incident', by: expect.stringMatching(/^cli:/) }]);
    expect(await json('prune')).toMatchObject({ sessions: 0 });

    const third = await app.start({ user, account });
    expect(await jsonOfNone(`end-idle --account ${account} --idle-for 30d --yes`)).toMatchObject({ ended: 0 });
    expect(await json(`forget --user ${user} --dry-run`)).toMatchObject({ forgotten: false, wouldEnd: 1 });
    expect(await app.accepts(third.token)).toBe(true);
    expect(await json(`forget --user ${user} --yes`)).toMatchObject({
      ...{ forgotten: true, sessions: 3, covered: { sessions: 1, more: false } },
    });
    expect(await app.accepts(third.token)).toBe(false);
    expect(await json(`audit --user ${user}`)).toMatchObject({ entries: [] });
  });
});

/** User, password and address of a server that does not exist. */
const NOWHERE = 'ann:hush%2Dhush@127.0.0.1:1';

/** Each driver, with the scheme and the path of its URL. */
const URLS: readonly (readonly [driver: string, scheme: string, database: string])[] = [
  ['pg', 'postgres', '/db'],
  ['postgres', 'postgres', '/db'],
  ['mysql2', 'mysql', '/db'],
  ['mariadb', 'mariadb', '/db'],
  ['ioredis', 'redis', ''],
  ['iovalkey', 'redis', ''],
  ['redis', 'redis', ''],
  ['ioredis', 'redis+cluster', ''],
  ['redis', 'redis+cluster', ''],
];

/** An ordinary run tries one driver per engine. For Redis it is `redis`, which by default retries for ever. */
const TRIED = thorough ? URLS : URLS.filter(([driver]) => ['pg', 'mysql2', 'redis'].includes(driver));

describe('a server that is not there', { timeout: TEST_TIMEOUT }, () => {
  test.each(TRIED)(
    'is unavailable by %s (%s:), with the cause and without the password',
    async (driver, scheme, database) => {
      enterProject(driver);
      const run = cliOf(`${scheme}://${NOWHERE}${database}`);
      for (const words of ['list --user ann', 'doctor --debug']) {
        const { code, out, err } = await run(`${words} --timeout 1m`);
        expect([code, out], err).toEqual([3, '']);
        expect(err).toMatch(/^error: .*\(SESSION_STORE_UNAVAILABLE\)\n/);
        // For a cluster, ioredis does not report the cause.
        expect(err).toMatch(/ECONNREFUSED|Connection is closed/);
        expect(err).toContain('\nwhat to do: ');
        expect(err).not.toMatch(/hush/);
      }
    },
  );

  test('is told by setup as what it was asked for', async () => {
    enterProject('pg');
    const { code, err } = await cliOf(`postgres://${NOWHERE}/db`)('setup --timeout 1m');
    expect(code).toBe(3);
    expect(err).toMatch(
      /^error: the session store could not be reached, or did not answer \(SESSION_STORE_UNAVAILABLE\)\n/,
    );
  });

  test.each(TRIED)(
    'is given up in time by %s (%s:) where it accepts and never answers',
    async (driver, scheme, database) => {
      const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
      const sockets = new Set<{ destroy(): void }>();
      server.on('connection', (socket) => sockets.add(socket));
      await new Promise((resolve) => server.once('listening', resolve));
      onTestFinished(() => {
        for (const socket of sockets) socket.destroy();
        server.close();
      });
      enterProject(driver);
      const { port } = server.address() as AddressInfo;
      const ran = await cliOf(`${scheme}://ann:hush-hush@127.0.0.1:${port}${database}`)(
        'list --user ann --timeout 500ms',
      );
      expect([ran.code, ran.out], ran.err).toEqual([3, '']);
      expect(ran.err).not.toMatch(/hush/);
    },
  );
});

/** URLs for the wrong engine: scheme, path, the engine that answers, and the error message. */
const CROSSED: readonly (readonly [scheme: string, database: string, engine: EngineName, kinds: string])[] = [
  ['postgres', '/db', 'redis', 'PostgreSQL, but Redis answers at .*: begin it with redis://'],
  ['postgres', '/db', 'mysql', 'PostgreSQL, but MySQL or MariaDB answers at .*: begin it with mysql://'],
  ['redis', '', 'postgres', 'Redis, but PostgreSQL answers at .*: begin it with postgres://'],
  ['redis', '', 'mysql', 'Redis, but MySQL or MariaDB answers at .*: begin it with mysql://'],
  ['mysql', '/db', 'postgres', 'MySQL or MariaDB, but PostgreSQL answers at .*: begin it with postgres://'],
  ['mysql', '/db', 'redis', 'MySQL or MariaDB, but Redis answers at .*: begin it with redis://'],
];

describe('a server of another kind', { timeout: TEST_TIMEOUT }, () => {
  for (const [scheme, database, engine, kinds] of thorough ? CROSSED : CROSSED.slice(1, 3)) {
    const place = places.get(engine) ?? null;
    test.skipIf(place === null)(`is misuse, and told: ${scheme}: at a server of ${engine}`, async () => {
      const { host } = new URL(place?.url ?? '');
      const ran = await cliOf(`${scheme}://ann:hush-hush@${host}${database}`)('list --user ann --timeout 10s');
      expect([ran.code, ran.out], ran.err).toEqual([2, '']);
      expect(ran.err).toMatch(new RegExp(`^error: --store is a URL of ${kinds}, or give the port of .*\\n$`));
    });
  }
});

describe('a driver', () => {
  test('of the project counts, else one beside this package', () => {
    const folder = enterProject('postgres');
    expect(findDriver('PostgreSQL', ['pg', 'postgres']).name).toBe('postgres');
    expect(findDriver('MySQL', ['mysql2/promise', 'mariadb']).name).toBe('mysql2/promise');
    expect(() => findDriver('PostgreSQL', ['no-such-driver', 'nor-this/one'])).toThrow(
      `there is no driver for PostgreSQL in ${folder}: run the command in your project, or ` +
        '`npm install no-such-driver` or `npm install nor-this` there',
    );
  });

  test('that does not load is told', async () => {
    enterBrokenProject('pg');
    const { code, err } = await cliOf(`postgres://${NOWHERE}/db`)('list --user ann');
    expect(code).toBe(1);
    expect(err).toContain('error: the installed driver pg does not load: install it again for this version of Node ');
    expect(err).toContain('cause: compiled for another Node\n');
  });
});

test.skipIf(places.get('postgres') === null)('doctor finds tables that are not there, and makes none', async () => {
  const url = new URL(places.get('postgres')?.url ?? '');
  url.searchParams.set('schema', `nothing_here_${process.pid}`);
  for (let time = 0; time < 2; time++) {
    const { code, out, err } = await cliOf(url.href)('doctor --json --timeout 1m');
    const { problems, latency, findings } = JSON.parse(out);
    expect([code, err, problems, latency]).toEqual([1, '', 2, null]);
    expect(findings).toContainEqual({
      ...{ subject: 'latency', level: 'problem', found: 'a look-up fails: SESSION_STORE_NOT_SET_UP', advice: null },
    });
  }
});

describe.skipIf(places.get('mysql') === null)('a login that is wrong', () => {
  test.each(['mysql2', 'mariadb'])('is told, by %s, without the password', async (driver) => {
    enterProject(driver);
    const url = new URL(places.get('mysql')?.url ?? '');
    Object.assign(url, { username: 'nobody-of-that-name', password: 'hush-hush' });
    const { code, err } = await cliOf(url.href)('list --user ann --timeout 1m');
    expect(code).toBe(1);
    expect(err).toContain('Access denied');
    expect(err).not.toMatch(/hush/);
  });
});
