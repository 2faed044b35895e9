import { hash } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { realmTag } from 'session-revocation/adapter';
import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { redisStore } from 'session-revocation/redis';
import { type Opened, type Place, queryMysql, queryPostgres } from '../../test/services/stores.ts';
import { batching } from '../contenders/batching.ts';
import { betterAuthOnPostgres, betterAuthOnRedis } from '../contenders/better-auth.ts';
import { peer } from '../harness/peers.ts';
import { onEngine, oursPlaced, type Placed, placed } from '../harness/placed.ts';
import { type Contender, type Goal, race, type Section, type Work } from '../harness/section.ts';
import { plainSession, refOf } from '../harness/sign-in.ts';

const USERS = 10_000;
const IN_FLIGHT = [1, 32, 64];
const CONNECTIONS = 10;
/** Stands for a session's row. It has a typical length. */
const VALUE = 'x'.repeat(300);
const GOALS: readonly Goal[] = [
  { of: 'ours', to: 'by hand', atMost: 1.3 },
  { of: 'ours', to: 'by hand, batched', atMost: 1.3 },
];

const idOf = (token: string): string => refOf(token).id;
const nthOf = <Value>(values: readonly Value[], nth: number): Value => values[nth % values.length] as Value;

/** A check by hand. `ask` looks up one session, alone or in a batch. Every check also hashes the secret. */
const asking = (tokens: readonly string[], ask: (token: string) => Promise<unknown>): Work => {
  return async (nth) => {
    const token = nthOf(tokens, nth);
    hash('sha256', token.slice(-43), 'base64url');
    if ((await ask(token)) === undefined) throw new Error('The session was not found.');
  };
};

const redisKeys = (place: Place, token: string): string[] => {
  const { id, user } = refOf(token);
  const prefix = `${place.space}:`;
  return [`${prefix}{${realmTag('default')}}`, `${prefix}{${user}}`, `${prefix}{${user}}${id}`];
};

const withRedis =
  (work: (client: Redis, placed: Placed) => Work): Contender<Placed> =>
  async (placed) => {
    const client = new Redis(placed.place.url);
    return { work: work(client, placed), stop: () => client.disconnect() };
  };

const openRedis =
  (options: object) =>
  ({ url, space }: Place): Opened => {
    const client = new Redis(url);
    return { store: redisStore(client, { prefix: `${space}:`, ...options }), end: async () => client.disconnect() };
  };

async function connectRedis({ place }: Placed) {
  interface RedisStores {
    RedisStore: new (
      options: object,
    ) => { get(id: string): Promise<unknown>; set(id: string, value: object): Promise<void> };
  }
  const { RedisStore } = await peer<RedisStores>('connect-redis');
  // connect-redis supports no other client.
  const client = createClient({ url: place.url });
  await client.connect();
  const store = new RedisStore({ client, prefix: `${place.space}:connect:` });
  for (let nth = 0; nth < USERS; nth += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, more) => store.set(`${nth + more}`, plainSession(nth + more))));
  }
  const work: Work = async (nth) => {
    if (!(await store.get(`${nth % USERS}`))) throw new Error('The session was not found.');
  };
  return { work, stop: () => client.close() };
}

const onRedis = race<Placed>({
  title: 'Redis (ioredis)',
  inFlight: IN_FLIGHT,
  ...placed(onEngine('redis'), USERS),
  contenders: {
    'a bare GET': withRedis(
      (client, { place, tokens }) =>
        (nth) =>
          client.get(redisKeys(place, nthOf(tokens, nth))[2] ?? ''),
    ),
    'by hand': withRedis((client, { place, tokens }) =>
      asking(tokens, (token) => client.mget(redisKeys(place, token))),
    ),
    'by hand, batched': withRedis((client, { place, tokens }) => {
      const read = batching<string, unknown>(async (asked) => {
        const values = await client.mget(asked.flatMap((token) => redisKeys(place, token)));
        return asked.map((_, at) => values.slice(3 * at, 3 * at + 3));
      });
      return asking(tokens, read);
    }),
    ours: oursPlaced({}, openRedis({})),
    'ours, not batched': oursPlaced({}, openRedis({ batch: false })),
    // This store has the option `changes`.
    'ours, from memory': oursPlaced({ freshness: { maxStaleness: '1s' } }),
    'connect-redis': connectRedis,
    'better-auth': betterAuthOnRedis,
  },
  goals: [...GOALS, { of: 'ours', to: 'connect-redis', atMost: 1 }],
});

/** The tables that an expert would design for one app. The check joins a session, its user and the realm. */
const TABLES = (schema: string, text: string): readonly string[] => [
  `CREATE TABLE ${schema}hand_realms (realm ${text} PRIMARY KEY, epoch bigint NOT NULL)`,
  `CREATE TABLE ${schema}hand_users (id ${text} PRIMARY KEY, epoch bigint NOT NULL)`,
  `CREATE TABLE ${schema}hand_sessions (id ${text} PRIMARY KEY, realm ${text} NOT NULL, user_id ${text} NOT NULL, hash ${text} NOT NULL,
     expires_at bigint NOT NULL, idle bigint NOT NULL, last_used_at bigint NOT NULL, realm_epoch bigint NOT NULL,
     user_epoch bigint NOT NULL, device varchar(500) NOT NULL)`,
  `INSERT INTO ${schema}hand_realms VALUES ('default', 1)`,
];

const joined = (schema: string): string =>
  `SELECT s.*, r.epoch AS realm_now, u.epoch AS user_now FROM ${schema}hand_sessions s
   JOIN ${schema}hand_realms r ON r.realm = s.realm JOIN ${schema}hand_users u ON u.id = s.user_id`;

const rowsByHand = (tokens: readonly string[]) =>
  tokens.map((token) => {
    const { id, user } = refOf(token);
    return { id, user, session: [id, 'default', user, token.slice(-43), 9e15, 1e9, Date.now(), 1, 1, VALUE] };
  });

const withPool =
  (work: (pool: Pool, schema: string, placed: Placed) => Work): Contender<Placed> =>
  async (placed) => {
    const pool = new Pool({ connectionString: placed.place.url, max: CONNECTIONS });
    return { work: work(pool, `${placed.place.space}.`, placed), stop: () => pool.end() };
  };

const openPostgres =
  (options: object) =>
  ({ url, space }: Place): Opened => {
    const pool = new Pool({ connectionString: url, max: CONNECTIONS });
    return { store: postgresStore(pool, { schema: space, ...options }) as never, end: () => pool.end() };
  };

async function connectPgSimple({ place }: Placed) {
  interface Simple {
    get(id: string, done: (error: unknown, found: unknown) => void): void;
  }
  const { default: session } = await peer<{ default: object }>('express-session');
  const { default: connect } = await peer<{ default: (session: object) => new (options: object) => Simple }>(
    'connect-pg-simple',
  );
  const pool = new Pool({ connectionString: place.url, max: CONNECTIONS });
  const store = new (connect(session))({
    pool,
    schemaName: place.space,
    tableName: 'simple',
    pruneSessionInterval: false,
  });
  const work: Work = (nth) =>
    new Promise((resolve, reject) => {
      store.get(`${nth % USERS}`, (error, found) => (error || !found ? reject(error) : resolve(found)));
    });
  return { work, stop: () => pool.end() };
}

async function preparePostgres({ place: { url, space }, tokens }: Placed): Promise<void> {
  for (const text of TABLES(`${space}.`, 'text')) await queryPostgres(url, text);
  const pool = new Pool({ connectionString: url });
  const rows = rowsByHand(tokens);
  const users = JSON.stringify(rows.map(({ user }) => user));
  await pool.query(`INSERT INTO ${space}.hand_users SELECT value, 1 FROM json_array_elements_text($1)`, [users]);
  const columns = Array.from({ length: 10 }, (_, at) => (at >= 4 && at <= 8 ? `(row->>${at})::bigint` : `row->>${at}`));
  await pool.query(`INSERT INTO ${space}.hand_sessions SELECT ${columns.join(', ')} FROM json_array_elements($1) row`, [
    JSON.stringify(rows.map(({ session }) => session)),
  ]);
  await pool.query(
    `CREATE TABLE ${space}.simple (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`,
  );
  await pool.query(
    `INSERT INTO ${space}.simple SELECT nth, $1::json, now() + interval '30 days' FROM generate_series(0, $2::integer) nth`,
    [JSON.stringify(plainSession(0)), USERS - 1],
  );
  await pool.query('VACUUM ANALYZE');
  await pool.end();
}

const onPostgres = race<Placed>({
  title: 'Postgres (pg)',
  inFlight: IN_FLIGHT,
  ...placed(onEngine('postgres'), USERS, { more: preparePostgres }),
  contenders: {
    'a bare SELECT by key': withPool((pool, schema, { tokens }) => {
      const text = `SELECT * FROM ${schema}hand_sessions WHERE id = $1`;
      return (nth) => pool.query({ name: 'bare', text, values: [idOf(nthOf(tokens, nth))] });
    }),
    'by hand': withPool((pool, schema, { tokens }) => {
      const text = `${joined(schema)} WHERE s.id = $1`;
      return asking(tokens, async (token) => (await pool.query({ name: 'one', text, values: [idOf(token)] })).rows[0]);
    }),
    'by hand, batched': withPool((pool, schema, { tokens }) => {
      const text = `${joined(schema)} WHERE s.id = ANY ($1)`;
      const read = batching<string, unknown>(async (asked) => {
        const ids = asked.map(idOf);
        const { rows } = await pool.query({ name: 'some', text, values: [ids] });
        const found = new Map(rows.map((row) => [row.id, row]));
        return ids.map((id) => found.get(id));
      });
      return asking(tokens, read);
    }),
    ours: oursPlaced({}, openPostgres({})),
    'ours, not batched': oursPlaced({}, openPostgres({ batch: false })),
    'ours, from memory': oursPlaced({ freshness: { maxStaleness: '1s' } }, openPostgres({})),
    'connect-pg-simple': connectPgSimple,
    'better-auth': betterAuthOnPostgres,
  },
  goals: [...GOALS, { of: 'ours', to: 'connect-pg-simple', atMost: 1 }],
});

const mysqlPool = (url: string) => createPool({ uri: url, connectionLimit: CONNECTIONS });

const withMysql =
  (work: (pool: ReturnType<typeof mysqlPool>, placed: Placed) => Work): Contender<Placed> =>
  async (placed) => {
    const pool = mysqlPool(placed.place.url);
    return { work: work(pool, placed), stop: () => pool.end() };
  };

const openMysql =
  (options: object) =>
  ({ url }: Place): Opened => {
    const pool = mysqlPool(url);
    return { store: mysqlStore(pool, options) as never, end: () => pool.end() };
  };

async function prepareMysql({ place: { url }, tokens }: Placed): Promise<void> {
  for (const text of TABLES('', 'varbinary(64)')) await queryMysql(url, text);
  const pool = mysqlPool(url);
  const rows = rowsByHand(tokens);
  await pool.query('INSERT INTO hand_users VALUES ?', [rows.map(({ user }) => [user, 1])]);
  await pool.query('INSERT INTO hand_sessions VALUES ?', [rows.map(({ session }) => session)]);
  await pool.end();
}

const onMariadb = race<Placed>({
  title: 'MariaDB (mysql2)',
  inFlight: IN_FLIGHT,
  ...placed(onEngine('mysql'), USERS, { more: prepareMysql }),
  contenders: {
    'a bare SELECT by key': withMysql(
      (pool, { tokens }) =>
        (nth) =>
          pool.execute('SELECT * FROM hand_sessions WHERE id = ?', [idOf(nthOf(tokens, nth))]),
    ),
    'by hand': withMysql((pool, { tokens }) =>
      asking(tokens, async (token) => {
        const [rows] = await pool.execute(`${joined('')} WHERE s.id = ?`, [idOf(token)]);
        return (rows as unknown[])[0];
      }),
    ),
    'by hand, batched': withMysql((pool, { tokens }) => {
      const read = batching<string, unknown>(async (asked) => {
        const ids = asked.map(idOf);
        const [rows] = await pool.execute(`${joined('')} WHERE s.id IN (${ids.map(() => '?').join(', ')})`, ids);
        const found = new Map((rows as { id: Buffer }[]).map((row) => [row.id.toString(), row]));
        return ids.map((id) => found.get(id));
      });
      return asking(tokens, read);
    }),
    ours: oursPlaced({}, openMysql({})),
    'ours, not batched': oursPlaced({}, openMysql({ batch: false })),
    'ours, from memory': oursPlaced({ freshness: { maxStaleness: '1s' } }, openMysql({})),
  },
  goals: GOALS,
});

const onCluster = race<Placed>({
  title: 'Redis Cluster (ioredis)',
  inFlight: [1, 32],
  ...placed(onEngine('redis-cluster'), USERS / 5),
  contenders: {
    'a bare GET': async ({ place: { url, space }, tokens }) => {
      const client = new Cluster(url.split(','));
      const keys = tokens.map((token) => `${space}:{${refOf(token).user}}${idOf(token)}`);
      return { work: (nth) => client.get(nthOf(keys, nth)), stop: () => client.disconnect() };
    },
    ours: oursPlaced({}),
  },
});

const section: Section = {
  title: 'A check in a store',
  about: `A check asks the store for a session and the epochs of its scopes in one round trip. "By hand" asks the same question, and
"batched" joins the questions that are asked while two others are under way, as this library does.

Where it loses: one at a time, a check decodes the session and the records of its realm and its user. connect-redis parses one text, and
connect-pg-simple reads one row by its key. With many in flight, joined questions make up for it, except on MariaDB.`,
  minutes: 4,
  peers: true,
  races: [onRedis, onPostgres, onMariadb, onCluster],
};
export default section;
