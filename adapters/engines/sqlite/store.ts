import type { SessionStore } from '../../../src/index.ts';
import type { Context } from './context.ts';
import { powersOf } from './powers.ts';
import { prune } from './prune.ts';
import { Readiness, type Source } from './readiness.ts';
import { STEPS } from './schema.ts';
import { ensureEpochs, readEpochs } from './verbs/epochs.ts';
import { find, list } from './verbs/reads.ts';
import { touch } from './verbs/touch.ts';
import { listUsers, memberships } from './verbs/users.ts';
import { add, advance, deleteSessions, end, renew } from './verbs/writes.ts';

/** Creates a store. `steps` are the steps of the schema; tests pass those of a later version. */
export function createStore(source: Source, steps: readonly string[] = STEPS): SessionStore {
  const readiness = new Readiness(source, steps);
  const open = (): Context => readiness.open();
  return {
    powers: powersOf(open),
    readEpochs: (tags) => readEpochs(open(), tags),
    ensureEpochs: (requests) => ensureEpochs(open(), requests),
    add: (session, write) => add(open(), session, write),
    find: (realm, refs) => find(open(), realm, refs),
    list: (realm, user, page) => list(open(), realm, user, page),
    touch: (touches, now) => touch(open(), touches, now),
    renew: (renewal) => renew(open(), renewal),
    end: (ref, ended, audit) => end(open(), ref, ended, audit),
    advance: (tag, change) => advance(open(), tag, change),
    listUsers: (of, after, limit) => listUsers(open(), of, after, limit),
    memberships: (user, after, limit) => memberships(open(), user, after, limit),
    deleteSessions: (user, limit) => deleteSessions(open(), user, limit),
    prune: (batch) => prune(open(), batch),
    setup: () => void open(),
    close: () => readiness.close(),
  };
}
