import { Redis } from 'ioredis';
import { createPool } from 'mysql2';
import { Pool } from 'pg';
import { createSessions, isSessionError, type SessionStore } from 'session-revocation';
import { mysqlStore } from 'session-revocation/mysql';
import { postgresStore } from 'session-revocation/postgres';
import { redisStore } from 'session-revocation/redis';
import { sqliteStore } from 'session-revocation/sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Session, type SessionRecord } from '../../src/model/session.ts';
import { size } from '../ci-only.ts';
import { SEED, withSeed } from '../services/seed.ts';
import { clearPlace, findPlace, type Place } from '../services/stores.ts';
import { Dice } from '../src/freshness/simulation/world.ts';
import { drivers } from './support/sqlite-drivers.ts';

/** Rows to try per engine. `MALFORMED_ROWS=250000` tries a million on the four engines and prints the outcomes. */
const ROWS = Number(process.env.MALFORMED_ROWS ?? size('engines: malformed rows of each engine'));

/** The rows that a client returns when the store looks up one session. */
type Answer = unknown[][];

/** Sits between a store and its client, and can replace an answer. */
interface Tap {
  /** The server's last answer to a look-up. */
  seen: Answer;
  /** The answer that replaces the server's. With `null`, the server answers. */
  fixed: Answer | null;
}

/** Returns an object with some members replaced. Its own methods run on the object itself. */
const withMembers = <Target extends object>(target: Target, members: Partial<Record<keyof Target, unknown>>): Target =>
  new Proxy(target, {
    get(_, name) {
      if (name in members) return members[name as keyof Target];
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });

type Tapped = { readonly store: SessionStore; end(): unknown };

const ENGINES: Readonly<Record<'sqlite' | 'redis' | 'postgres' | 'mysql', (place: Place, tap: Tap) => Tapped>> = {
  sqlite({ url }, tap) {
    const connection = drivers[0]!.open(url);
    const prepare = (sql: string) => {
      const statement = connection.prepare(sql);
      if (!/WHERE s\.id = \?/.test(sql)) return statement;
      const get = (...values: never[]): unknown => {
        if (tap.fixed !== null) return tap.fixed[0];
        const row = statement.get(...values) as unknown[];
        tap.seen = [row];
        return row;
      };
      return withMembers(statement, { get });
    };
    return { store: sqliteStore(withMembers(connection, { prepare })), end: () => {} };
  },
  redis({ url, space }, tap) {
    const client = new Redis(url);
    const call = async (...command: [string, ...string[]]): Promise<unknown> => {
      if (command[0] !== 'MGET') return client.call(...command);
      if (tap.fixed !== null) return tap.fixed[0];
      const values = (await client.call(...command)) as unknown[];
      tap.seen = [values];
      return values;
    };
    const store = redisStore(withMembers(client, { call }), { prefix: `${space}:`, batch: false });
    return { store, end: () => client.disconnect() };
  },
  postgres({ url, space }, tap) {
    const pool = new Pool({ connectionString: url });
    const connect = (lend: (error: Error | undefined, lent: object | undefined) => void): void => {
      pool.connect((error, lent) => {
        const query = async (asked: { readonly name?: string }) => {
          const isLookUp = asked.name?.includes(' findOne ') === true;
          if (isLookUp && tap.fixed !== null) return { rows: tap.fixed };
          const result = (await lent?.query(asked as never)) as unknown as { readonly rows: Answer };
          if (isLookUp) tap.seen = result.rows;
          return result;
        };
        lend(error, lent && withMembers(lent, { query }));
      });
    };
    const store = postgresStore(withMembers(pool, { connect }) as never, { schema: space, batch: false });
    return { store: store as SessionStore, end: () => pool.end() };
  },
  mysql({ url }, tap) {
    type Done = (error: Error | null, rows: Answer) => void;
    interface Lent {
      execute(statement: { readonly sql: string }, values: unknown[], done: Done): unknown;
    }
    const pool = createPool(url);
    // The store recognizes connections by identity, so each connection has exactly one wrapper.
    const known = new WeakMap<object, Lent>();
    const tapped = (lent: Lent): Lent => {
      const execute: Lent['execute'] = (statement, values, done) => {
        const isLookUp = statement.sql.includes('s.credential');
        if (isLookUp && tap.fixed !== null) {
          const rows = tap.fixed;
          queueMicrotask(() => done(null, rows));
          return;
        }
        lent.execute(statement, values, (error, rows) => {
          if (isLookUp) tap.seen = rows;
          done(error, rows);
        });
      };
      const made = known.get(lent) ?? withMembers(lent, { execute });
      known.set(lent, made);
      return made;
    };
    const getConnection = (take: (error: Error | null, lent: Lent) => void): void => {
      pool.getConnection((error, lent) => take(error, tapped(lent as unknown as Lent)));
    };
    const store = mysqlStore(withMembers(pool, { getConnection }) as never, { batch: false });
    return { store: store as SessionStore, end: () => pool.promise().end() };
  },
};

const PIECES = [
  '',
  '\n',
  '\n\n',
  '"',
  ',',
  '\\',
  '{',
  '}',
  'null',
  '[]',
  '0',
  '-1',
  '9e999',
  'NaN',
  'x',
  '\u0000',
  '.',
];
const ODD: readonly unknown[] = [null, undefined, '', 'x', 0, 7, true, [], {}, Number.NaN, new Date(0)];

const textOf = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value));
const like = (value: unknown, text: string): unknown => (Buffer.isBuffer(value) ? Buffer.from(text, 'latin1') : text);

/**
 * Changes an answer in one place or in two. Most changes are inside a value: like a truncated value, or a value that
 * another version wrote.
 */
function mutated(answer: Answer, dice: Dice): Answer {
  const rows = answer.map((row) => [...row]);
  for (let times = 1 + dice.below(2); times > 0; times--) {
    const row = rows[dice.below(rows.length)] as unknown[];
    const at = dice.below(row.length);
    const value = row[at];
    const text = textOf(value);
    const [from, length] = [dice.below(text.length + 1), dice.below(dice.below(8) === 0 ? text.length + 1 : 3)];
    const piece = PIECES[dice.below(PIECES.length)] as string;
    const change = dice.below(10);
    if (change < 4) row[at] = like(value, text.slice(0, from) + piece + text.slice(from + length));
    else if (change < 6) row[at] = like(value, text.slice(0, from) + text.slice(from + 1 + length));
    else if (change === 6) row[at] = like(value, text.slice(0, from));
    else if (change === 7) row[at] = row[dice.below(row.length)];
    else if (change === 8) row.splice(at, dice.below(2), ...(dice.below(2) === 0 ? [] : [value]));
    else row[at] = ODD[dice.below(ODD.length)];
  }
  return rows;
}

/**
 * Returns the fields that decide whether a session is accepted, except its times. A session without an account has no
 * account stamps to compare.
 */
function judgedBy({ id, credential, userTag, accountTag, stamps, ended }: SessionRecord) {
  const { realm, user, account, member } = stamps;
  return { id, credential, userTag, accountTag, ended, realm, user, ...(accountTag !== null && { account, member }) };
}

describe(withSeed('a row that was changed in any way'), { timeout: 900_000 }, () => {
  test.each(Object.entries(ENGINES))(
    'is an outage or a refusal, unless what judges is still the same, on %s',
    async (engine, open) => {
      const place = await findPlace(engine as Place['engine']);
      if (place === null) return;
      onTestFinished(() => clearPlace(place));
      const tap: Tap = { seen: [], fixed: null };
      const { store, end } = open(place, tap);
      onTestFinished(async () => {
        tap.fixed = null;
        await store.close?.();
        await end();
      });
      // Removes the power `changes`, so that no check is answered from memory.
      const { changes: _, ...powers } = store.powers ?? {};
      const sessions = createSessions({ store: { ...store, powers }, touchEvery: '1d', timeout: '10m' });
      const signIn = async (user: string, account?: string) => {
        const fence = await sessions.fence({ user, account });
        const started = await sessions.start({ user, account, fence, ip: '192.0.2.1', attributes: { theme: 'dark' } });
        if (!started.ok) throw new Error(started.reason);
        return { token: started.token, record: Session.recordOf('session', started.session) };
      };
      const live = [await signIn('ann'), await signIn('bob', 'acme')];
      const dead = [await signIn('carl'), await signIn('dora', 'acme')];
      for (const user of ['carl', 'dora']) await sessions.revoke({ user });
      const people: { token: string; record: SessionRecord; isLive: boolean; answer: Answer }[] = [];
      for (const each of [...live, ...dead]) {
        const { ok } = await sessions.check(each.token);
        people.push({ ...each, isLive: ok, answer: tap.seen });
      }
      expect(people.map(({ isLive }) => isLive)).toEqual([true, true, false, false]);

      const dice = new Dice(SEED);
      const outcomes = { accepted: 0, refused: 0, outage: 0 };
      for (let nth = 0; nth < ROWS; nth++) {
        const { token, record, isLive, answer } = people[nth % people.length] as (typeof people)[number];
        tap.fixed = mutated(answer, dice);
        try {
          const { ok, session } = await sessions.check(token);
          if (!ok) {
            outcomes.refused++;
            continue;
          }
          outcomes.accepted++;
          // An accepted row must have kept every field that decides.
          const found = Session.recordOf('session', session);
          expect(isLive).toBe(true);
          expect(judgedBy(found)).toEqual(judgedBy(record));
          const { expiresAt, idle, lastUsedAt } = found;
          for (const time of [expiresAt ?? 0, idle ?? 0, lastUsedAt]) expect(Number.isFinite(time)).toBe(true);
        } catch (error) {
          if (!isSessionError(error)) throw new Error(`row ${nth}: ${JSON.stringify(tap.fixed)}`, { cause: error });
          expect(error.code, JSON.stringify(tap.fixed)).toMatch(/^SESSION_STORE_(UNAVAILABLE|UNSAFE|UNSUPPORTED)$/);
          outcomes.outage++;
        }
      }
      if (process.env.MALFORMED_ROWS !== undefined) console.log(engine, outcomes);
      expect(outcomes.outage).toBeGreaterThan(ROWS / 5);
      expect(outcomes.refused).toBeGreaterThan(0);
      expect(outcomes.accepted).toBeGreaterThan(0);
    },
  );
});
