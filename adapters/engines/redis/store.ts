import { RecordCache } from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import { Journal } from './audit/journal.ts';
import type { Server } from './connection.ts';
import type { Context } from './context.ts';
import { Upkeep } from './indexes/upkeep.ts';
import type { Keys } from './keys.ts';
import { powersOf } from './powers.ts';
import { prune } from './prune.ts';
import { Readiness, type Tolerance } from './readiness.ts';
import { demandRights } from './rights.ts';
import type { Confirmation } from './standing.ts';
import { ensureEpochs, readEpochs } from './verbs/epochs.ts';
import { find, list } from './verbs/reads.ts';
import { SessionLocations } from './verbs/session-location.ts';
import { touch } from './verbs/touch.ts';
import { listUsers, memberships } from './verbs/users.ts';
import { add, advance, deleteSessions, end, renew } from './verbs/writes.ts';

interface Setting {
  readonly server: Server;
  readonly keys: Keys;
  readonly tolerance: Tolerance;
  readonly confirmation: Confirmation | null;
}

/** Each write is one script. */
export function createStore({ server, keys, tolerance, confirmation }: Setting): SessionStore {
  const records = new RecordCache();
  const readiness = new Readiness(server, keys, tolerance);
  const upkeep = new Upkeep(server, keys);
  const context: Context = {
    ...{ server, keys, confirmation, readiness, records, upkeep },
    locations: new SessionLocations(keys, records),
    journal: new Journal(server, keys),
  };
  const ask = <T>(question: () => Promise<T>): Promise<T> => readiness.ask(question);
  return {
    powers: powersOf(context),
    readEpochs: (tags) => ask(() => readEpochs(context, tags)),
    ensureEpochs: (requests, now) => ask(() => ensureEpochs(context, requests, now)),
    add: (session, write) => ask(() => add(context, session, write)),
    find: (realm, refs) => ask(() => find(context, realm, refs)),
    list: (realm, user, page) => ask(() => list(context, realm, user, page)),
    touch: (touches, now) => ask(() => touch(context, touches, now)),
    renew: (renewal) => ask(() => renew(context, renewal)),
    end: (ref, ended, audit) => ask(() => end(context, ref, ended, audit)),
    advance: (tag, change) => ask(() => advance(context, tag, change)),
    listUsers: (of, after, limit) => ask(() => listUsers(context, of, after, limit)),
    memberships: (user, after, limit) => ask(() => memberships(context, user, after, limit)),
    deleteSessions: (user, limit) => ask(() => deleteSessions(context, user, limit)),
    prune: (batch) => ask(() => prune(context, batch)),
    async setup() {
      readiness.requireOpen();
      await readiness.check();
      await demandRights(server, keys, confirmation);
      await readiness.mark();
    },
    async close() {
      readiness.close();
      await upkeep.background.settled();
    },
  };
}
