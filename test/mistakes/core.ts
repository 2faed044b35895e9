import { createSessions, type SessionStore } from 'session-revocation';
import { adapterHandle } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { sqliteStore } from 'session-revocation/sqlite';
import { emptyData, referenceStore } from '../contract/reference-store.ts';
import { beginOn } from '../contract/reference-transaction.ts';
import { type Mistake, mistake, untyped } from './mistake.ts';

const create = untyped(createSessions);
const realm = createSessions({ store: memoryStore(), limit: { perUser: 3, overflow: 'refuse' } });
const sessions = untyped(realm);

async function signIn(user = 'ann') {
  const started = await realm.start({ user, fence: await realm.fence({ user }) });
  if (!started.ok) throw new Error(started.reason);
  return started;
}

const { session, token } = await signIn('known');
const [row] = (await realm.list({ user: 'known' })).sessions;
const fence = await realm.fence({ user: 'known' });

const data = emptyData();
const within = untyped(createSessions({ store: referenceStore(data) }).within(beginOn(data).transaction));

const { suspend: detached } = within;

const silent = (): SessionStore => ({
  ...plain(),
  find: () => new Promise(() => {}),
  readEpochs: () => new Promise(() => {}),
  ensureEpochs: () => new Promise(() => {}),
});
const closed = (): SessionStore => ({
  ...plain(),
  find: () => Promise.reject(new Error('Cannot use a pool after calling end on the pool')),
  readEpochs: () => Promise.reject(new Error('Cannot use a pool after calling end on the pool')),
  ensureEpochs: () => Promise.reject(new Error('Cannot use a pool after calling end on the pool')),
});
const lost = (): SessionStore => ({
  ...plain(),
  find: () => undefined as never,
  readEpochs: () => [],
  ensureEpochs: () => [],
});

/** Returns a store with own methods, so that a test can replace some of them. */
function plain(): SessionStore {
  const inner = memoryStore();
  return {
    powers: inner.powers,
    readEpochs: (...args) => inner.readEpochs(...args),
    ensureEpochs: (...args) => inner.ensureEpochs(...args),
    add: (...args) => inner.add(...args),
    find: (...args) => inner.find(...args),
    list: (...args) => inner.list(...args),
    touch: (...args) => inner.touch(...args),
    renew: (...args) => inner.renew(...args),
    end: (...args) => inner.end(...args),
    advance: (...args) => inner.advance(...args),
    listUsers: (...args) => inner.listUsers(...args),
    memberships: (...args) => inner.memberships(...args),
    deleteSessions: (...args) => inner.deleteSessions(...args),
    prune: (...args) => inner.prune(...args),
  };
}

const over = (store: SessionStore) => untyped(createSessions({ store, timeout: 20 }));
const OUTAGE = ['the session store', 'signs no user out'];

/** Mistakes in calls of `createSessions`. */
export const making: readonly Mistake[] = [
  mistake('passes no options', () => create(), 'createSessions({ store })', ['object', 'undefined']),
  mistake('forgets the store', () => create({}), 'createSessions({ store })', ['store is missing', 'sqliteStore(']),
  mistake('passes the store itself', () => create(memoryStore()), 'createSessions({ store })', [
    'createSessions({ store: ',
  ]),
  mistake('passes a factory that was not called', () => create({ store: memoryStore }), 'createSessions({ store })', [
    'store is a function',
    'call it',
  ]),
  mistake(
    'passes a promise of a store',
    () => create({ store: Promise.resolve(memoryStore()) }),
    'createSessions({ store })',
    ['store is a promise', 'await'],
  ),
  mistake(
    'passes the name of a file as the store',
    () => create({ store: 'sessions.db' }),
    'createSessions({ store })',
    ['store is a string', 'sqliteStore('],
  ),
  mistake(
    'passes the URL of a database as the store',
    () => create({ store: 'postgres://app:hunter2@db/shop' }),
    'createSessions({ store })',
    ['store is a string', 'postgresStore(pool)'],
    ['hunter2'],
  ),
  mistake('misspells an option', () => create({ store: memoryStore(), lifetimes: {} }), 'createSessions({ store })', [
    '"lifetimes"',
    'did you mean lifetime?',
  ]),
  mistake(
    'gives a lifetime as text',
    () => create({ store: memoryStore(), lifetime: '30d' }),
    'createSessions({ store })',
    ['lifetime must be an object', "{ absolute: '30d'"],
  ),
  mistake(
    'gives the idle lifetime in seconds',
    () => create({ store: memoryStore(), lifetime: { absolute: 3600, idle: 1800 } }),
    'createSessions({ store })',
    ['1800 ms', 'lifetime', 'touchEvery', "'30m'"],
  ),
  mistake(
    'writes a duration in words',
    () => create({ store: memoryStore(), retention: '30 days' }),
    'createSessions({ store })',
    ['retention is "30 days"', "'15m'"],
  ),
  mistake('gives a limit as a number', () => create({ store: memoryStore(), limit: 5 }), 'createSessions({ store })', [
    'limit must be an object',
    'perUser',
    'overflow',
  ]),
  mistake(
    'gives an unknown replacement',
    () => create({ store: memoryStore(), replace: 'device' }),
    'createSessions({ store })',
    ['replace is "device"', "'same-device'"],
  ),
  mistake(
    'gives the realm as a number',
    () => create({ store: memoryStore(), realm: 42 }),
    'createSessions({ store })',
    ['realm must be a string', 'not number'],
  ),
];

/** A valid notifier that does nothing. */
const notifier = { publish: () => {}, subscribe: () => () => {} };
const withFreshness = (freshness: object) => create({ store: memoryStore(), freshness });

export const freshness: readonly Mistake[] = [
  mistake(
    'lets knowledge become older than is allowed',
    () => withFreshness({ maxStaleness: '6m' }),
    'createSessions({ store })',
    ['freshness.maxStaleness is 360000 ms', 'allowed are 0 to 300000 ms'],
  ),
  mistake(
    'gives a notifier to a process that reads at every check',
    () => withFreshness({ maxStaleness: 0, notifier }),
    'createSessions({ store })',
    ['freshness.notifier needs a maxStaleness above 0', 'Leave the notifier out, or raise maxStaleness'],
  ),
  mistake('gives a notifier in place of a bound', () => withFreshness({ notifier }), 'createSessions({ store })', [
    'freshness needs maxStaleness',
    "write freshness: { maxStaleness: '1s' }",
  ]),
  mistake(
    'passes a client of a broker as the notifier',
    () => withFreshness({ maxStaleness: '1s', notifier: { send: () => {} } }),
    'createSessions({ store })',
    ['publish and subscribe', 'redisNotifier('],
  ),
  mistake(
    'lets one check go by older knowledge than the realm',
    () =>
      untyped(createSessions({ store: memoryStore(), freshness: { maxStaleness: '1s' } })).check(token, {
        maxStaleness: '2s',
      }),
    'sessions.check(token)',
    ['maxStaleness is 2000 ms', 'can only lower that of the realm, which is 1000 ms', 'or leave maxStaleness out'],
    [token],
  ),
];

export const using: readonly Mistake[] = [
  mistake('takes a fence for nobody', () => sessions.fence(), 'sessions.fence({ user })', [
    'must be an object, not undefined',
  ]),
  mistake('passes the user where an object is expected', () => sessions.fence('ann'), 'sessions.fence({ user })', [
    'must be an object, not string',
  ]),
  mistake('passes a numeric id of a user', () => sessions.fence({ user: 42 }), 'sessions.fence({ user })', [
    'user must be a string, not number',
    'String(',
  ]),
  mistake('passes an undefined user', () => sessions.fence({ user: undefined }), 'sessions.fence({ user })', [
    'user must be a string, not undefined',
  ]),
  mistake('calls the user userId', () => sessions.fence({ userId: 'ann' }), 'sessions.fence({ user })', [
    '"userId"',
    'did you mean user?',
  ]),
  mistake('starts without a fence', () => sessions.start({ user: 'ann' }), 'sessions.start({ user, fence })', [
    'fence is missing',
    'await sessions.fence({ user })',
  ]),
  mistake(
    'forgets to await the fence',
    () => sessions.start({ user: 'ann', fence: realm.fence({ user: 'ann' }) }),
    'sessions.start({ user, fence })',
    ['fence is a promise', 'await'],
  ),
  mistake(
    'starts with the fence of another user',
    () => sessions.start({ user: 'bob', fence }),
    'sessions.start({ user, fence })',
    ['fence was taken for another user'],
    [fence],
  ),
  mistake('ends a session without its user', () => sessions.end(session.id), 'sessions.end(id, { user })', [
    'must be an object, not undefined',
  ]),
  mistake(
    'passes a session where its id is expected',
    () => sessions.end(session, { user: 'known' }),
    'sessions.end(id, { user })',
    ['id must be a string', 'session.id'],
  ),
  mistake(
    'passes a token where an id is expected',
    () => sessions.end(token, { user: 'known' }),
    'sessions.end(id, { user })',
    ['id is a token', 'session.id'],
    [token],
  ),
  mistake('revokes a user by name alone', () => sessions.revoke('ann'), 'sessions.revoke(scope)', [
    '{ user }',
    '{ realm: true }',
  ]),
  mistake('revokes an undefined user', () => sessions.revoke({ user: undefined }), 'sessions.revoke(scope)', [
    'user of the scope is undefined',
  ]),
  mistake('revokes userId', () => sessions.revoke({ userId: 'ann' }), 'sessions.revoke(scope)', [
    '"userId"',
    'did you mean user?',
  ]),
  mistake('keeps a row of a list', () => sessions.revoke({ user: 'known' }, { keep: row }), 'sessions.revoke(scope)', [
    'keep must be the session',
    'row of a list',
    'sessions.check(token)',
  ]),
  mistake(
    'keeps a token',
    () => sessions.revoke({ user: 'known' }, { keep: token }),
    'sessions.revoke(scope)',
    ['keep must be the session', 'sessions.check(token)'],
    [token],
  ),
  mistake('keeps an id', () => sessions.revoke({ user: 'known' }, { keep: session.id }), 'sessions.revoke(scope)', [
    'keep must be the session',
    'not string',
  ]),
  mistake(
    'keeps what check gave, instead of its session',
    async () => sessions.revoke({ user: 'known' }, { keep: await realm.check(token) }),
    'sessions.revoke(scope)',
    ['keep must be the session', '.session'],
  ),
  mistake(
    'keeps a session in a whole account',
    () => sessions.revoke({ account: 'acme' }, { keep: session }),
    'sessions.revoke(scope)',
    ['keep goes with a user or a member'],
  ),
  mistake(
    'signs a token out',
    () => sessions.signOut(token),
    'sessions.signOut(session)',
    ['session must be', 'sessions.check(token)'],
    [token],
  ),
  mistake('signs nothing out', () => sessions.signOut(), 'sessions.signOut(session)', [
    'session must be',
    'not undefined',
  ]),
  mistake('lists a user by name alone', () => sessions.list('ann'), 'sessions.list({ user })', [
    'must be an object, not string',
  ]),
  mistake('limits a list by text', () => sessions.list({ user: 'ann' }, { limit: '10' }), 'sessions.list({ user })', [
    'limit is "10"',
    'whole numbers',
  ]),
  mistake(
    'misspells a trigger',
    () => sessions.trigger('passwordchanged', { user: 'ann' }),
    'sessions.trigger(name, { user })',
    ['"passwordchanged"', 'did you mean passwordChanged?'],
  ),
  mistake('triggers for nobody', () => sessions.trigger('passwordChanged'), 'sessions.trigger(name, { user })', [
    'must be an object',
  ]),
  mistake('renews a row of a list', () => sessions.renew(row), 'sessions.renew(session)', [
    'session must be',
    'row of a list',
  ]),
  mistake(
    'reauthenticates without a fence',
    () => sessions.reauthenticate(session, {}),
    'sessions.reauthenticate(session, { fence })',
    ['fence is missing'],
  ),
  mistake('asks for the log with a Date', () => sessions.audit({ since: new Date(0) }), 'sessions.audit()', [
    'since is a Date',
    'getTime()',
  ]),
  mistake(
    'ends idle sessions with a Date',
    () => sessions.endIdle({ user: 'ann', unusedFor: new Date(0) }),
    'sessions.endIdle({ user, unusedFor })',
    ['unusedFor is a Date', "'15m'"],
  ),
  mistake('prunes by a bare duration', () => sessions.startPruning('1h'), 'sessions.startPruning({ every })', [
    'must be an object, not string',
  ]),
  mistake(
    'adopts until a text',
    () => untyped(adapterHandle(realm)).adoption({ until: '2026-01-01' }),
    'adapterHandle(sessions).adoption({ until })',
    ['until must be a Date', 'new Date('],
  ),
  mistake(
    'listens to an event that there is not',
    () => sessions.on('session.end', () => {}),
    'sessions.on(event, listener)',
    ['"session.end"', 'did you mean session.ended?'],
  ),
  mistake(
    'sets a policy that the app does not store',
    () => sessions.setPolicy('acme', { signOut: 'everywhere' }),
    'sessions.setPolicy(account, policy)',
    ["policy: 'stored'", 'createSessions'],
  ),
  mistake(
    'works within a transaction on a store that has none',
    () => sessions.within({}),
    'sessions.within(transaction)',
    ['postgresStore', 'mysqlStore', 'after the commit'],
  ),
  mistake(
    'works within a transaction on SQLite',
    () => untyped(createSessions({ store: sqliteStore(':memory:') })).within({}),
    'sessions.within(transaction)',
    ['postgresStore', 'mysqlStore'],
  ),
  mistake(
    'misspells the scope of a revocation in a transaction',
    () => within.revoke({ users: 'ann' }),
    'sessions.within(transaction).revoke(scope)',
    ['"users"', 'did you mean user?'],
  ),
  mistake(
    'calls a trigger in a transaction that is none',
    () => within.trigger('passwordChange', { user: 'ann' }),
    'sessions.within(transaction).trigger(name, { user })',
    ['passwordChange'],
  ),
  mistake(
    'ends a session in a transaction by its token',
    () => within.end(token, { user: 'known' }),
    'sessions.within(transaction).end(id, { user })',
    ['token'],
    [token],
  ),
  mistake(
    'takes an act in a transaction off its object',
    () => detached({ user: 'ann' }),
    'sessions.within(transaction).suspend(scope)',
    ['detached'],
  ),
  mistake(
    'keeps a log in a store that has none',
    () => create({ store: { ...plain(), powers: {} }, audit: true }),
    'createSessions({ store })',
    ['audit', 'this store'],
  ),
  mistake(
    'calls a method without its object',
    () => {
      const { check } = realm;
      return check(token);
    },
    'sessions.check(token)',
    ['detached'],
    [token],
  ),
  mistake(
    'checks while the store is silent',
    () => over(silent()).check(token),
    'sessions.check(token)',
    [...OUTAGE, 'no answer within 20 ms', 'timeout'],
    [token],
  ),
  mistake(
    'takes a fence while the store is silent',
    () => over(silent()).fence({ user: 'ann' }),
    'sessions.fence({ user })',
    [...OUTAGE, 'no answer within 20 ms'],
  ),
  mistake('revokes while the store is silent', () => over(silent()).revoke({ user: 'ann' }), 'sessions.revoke(scope)', [
    'the session store',
    'no answer within 20 ms',
    'again',
  ]),
  mistake(
    'checks after the pool was closed',
    () => over(closed()).check(token),
    'sessions.check(token)',
    [...OUTAGE, 'cause'],
    [token],
  ),
  mistake(
    'checks with a broken adapter',
    () => over(lost()).check(token),
    'sessions.check(token)',
    ['makes no sense', 'storeContract'],
    [token],
  ),
  mistake(
    'takes a fence with a broken adapter',
    () => over(lost()).fence({ user: 'ann' }),
    'sessions.fence({ user })',
    ['makes no sense', 'storeContract'],
  ),
];
