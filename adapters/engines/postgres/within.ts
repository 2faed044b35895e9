import type { RecordCache } from '../../../src/adapter.ts';
import type { SessionStore } from '../../../src/index.ts';
import { auditPower } from './audit.ts';
import { meaningOf } from './errors.ts';
import type { Tables } from './names.ts';
import { policyPowerWithin } from './policies.ts';
import type { Ask } from './prepared.ts';
import type { Statements } from './statements/index.ts';
import { Verbs } from './verbs.ts';

/**
 * Returns the store's methods in a transaction of the caller; `ask` runs statements there. Nothing is retried, because
 * an error fails the whole transaction. Nothing is kept prepared, because a proxy that does not support it would fail
 * the transaction.
 */
export function storeWithin(ask: Ask, tables: Tables, statements: Statements, records: RecordCache): SessionStore {
  const meaningful: Ask = (statement, ...values) =>
    ask(statement, ...values).catch((error: unknown) => {
      throw meaningOf(error);
    });
  const verbs = new Verbs(meaningful, statements, records, true);
  return {
    powers: { audit: auditPower(tables, meaningful), policies: policyPowerWithin(tables, meaningful) },
    readEpochs: (tags) => verbs.readEpochs(tags),
    ensureEpochs: (requests) => verbs.ensureEpochs(requests),
    find: (realm, refs) => verbs.find(realm, refs),
    list: (realm, user, page) => verbs.list(realm, user, page),
    end: (ref, ended, audit) => verbs.end(ref, ended, audit),
    advance: (tag, advance) => verbs.advance(tag, advance),
    ...{ add: refuse('add'), touch: refuse('touch'), renew: refuse('renew') },
    ...{
      listUsers: refuse('listUsers'),
      memberships: refuse('memberships'),
      deleteSessions: refuse('deleteSessions'),
      prune: refuse('prune'),
      setup: refuse('setup'),
    },
    close: () => {},
  };
}

const refuse = (verb: string) => (): never => {
  throw new TypeError(`${verb} does not run within a transaction; ask the store itself`);
};
