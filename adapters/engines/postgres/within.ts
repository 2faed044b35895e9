import type { SessionStore } from '../../../src/index.ts';
import { auditPower } from './audit.ts';
import { meaningOf } from './errors.ts';
import { policyPowerWithin } from './policies.ts';
import type { Ask } from './prepared.ts';
import type { Statements } from './statements.ts';
import type { Tables } from './tables.ts';
import { Verbs } from './verbs.ts';

/**
 * The verbs in a transaction of the caller's. `ask` asks there: nothing is tried again, since what failed once has failed
 * the whole transaction, and nothing is kept prepared, since a proxy that does not know it would fail it, too.
 */
export function storeWithin(ask: Ask, tables: Tables, statements: Statements): SessionStore {
  const meaningful: Ask = (statement, ...values) =>
    ask(statement, ...values).catch((error: unknown) => {
      throw meaningOf(error);
    });
  const verbs = new Verbs(meaningful, statements, true);
  return {
    powers: { audit: auditPower(tables, meaningful), policies: policyPowerWithin(tables, meaningful) },
    epochs: (requests) => verbs.epochs(requests),
    find: (realm, refs) => verbs.find(realm, refs),
    list: (realm, user, page) => verbs.list(realm, user, page),
    end: (ref, ended, audit) => verbs.end(ref, ended, audit),
    advance: (tag, advance) => verbs.advance(tag, advance),
    ...{ add: refuse('add'), touch: refuse('touch'), renew: refuse('renew') },
    ...{ users: refuse('users'), remove: refuse('remove'), prune: refuse('prune'), setup: refuse('setup') },
    close: () => {},
  };
}

const refuse = (verb: string) => (): never => {
  throw new TypeError(`${verb} does not run within a transaction; ask the store itself`);
};
