import { EpochCache } from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import { Journal } from './audit/journal.ts';
import { ChangeReader, type RedisChanges } from './changes/changes.ts';
import type { Server } from './connection.ts';
import type { Context } from './context.ts';
import { Upkeep } from './indexes/upkeep.ts';
import type { Keys } from './keys.ts';
import { powersOf } from './powers.ts';
import { prune } from './prune.ts';
import { Readiness } from './readiness.ts';
import type { Confirmation } from './replication.ts';
import { recordOwner, requireKeys, requireServers, setUp, type Tolerance } from './setup.ts';
import { ensureEpochs, readEpochs } from './verbs/epochs.ts';
import { find, list } from './verbs/reads.ts';
import { touch } from './verbs/touch.ts';
import { listUsers, memberships } from './verbs/users.ts';
import { add, advance, deleteSessions, end, renew } from './verbs/writes.ts';

interface Setting {
  readonly server: Server;
  readonly keys: Keys;
  readonly tolerance: Tolerance;
  readonly confirmation: Confirmation | null;
  /** `null` if the app does not configure the connections that tell changes. */
  readonly changes: RedisChanges | null;
}

/** Creates a store whose writes are one script each. */
export function createStore({ server, keys, tolerance, confirmation, changes: options }: Setting): SessionStore {
  const readiness = new Readiness(server, {
    async first() {
      // The first request also makes a cluster client find its nodes.
      const owner = await requireKeys(server, keys);
      await requireServers(server, tolerance);
      return owner !== null;
    },
    mark: async () => (await recordOwner(server, keys)) !== null,
  });
  const upkeep = new Upkeep(server, keys);
  const changes = options && new ChangeReader({ server, keys, confirmation, options });
  const context: Context = {
    ...{ server, keys, confirmation, readiness, upkeep, changes },
    epochs: new EpochCache(),
    journal: new Journal(server, keys),
  };
  const ready = <T>(method: () => Promise<T>): Promise<T> => readiness.ask(method);
  return {
    powers: powersOf(context),
    readEpochs: (tags) => ready(() => readEpochs(context, tags)),
    ensureEpochs: (requests, now) => ready(() => ensureEpochs(context, requests, now)),
    add: (session, write) => ready(() => add(context, session, write)),
    find: (realm, refs) => ready(() => find(context, realm, refs)),
    list: (realm, user, page) => ready(() => list(context, realm, user, page)),
    touch: (touches, now) => ready(() => touch(context, touches, now)),
    renew: (renewal) => ready(() => renew(context, renewal)),
    end: (ref, ended, audit) => ready(() => end(context, ref, ended, audit)),
    advance: (tag, change) => ready(() => advance(context, tag, change)),
    listUsers: (of, after, limit) => ready(() => listUsers(context, of, after, limit)),
    memberships: (user, after, limit) => ready(() => memberships(context, user, after, limit)),
    deleteSessions: (user, limit) => ready(() => deleteSessions(context, user, limit)),
    prune: (batch) => ready(() => prune(context, batch)),
    setup: () => setUp(context),
    async close() {
      readiness.close();
      changes?.close();
      await upkeep.background.settled();
    },
  };
}
