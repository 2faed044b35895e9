import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseStoreUrl } from '../../adapters/cli/stores/connect.ts';
import { temporaryFile } from '../engines/support/sqlite-files.ts';
import { cli, cliOf } from './support/cli.ts';
import { triedFile } from './support/people.ts';

describe('the URL of a store', () => {
  test.each([
    ['sqlite:sessions.db', 'sessions.db'],
    ['sqlite://sessions.db', 'sessions.db'],
    ['sqlite:///srv/sessions.db', '/srv/sessions.db'],
    ['file:sessions.db', 'sessions.db'],
    ['file:///srv/with%20space.db', '/srv/with space.db'],
    ['./sessions.db', './sessions.db'],
    ['/srv/sessions.db', '/srv/sessions.db'],
    [String.raw`C:\srv\sessions.db`, String.raw`C:\srv\sessions.db`],
  ])('%s is the file %s', (text, file) => {
    expect(parseStoreUrl(text)).toEqual({ engine: 'sqlite', file, name: `sqlite:${file}` });
  });

  test.each([
    [
      'postgres://ann:pw@h:1/db?schema=a%20b&sslmode=require',
      'postgres',
      'postgres://ann:pw@h:1/db?sslmode=require',
      { schema: 'a b' },
    ],
    ['postgresql://h/db', 'postgres', 'postgresql://h/db', {}],
    ['mysql://h/db?prefix=x_', 'mysql', 'mysql://h/db', { prefix: 'x_' }],
    ['mariadb://h/db', 'mysql', 'mariadb://h/db', {}],
    [
      'redis://h/3?prefix=p&replicas=1&allowEviction=true',
      'redis',
      'redis://h/3',
      { prefix: 'p', replicas: '1', allowEviction: 'true' },
    ],
    ['rediss://:pw@h', 'redis', 'rediss://:pw@h', {}],
  ])('%s is for %s', (text, engine, url, settings) => {
    const parsed = parseStoreUrl(text);
    expect(parsed).toMatchObject({ engine, settings });
    expect('url' in parsed && parsed.url.href).toBe(url);
    expect(parsed.name).not.toMatch(/pw|ann|sslmode/);
  });

  test('of a cluster has several hosts', () => {
    expect(parseStoreUrl('rediss+cluster://ann:p%40w@a:1,[::1]:2,c?prefix=p')).toEqual({
      engine: 'redis-cluster',
      nodes: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
        { host: 'c', port: 6379 },
      ],
      ...{ username: 'ann', password: 'p@w', tls: true, settings: { prefix: 'p' } },
      name: 'rediss+cluster://a:1,[::1]:2,c?prefix=p',
    });
  });

  test.each([
    [undefined, /^the store is missing: set SESSION_STORE_URL, or give --store/],
    ['', /^the store is missing/],
    ['mongodb://ann:hush-hush@h', /^SESSION_STORE_URL begins with the unknown scheme mongodb:/],
    ['postgres://ann:hush/hush@h/db', /^SESSION_STORE_URL is not a valid URL/],
    ['postgres://ann:hush%hush@h/db', /^SESSION_STORE_URL is not a valid URL/],
    ['redis://ann:hush-hush@h/abc', /^SESSION_STORE_URL does not name a database of Redis/],
    ['redis://ann:hush-hush@h/1/2', /^SESSION_STORE_URL does not name a database of Redis/],
    ['rediss://ann:hush-hush@h/-1', /^SESSION_STORE_URL does not name a database of Redis/],
    ['redis://ann:hush-hush@h?db=3', /^SESSION_STORE_URL does not name a database of Redis/],
    ['redis+cluster://', /^SESSION_STORE_URL is not a valid URL of a cluster/],
    ['redis+cluster://ann:hush-hush@', /^SESSION_STORE_URL is not a valid URL of a cluster/],
    ['sqlite:', /^SESSION_STORE_URL names no file/],
    ['sqlite::memory:', /^SESSION_STORE_URL is :memory:, which is empty/],
    ['file://elsewhere/sessions.db', /^SESSION_STORE_URL is a file: of another machine/],
  ])('%s is refused, and not quoted', async (text, message) => {
    const { code, out, err } = await cli(['list', '--user', 'ann'], { env: { SESSION_STORE_URL: text } });
    expect([code, out]).toEqual([2, '']);
    expect(err.replace(/^error: /, '')).toMatch(message);
    expect(err).not.toContain('hush');
  });

  test('of the command line counts, else that of the environment', async () => {
    const app = await triedFile();
    const env = { SESSION_STORE_URL: app.url };
    expect((await cli(['list', '--user', 'ann'], { env })).code).toBe(0);
    expect((await cli(['list', '--user', 'ann', '--store', '/nowhere/sessions.db'], { env })).code).toBe(1);
    expect(
      (await cli(['--store', app.url, 'list', '--user', 'ann'], { env: { SESSION_STORE_URL: '/nowhere/sessions.db' } }))
        .code,
    ).toBe(0);
  });
});

describe('setup', () => {
  test('makes a file, and leaves it as it is the next time', async () => {
    const file = temporaryFile();
    const run = cliOf(file);
    expect(await run('setup')).toMatchObject({
      code: 0,
      out: `sqlite:${file} is ready.\nbefore: there was no file\nnow:    version 1, up to date\nrealms: none\n`,
    });
    expect(existsSync(file)).toBe(true);
    expect(JSON.parse((await run('setup --json')).out)).toEqual({
      ...{ store: `sqlite:${file}`, ready: true, before: 'version 1, up to date', after: 'version 1, up to date' },
      realms: { realms: [], complete: true },
    });
    expect((await run('list --user ann')).code).toBe(0);
  });
});

describe('a file', () => {
  test.each(['list --user ann', 'doctor', 'revoke --user ann', 'prune', 'audit'])(
    'that is not there is made by no %s: its name may be misspelt',
    async (words) => {
      const file = temporaryFile();
      const { code, out, err } = await cliOf(file)(words);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain(
        `error: there is no file ${file} (SESSION_STORE_NOT_SET_UP)\nwhat to do: run \`session-rev`,
      );
      expect(existsSync(file)).toBe(false);
    },
  );

  test('that is a directory, not a regular file, or in a missing directory is misuse', async () => {
    const folder = dirname(temporaryFile());
    for (const [store, message] of [
      [
        folder,
        `--store names ${folder}, which is a directory: name a file in it, such as sqlite:${folder}/sessions.db`,
      ],
      ['/dev/null', '--store names /dev/null, which is not a regular file: use one, such as sqlite:sessions.db'],
    ] as const) {
      for (const words of ['list --user ann', 'setup', 'doctor']) {
        expect(await cliOf(store)(words), words).toEqual({ code: 2, out: '', err: `error: ${message}\n` });
      }
    }
    const missing = join(folder, 'no-such-directory');
    expect(await cliOf(join(missing, 'sessions.db'))('setup')).toEqual({
      ...{ code: 2, out: '' },
      err: `error: --store names a file in ${missing}, which does not exist: make the directory, or use another file\n`,
    });
  });

  test('that is damaged is told with its cause, and no other try is advised', async () => {
    const app = await triedFile();
    for (let at = 0; at < 50; at++) await app.start({ user: 'ann' });
    await app.close();
    const file = app.url.replace('sqlite:', '');
    const bytes = readFileSync(file);
    // Keeps the first page with the header, and overwrites the rest.
    writeFileSync(file, bytes.fill(0xff, 4096));
    const { code, err } = await cliOf(file)('list --user ann');
    expect(code).toBe(1);
    expect(err).toMatch(/\ncause: .*malformed/);
    expect(err).toContain('\nwhat to do: another attempt will not help: ');
  });

  test('that is not a database is reported with its cause, and not changed', async () => {
    const file = temporaryFile();
    writeFileSync(file, 'user,password\n'.repeat(1000));
    for (const words of ['list --user ann', 'doctor', 'setup', 'prune']) {
      const { code, out, err } = await cliOf(file)(words);
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(
        /^error: the file is no SQLite database, .* \(SESSION_STORE_NAME_CONFLICT\)\ncause: .*not a database/,
      );
      expect(err).toContain('\nwhat to do: ');
      expect(err).not.toContain('    at ');
    }
    expect((await cliOf(file)('list --user ann --debug')).err).toContain('    at ');
  });
});

describe('doctor', () => {
  test('tells how the store is and how fast it answers, and leaves nothing in the log', async () => {
    const app = await triedFile();
    const run = cliOf(app.url);
    const { code, out } = await run('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/^sqlite:.*\nLEVEL +SUBJECT +FOUND\nok +version +SQLite /);
    expect(out).toMatch(/50 look-ups, one after the other: p50 [\d.]+ ms, p95 [\d.]+ ms\n/);
    expect(out.endsWith('No problems found.\n')).toBe(true);
    const { problems, warnings, latency, findings, realm } = JSON.parse((await run('doctor --json --realm r')).out);
    expect({ problems, warnings, realm }).toEqual({ problems: 0, warnings: 0, realm: 'r' });
    expect(latency.p50).toBeLessThanOrEqual(latency.p95);
    for (const finding of findings) expect(Object.keys(finding)).toEqual(['subject', 'level', 'found', 'advice']);
    expect(JSON.parse((await run('audit --json')).out).entries).toEqual([]);
  });
});
