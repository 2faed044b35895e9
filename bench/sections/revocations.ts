import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { Pool } from 'pg';
import { createSessions, type Session as PublicSession, type SessionStore } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { Session, type SessionRecord } from '../../src/model/session.ts';
import { newId } from '../../src/model/token.ts';
import { clearPlace, findPlace, type Place, queryMysql, queryPostgres } from '../../test/services/stores.ts';
import { openPlace } from '../harness/placed.ts';
import { type Contender, type Goal, type Race, race, type Section, type Work } from '../harness/section.ts';
import { SETTINGS, signIn } from '../harness/sign-in.ts';
import { copyInSqlite } from '../harness/sqlite-copies.ts';

const MANY = 100_000;
const [ONE_NAME, MANY_NAME] = ['everywhere, of 1 session', `everywhere, of ${MANY.toLocaleString('en')} sessions`];
const GOALS: readonly Goal[] = [{ of: MANY_NAME, to: ONE_NAME, atMost: 1.5 }];
const DAY = 86_400_000;

/** Adds copies of a session under other ids. */
type Crowd = (store: SessionStore, place: Place, template: SessionRecord) => Promise<unknown>;

const addEach: Crowd = async (store, _, template) => {
  let left = MANY - 1;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const write = { now: template.createdAt, retention: DAY, ending: [], keepUntil: null, audit: [] };
      const answer = await store.add({ ...template, id: newId() }, write);
      if (answer !== 'added') throw new Error(`add answered ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
};

const copyInPostgres: Crowd = async (_, { url, space }, { id }) => {
  await queryPostgres(
    url,
    `INSERT INTO ${space}.sessions SELECT (jsonb_populate_record(s,
       jsonb_build_object('id', nth || '-' || s.id, 'key', hashtextextended(nth || '-' || s.id, 0)))).*
     FROM ${space}.sessions s, generate_series(1, ${MANY - 1}) nth WHERE s.id = '${id}'`,
  );
  await queryPostgres(url, `VACUUM ANALYZE ${space}.sessions`);
};

const copyInMysql: Crowd = async (_, { url }, { id }) => {
  const pool = createPool(url);
  const [columns] = await pool.query(
    `SELECT column_name name, table_name place FROM information_schema.columns WHERE table_schema = DATABASE()
     AND table_name LIKE '%sessions' AND extra NOT LIKE '%GENERATED%' AND column_name <> 'id'`,
  );
  await pool.end();
  const [{ place = '' } = {}] = columns as { place?: string }[];
  const names = (columns as { name: string }[]).map(({ name }) => `\`${name}\``).join(', ');
  await queryMysql(
    url,
    `INSERT INTO ${place} (id, ${names})
     WITH RECURSIVE digits (digit) AS (SELECT 0 UNION ALL SELECT digit + 1 FROM digits WHERE digit < 9),
     numbers (nth) AS (SELECT a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit + 10000 * e.digit
       FROM digits a, digits b, digits c, digits d, digits e)
     SELECT CONCAT(nth, '-', id), ${names} FROM ${place}, numbers WHERE id = '${id}' AND nth < ${MANY - 1}`,
  );
};

interface Crowded {
  readonly place: Place;
  /** Token of the only session of its user. */
  readonly alone: string;
  /** Token of one of its user's many sessions. */
  readonly crowded: string;
}

async function fill(store: SessionStore, place: Place, crowd: Crowd): Promise<Crowded> {
  const sessions = createSessions({ store, ...SETTINGS });
  await sessions.setup();
  await signIn(sessions, 'one');
  const { token: alone } = await signIn(sessions, 'alone');
  let crowded = '';
  for (const user of ['many', 'crowded']) {
    const { session, token } = await signIn(sessions, user);
    await crowd(store, place, Session.recordOf('session', session));
    crowded = token;
  }
  return { place, alone, crowded };
}

const everywhere =
  (user: string): Contender<Crowded> =>
  async ({ place }) => {
    const { store, end } = openPlace(place);
    const sessions = createSessions({ store, ...SETTINGS, audit: true });
    const work: Work = async () => {
      if (!(await sessions.revoke({ user })).revoked) throw new Error('Nothing was revoked.');
    };
    return { work, stop: () => sessions.close().then(end) };
  };

const others =
  (user: string, token: (crowded: Crowded) => string): Contender<Crowded> =>
  async (crowded) => {
    const { store, end } = openPlace(crowded.place);
    const sessions = createSessions({ store, ...SETTINGS, audit: true });
    const verdict = await sessions.check(token(crowded));
    let kept = verdict.session as PublicSession;
    const work: Work = async () => {
      const outcome = await sessions.revoke({ user }, { keep: kept });
      if (outcome.kept === null) throw new Error('The session was not kept.');
      kept = outcome.kept;
    };
    return { work, stop: () => sessions.close().then(end) };
  };

const onEngine = (
  engine: Place['engine'],
  title: string,
  crowd: Crowd,
  floors: Readonly<Record<string, Contender<Crowded>>>,
): Race =>
  race<Crowded>({
    title,
    async prepare() {
      const place = await findPlace(engine);
      if (place === null) return null;
      const { store, end } = openPlace(place);
      const filled = await fill(store, place, crowd);
      await store.close?.();
      await end();
      return filled;
    },
    clear: ({ place }) => clearPlace(place),
    contenders: {
      ...floors,
      [ONE_NAME]: everywhere('one'),
      [MANY_NAME]: everywhere('many'),
      'others, of 1 session': others('alone', ({ alone }) => alone),
      [`others, of ${MANY.toLocaleString('en')} sessions`]: others('crowded', ({ crowded }) => crowded),
    },
    goals: [
      ...GOALS,
      { of: `others, of ${MANY.toLocaleString('en')} sessions`, to: 'others, of 1 session', atMost: 1.5 },
    ],
  });

/** The floor: writes a value, and a log entry with four indexes, like an entry of the audit log. */
const REDIS_FLOOR = `redis.call('SET', KEYS[1], ARGV[1]) redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
  for index = 1, 4 do redis.call('ZADD', KEYS[2] .. index, ARGV[2], ARGV[2]) end`;

const redisFloor: Contender<Crowded> = async ({ place: { url, space } }) => {
  const client = new Redis(url);
  const sha = (await client.script('LOAD', REDIS_FLOOR)) as string;
  const [record, entry] = ['x'.repeat(150), 'x'.repeat(300)];
  const work: Work = (nth) => client.evalsha(sha, 2, `${space}:floor`, `${space}:log`, record, nth, entry);
  return { work, stop: () => client.disconnect() };
};

const postgresFloor: Contender<Crowded> = async ({ place: { url, space } }) => {
  const pool = new Pool({ connectionString: url });
  await pool.query(`CREATE TABLE ${space}.floor (id text PRIMARY KEY, value text NOT NULL)`);
  await pool.query(`CREATE TABLE ${space}.floor_log (id text PRIMARY KEY, entry text NOT NULL)`);
  await pool.query(`INSERT INTO ${space}.floor VALUES ('one', 'x')`);
  const text = `WITH written AS (UPDATE ${space}.floor SET value = $1 WHERE id = 'one' RETURNING id)
    INSERT INTO ${space}.floor_log SELECT $2, $3 FROM written`;
  const entry = 'x'.repeat(300);
  const work: Work = (nth) => pool.query({ name: 'floor', text, values: ['x'.repeat(149) + nth, newId(), entry] });
  return { work, stop: () => pool.end() };
};

const mysqlFloor: Contender<Crowded> = async ({ place: { url } }) => {
  const pool = createPool(url);
  await pool.query('CREATE TABLE floor (id VARCHAR(20) PRIMARY KEY, value TEXT NOT NULL) ENGINE = InnoDB');
  await pool.query('CREATE TABLE floor_log (id VARCHAR(40) PRIMARY KEY, entry TEXT NOT NULL) ENGINE = InnoDB');
  await pool.query(`INSERT INTO floor VALUES ('one', 'x')`);
  const work: Work = async (nth) => {
    const connection = await pool.getConnection();
    await connection.query('START TRANSACTION');
    await connection.execute(`UPDATE floor SET value = ? WHERE id = 'one'`, ['x'.repeat(149) + nth]);
    await connection.execute('INSERT INTO floor_log VALUES (?, ?)', [newId(), 'x'.repeat(300)]);
    await connection.query('COMMIT');
    connection.release();
  };
  return { work, stop: () => pool.end() };
};

const inMemory =
  (user: string): Contender<unknown> =>
  async () => {
    const store = memoryStore();
    await fill(store, { engine: 'sqlite', url: '', space: '' }, addEach);
    const sessions = createSessions({ store, ...SETTINGS });
    return async () => {
      if (!(await sessions.revoke({ user })).revoked) throw new Error('Nothing was revoked.');
    };
  };

const BY_HAND = 'a value and a log entry, by hand';

const section: Section = {
  title: 'Signing out everywhere',
  about: `A revocation advances a counter, so it costs the same for any number of sessions. It is measured with its audit entry. Both the floor and a revocation
wait for the disk where the engine does.`,
  minutes: 3,
  races: [
    race({
      title: 'The memory store',
      contenders: { [ONE_NAME]: inMemory('one'), [MANY_NAME]: inMemory('many') },
      goals: GOALS,
    }),
    onEngine('sqlite', 'SQLite in a file', async (_, { url }, template) => copyInSqlite(url, template, MANY - 1), {}),
    onEngine('redis', 'Redis', addEach, { [BY_HAND]: redisFloor }),
    onEngine('postgres', 'Postgres', copyInPostgres, { [BY_HAND]: postgresFloor }),
    onEngine('mysql', 'MariaDB', copyInMysql, { [BY_HAND]: mysqlFloor }),
  ],
};
export default section;
