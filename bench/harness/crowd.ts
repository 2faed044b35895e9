import { hash } from 'node:crypto';
import { Pool } from 'pg';
import { createSessions, type SessionStore } from 'session-revocation';
import type { SessionRecord } from 'session-revocation/adapter';
import { COLUMNS, rowOf } from '../../adapters/engines/sql/session-rows.ts';
import { type EpochRecord, formatEpoch } from '../../src/adapter.ts';
import { Session } from '../../src/model/session.ts';
import { formatToken, hashSecret, newVersion, userTag } from '../../src/model/token.ts';
import { type Place, queryPostgres } from '../../test/services/stores.ts';
import { SETTINGS, signIn } from './sign-in.ts';
import { sqliteDrivers } from './sqlite.ts';

/** Sessions of each user of a crowd. */
export const EACH = 5;
/** All sessions of a crowd have this secret, so that a token can be made for each of them. */
const SECRET = 'c'.repeat(43);
const RETENTION = 86_400_000;
/** Rows of a transaction, or of a round of commands. */
const BATCH = 500_000;

const idOf = (nth: number): string => hash('sha256', `id-${nth}`, 'base64url').slice(0, 22);
export const userOf = (nth: number): string => `user-${Math.floor(nth / EACH)}`;
/** The token of the nth session of a crowd. */
export const tokenOf = (nth: number): string =>
  formatToken({ id: idOf(nth), user: userTag('default', userOf(nth)), account: null }, SECRET);

/** A session and its user's record, of which a crowd is made. */
interface Template {
  readonly session: SessionRecord;
  readonly epoch: EpochRecord;
}

const nthSession = ({ session }: Template, nth: number): SessionRecord => {
  const user = userOf(nth);
  return { ...session, id: idOf(nth), user, userTag: userTag('default', user) };
};

/** Fills an empty place with sessions, by the shortest way that the engine has. The result is that of as many sign-ins. */
export async function fillCrowd(place: Place, store: SessionStore, count: number): Promise<void> {
  const sessions = createSessions({ store, ...SETTINGS });
  await sessions.setup();
  const started = Session.recordOf('session', (await signIn(sessions, 'template')).session);
  const [user] = await store.readEpochs([started.userTag]);
  if (!user) throw new Error('The user has no record.');
  const template = { session: { ...started, credential: hashSecret(SECRET) }, epoch: user.record };
  if (place.engine === 'sqlite') fillSqlite(place, template, count);
  else if (place.engine === 'postgres') await fillPostgres(place, template, count);
  else await fillByVerbs(store, template, count);
}

function fillSqlite({ url }: Place, template: Template, count: number): void {
  const [Driver] = Object.values(sqliteDrivers);
  if (Driver === undefined) throw new Error('There is no driver of SQLite.');
  const connection = new Driver(url);
  connection.exec('PRAGMA cache_size = -4000000; PRAGMA synchronous = OFF');
  const indexes = connection
    .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = 'sessions'`)
    .all() as readonly { readonly name: string; readonly sql: string }[];
  for (const { name } of indexes) connection.exec(`DROP INDEX ${name}`);
  const addSession = connection.prepare(
    `INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
  );
  const addEpoch = connection.prepare('INSERT INTO epochs (tag, record, version, keep_until) VALUES (?, ?, ?, ?)');
  const epoch = formatEpoch(template.epoch);
  for (let from = 0; from < count; from += BATCH) {
    connection.exec('BEGIN');
    for (let nth = from; nth < Math.min(count, from + BATCH); nth++) {
      const session = nthSession(template, nth);
      addSession.run(...rowOf(session));
      if (nth % EACH === 0) addEpoch.run(session.userTag, epoch, newVersion(), session.expiresAt);
    }
    connection.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  }
  for (const { sql } of indexes) connection.exec(sql);
  connection.exec('ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)');
  connection.close();
}

/** The server makes the rows itself. Indexes are built afterwards. */
async function fillPostgres({ url, space }: Place, { session, epoch }: Template, count: number): Promise<void> {
  const pool = new Pool({ connectionString: url });
  const { rows: indexes } = await pool.query<{ readonly name: string; readonly sql: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql FROM pg_index
     WHERE indrelid IN ('${space}.sessions'::regclass, '${space}.epochs'::regclass) AND NOT indisprimary`,
  );
  const { rows: columns } = await pool.query<{ readonly name: string }>(
    'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
    [space, 'sessions'],
  );
  await pool.end();
  const run = (text: string): Promise<unknown> => queryPostgres(url, text);
  for (const { name } of indexes) await run(`DROP INDEX ${name}`);

  // The same ids and tags as `tokenOf` makes.
  const digest = (text: string): string =>
    `left(translate(encode(sha256((${text})::bytea), 'base64'), '+/', '-_'), 22)`;
  const user = `'user-' || nth / ${EACH}`;
  const tag = digest(`'["user","default","' || ${user} || '"]'`);
  const changed: Record<string, string> = {
    ...{ id: 'made.id', user_tag: 'made.tag', user: user, credential: `'${session.credential}'` },
    key: 'hashtextextended(made.id, 0)',
  };
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const values = columns.map(({ name }) => changed[name] ?? `s."${name}"`).join(', ');
  for (let from = 0; from < count; from += BATCH) {
    const last = Math.min(count, from + BATCH) - 1;
    await run(
      `INSERT INTO ${space}.sessions (${names}) SELECT ${values} FROM ${space}.sessions s,
         (SELECT nth, ${digest(`'id-' || nth`)} AS id, ${tag} AS tag FROM generate_series(${from}, ${last}) nth) made
       WHERE s.id = '${session.id}'`,
    );
    await run(
      `INSERT INTO ${space}.epochs (version, keep_until, tag, record)
       SELECT nth, ${session.expiresAt}, ${tag}, '${formatEpoch(epoch)}' FROM generate_series(${from}, ${last}, ${EACH}) nth`,
    );
  }
  for (const { sql } of indexes) await run(sql);
  await run(`VACUUM ANALYZE ${space}.sessions`);
  await run(`VACUUM ANALYZE ${space}.epochs`);
  await run('CHECKPOINT');
}

async function fillByVerbs(store: SessionStore, template: Template, count: number): Promise<void> {
  const { createdAt: now, expiresAt: keepUntil } = template.session;
  const write = { now, retention: RETENTION, ending: [], keepUntil, audit: [] };
  const batch = 100 * EACH;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next += batch;
      const all = Array.from({ length: Math.min(batch, count - from) }, (_, more) => nthSession(template, from + more));
      const records = all
        .filter((_, at) => at % EACH === 0)
        .map(({ userTag: tag }) => ({ tag, create: template.epoch, version: newVersion(), keepUntil }));
      await store.ensureEpochs(records, now);
      for (const answer of await Promise.all(all.map((session) => store.add(session, write)))) {
        if (answer !== 'added') throw new Error(`add answered ${answer}`);
      }
    }
  };
  await Promise.all([worker(), worker()]);
}
