import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createSessions, type SessionStore } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { redisStore } from 'session-revocation/redis';
import { startRedis } from '../../test/services/index.ts';
import { clearPlace, findPlace } from '../../test/services/stores.ts';
import { bytesInUse } from '../harness/heap.ts';
import { openPlace } from '../harness/placed.ts';
import { spreadOf } from '../harness/race.ts';
import type { Section, Table } from '../harness/section.ts';
import { SETTINGS, signIn } from '../harness/sign-in.ts';
import { digits } from '../harness/text.ts';

const USERS = 10_000;
const SESSIONS_EACH = 5;
const ALL = USERS * SESSIONS_EACH;
const STARTS = 15;

async function fill(store: SessionStore): Promise<void> {
  const sessions = createSessions({ store, ...SETTINGS });
  for (let round = 0; round < SESSIONS_EACH; round++) {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let nth = next++; nth < USERS; nth = next++) await signIn(sessions, `user-${nth}`);
    };
    await Promise.all(Array.from({ length: 32 }, worker));
  }
}

async function inMemory(): Promise<number> {
  const store = memoryStore();
  const before = bytesInUse();
  await fill(store);
  const after = bytesInUse();
  await store.close?.();
  return (after - before) / ALL;
}

/** Starts a private server, so that no other keys count. */
async function inRedis(): Promise<number> {
  const client = new Redis((await startRedis()).url);
  const memory = async (): Promise<number> =>
    Number(/used_memory_dataset:(\d+)/.exec(await client.info('memory'))?.[1]);
  const before = await memory();
  await fill(redisStore(client));
  const bytes = ((await memory()) - before) / ALL;
  client.disconnect();
  return bytes;
}

async function inPostgres(): Promise<number | null> {
  const place = await findPlace('postgres');
  if (place === null) return null;
  const { store, end } = openPlace(place);
  await fill(store);
  await end();
  const pool = new Pool({ connectionString: place.url });
  const { rows } = await pool.query(
    `SELECT pg_total_relation_size('${place.space}.sessions') + pg_total_relation_size('${place.space}.epochs') AS bytes`,
  );
  await pool.end();
  await clearPlace(place);
  return Number(rows[0].bytes) / ALL;
}

/** Bundles imports as an app does, without the package's dependencies. Returns sizes in bytes. */
async function bundle(entries: readonly string[]): Promise<{ minified: number; zipped: number }> {
  const contents = entries.map((entry, nth) => `export * as e${nth} from '${entry}';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: resolve('.'), loader: 'ts' },
    ...{ bundle: true, minify: true, write: false, platform: 'node', format: 'esm', target: 'node20' },
    external: ['jose', 'ua-parser-js', 'node:*', 'libsql', 'better-sqlite3', 'express', 'fastify', 'koa'],
  });
  const text = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: text.length, zipped: gzipSync(text).length };
}

const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'the core and the memory store': ['session-revocation', 'session-revocation/memory'],
  'the core, Express and Postgres': ['session-revocation', 'session-revocation/express', 'session-revocation/postgres'],
  'the core, Fastify and Redis': ['session-revocation', 'session-revocation/fastify', 'session-revocation/redis'],
  'the card for a list of devices': ['session-revocation/ui'],
};

async function bundles(): Promise<Table> {
  const rows: string[][] = [];
  for (const [name, entries] of Object.entries(IMPORTS)) {
    const { minified, zipped } = await bundle(entries);
    rows.push([name, digits(minified / 1024), digits(zipped / 1024)]);
  }
  return { title: 'Bundles', columns: ['imports', 'KB, minified', 'KB, gzipped'], rows };
}

/** Measures how long Node takes to start, with each import and without. */
function startUp(): Table {
  const start = (code: string): number => {
    const began = performance.now();
    execFileSync(process.execPath, ['--input-type=module', '--eval', code]);
    return performance.now() - began;
  };
  const codes: Record<string, string> = {
    'Node alone': '',
    'with express-session': "await import('express-session')",
    'with the core and the memory store':
      "await import('session-revocation'); await import('session-revocation/memory')",
    'with the core, Express and Postgres':
      "await import('session-revocation'); await import('session-revocation/express'); await import('session-revocation/postgres')",
  };
  const times = new Map(Object.keys(codes).map((name) => [name, [] as number[]]));
  for (let round = 0; round < STARTS; round++) {
    for (const [name, code] of Object.entries(codes)) times.get(name)?.push(start(code));
  }
  const alone = spreadOf(times.get('Node alone') ?? []).median;
  const rows = [...times].map(([name, took]) => {
    const { median } = spreadOf(took);
    return [name, digits(median), digits(median - alone)];
  });
  return { title: 'Start-up', columns: ['', 'ms', 'ms more'], rows };
}

/** Measures the package as npm would publish it. */
async function packed(): Promise<Table> {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ size, unpackedSize, entryCount }] = JSON.parse(output) as [
    { size: number; unpackedSize: number; entryCount: number },
  ];
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
  return {
    title: 'The package',
    columns: ['', ''],
    rows: [
      ['KB to download', digits(size / 1024)],
      ['KB on disk', digits(unpackedSize / 1024)],
      ['files', entryCount],
      ['dependencies', Object.keys(dependencies).join(', ')],
    ],
  };
}

const section: Section = {
  title: 'Sizes',
  about: `Memory per session is measured with ${ALL.toLocaleString('en')} sessions of ${USERS.toLocaleString('en')} users, all indexes and records included.`,
  minutes: 2,
  async tables() {
    // The figures of the package and its start-up come from `dist/`.
    execFileSync('npm', ['run', 'build', '--silent'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const postgres = await inPostgres();
    const stored: Table = {
      title: 'A session in a store',
      columns: ['', 'bytes'],
      rows: [
        ['the memory store', digits(await inMemory())],
        ['Redis', digits(await inRedis())],
        ...(postgres === null ? [] : [['Postgres', digits(postgres)]]),
      ],
    };
    return [stored, startUp(), await bundles(), await packed()];
  },
};
export default section;
