import { kindOf } from '../lib/input.ts';

/** The store for each database client, recognised by methods that only this client has. No driver is imported. */
const CLIENTS: readonly (readonly [store: string, can: readonly string[]])[] = [
  ['redisStore(client)', ['call', 'pipeline']],
  ['redisStore(client)', ['sendCommand', 'MULTI']],
  ['sqliteStore(database)', ['prepare', 'exec']],
  ['mysqlStore(pool)', ['getConnection']],
  ['mysqlStore(connection)', ['beginTransaction', 'query']],
  // After the MySQL entries, because MySQL clients have these methods too.
  ['postgresStore(client)', ['query', 'connect']],
  ['postgresStore(fromPostgresJs(sql))', ['unsafe', 'begin']],
];

export function storeFor(client: unknown): string | null {
  if ((typeof client !== 'object' && typeof client !== 'function') || client === null) return null;
  const can = (name: string): boolean => typeof Reflect.get(client, name) === 'function';
  const [store = null] = CLIENTS.find(([, verbs]) => verbs.every(can)) ?? [];
  // Only pg's Pool has `totalCount`; its Client does not.
  return store === 'postgresStore(client)' && 'totalCount' in client ? 'postgresStore(pool)' : store;
}

/**
 * Refuses the client of another database.
 * @param factory the name of the store's function, such as `postgresStore`.
 * @param client the value that the caller passed. An unknown client is not refused here.
 * @throws `TypeError` that names the right store.
 */
export function refuseOther(factory: string, client: unknown): void {
  const store = storeFor(client);
  if (store !== null && !store.startsWith(factory))
    throw new TypeError(`it was given the client of another database: use ${store}`);
}

const CHOICE =
  "For one process or machine: sqliteStore('sessions.db'). For a server: postgresStore(pool), mysqlStore(pool) or " +
  'redisStore(client)';

const STORE_VERBS = [
  ...['readEpochs', 'ensureEpochs', 'add', 'find', 'list', 'touch', 'renew', 'end', 'advance'],
  ...['listUsers', 'memberships', 'deleteSessions', 'prune'],
];

export function refuseClient(store: unknown): void {
  const maker = storeFor(store);
  if (maker !== null) throw new TypeError(`store is the client of a database: make a store of it, store: ${maker}`);
  if (typeof store === 'function') throw new TypeError('store is a function: call it, such as store: memoryStore()');
}

/** The message never shows the value, because a URL holds a password. */
export function refuseNoStore(store: unknown): void {
  if (store === undefined || store === null) throw new TypeError(`store is missing; there is no default. ${CHOICE}`);
  const verb = STORE_VERBS.find((name) => typeof (store as Record<string, unknown>)[name] !== 'function');
  if (verb === undefined) return;
  refuseClient(store);
  if (typeof store === 'string') throw new TypeError(`store is a string, and must be a store. ${CHOICE}`);
  throw new TypeError(`store is ${kindOf(store)} without ${verb}(), and must be a store. ${CHOICE}`);
}
