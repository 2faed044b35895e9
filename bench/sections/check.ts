import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { sqliteStore } from 'session-revocation/sqlite';
import { withoutChanges } from '../../src/testing/harness/wrappers.ts';
import type { Place } from '../../test/services/stores.ts';
import { betterAuth, inMemory as keptInMemory } from '../contenders/better-auth.ts';
import { byHand } from '../contenders/by-hand.ts';
import { expressSession, ironSession, jose, jsonwebtoken, lucia } from '../contenders/peers-in-memory.ts';
import { onEngine, oursPlaced, type Placed, placed } from '../harness/placed.ts';
import { type Contender, type Goal, race, type Section } from '../harness/section.ts';
import { checkingAll, SETTINGS, signInMany } from '../harness/sign-in.ts';
import { sqliteDrivers } from '../harness/sqlite.ts';

const SESSIONS = 20_000;
/** Number of sessions in the SQLite races. All of them fit into a process's memory. */
const REMEMBERED = 5_000;
const FRESH = { freshness: { maxStaleness: '1s' } } as const;
/** A bound that is longer than a round of all contenders, so that memory does not expire by age between two turns. */
const FRESH_BY_AGE = { freshness: { maxStaleness: '5m' } } as const;

const onMemory =
  (options: object, withAccounts = false): Contender<unknown> =>
  async () => {
    const store = memoryStore();
    const sessions = createSessions({ store, ...SETTINGS, ...options });
    await sessions.setup();
    return checkingAll(sessions, await signInMany(sessions, SESSIONS, withAccounts));
  };

const FROM_MEMORY = 'ours, from memory (memory store)';

const inMemory = race({
  title: 'No server is asked',
  inFlight: [1, 32],
  clock: 'processor',
  contenders: {
    'by hand': byHand(SESSIONS),
    'ours, strict (memory store)': onMemory({}),
    'ours, strict, with accounts': onMemory({}, true),
    [FROM_MEMORY]: onMemory(FRESH_BY_AGE),
    'ours, from memory, with accounts': onMemory(FRESH_BY_AGE, true),
    'express-session, MemoryStore': expressSession,
    'lucia, a Map': lucia,
    'jsonwebtoken, HS256': jsonwebtoken,
    'jose, HS256': jose,
    'better-auth, cookie cache': betterAuth(keptInMemory, true, 1_000),
    // better-auth's memory adapter searches a list, so a large number of sessions would be unfair.
    'better-auth, memory adapter': betterAuth(keptInMemory, false, 100),
    'iron-session': ironSession,
  },
  goals: [
    { of: 'ours, strict (memory store)', to: 'by hand', atMost: 1.4 },
    { of: FROM_MEMORY, to: 'by hand', atMost: 1.3 },
    { of: FROM_MEMORY, to: 'express-session, MemoryStore', atMost: 1 / 6 },
    { of: FROM_MEMORY, to: 'jose, HS256', atMost: 1 / 50 },
    { of: FROM_MEMORY, to: 'better-auth, cookie cache', atMost: 1 / 300 },
  ],
});

const GOALS: readonly Goal[] = [{ of: 'ours, from memory', to: 'by hand', atMost: 1.3 }];

/**
 * While no other process writes, strict checks on SQLite are answered from memory. Its change log answers
 * synchronously.
 */
const onSqlite = Object.entries(sqliteDrivers).map(([name, Driver]) => {
  const open = ({ url }: Place) => ({ store: sqliteStore(new Driver(url)), end: async () => {} });
  return race<Placed>({
    title: `SQLite in a file (${name})`,
    clock: 'processor',
    ...placed(onEngine('sqlite'), REMEMBERED, { open }),
    contenders: {
      'by hand': byHand(REMEMBERED),
      'ours, strict': oursPlaced({}, open),
      'ours, strict, from the file': oursPlaced({}, open, withoutChanges),
      'ours, strict, remembering too few': oursPlaced({ freshness: { maxStaleness: 0, maxSessions: 1_000 } }, open),
      'ours, from memory': oursPlaced(FRESH, open),
    },
    goals: [...GOALS, { of: 'ours, strict', to: 'ours, strict, from the file', atMost: 0.5 }],
  });
});

const onRedis = race<Placed>({
  title: 'Redis (ioredis)',
  clock: 'processor',
  ...placed(onEngine('redis'), SESSIONS / 2),
  contenders: {
    'by hand': byHand(SESSIONS / 2),
    'ours, strict': oursPlaced({}),
    'ours, from memory': oursPlaced(FRESH),
  },
  goals: GOALS,
});

const section: Section = {
  title: 'A check in one process',
  about: `Each piece of work cuts a token out of a request's header and checks it, so that no string was seen before. 20,000 sessions (10,000 in Redis, 5,000 in SQLite)
take turns in random order. The floor hashes the secret (SHA-256), finds the session and its user in Maps, compares the hashes, both expiries and three
epochs.

Over SQLite and the memory store, strict checks are answered from memory as well, as long as no other process writes. A process remembers 100,000 sessions,
or \`maxSessions\`. If more take turns, some of the checks read the store.

"From memory" is \`freshness: { maxStaleness: '1s' }\`, and \`'5m'\` over the memory store: with less, what is remembered would be too old whenever a contender's
turn comes. \`MemoryStore\` of express-session waits for a turn of the event loop (\`setImmediate\`) at each look-up.`,
  minutes: 2,
  peers: true,
  races: [inMemory, ...onSqlite, onRedis],
};
export default section;
