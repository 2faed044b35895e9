/** Shares of the contract, for places that need not repeat the whole contract. */
import { includes } from '../ci-only.ts';

const STATEMENTS = [
  ...['lifecycle/add-then-find', 'lifecycle/add-ends-others', 'lifecycle/find-order', 'text/numbers'],
  ...[
    'renewal/changes',
    'listing/paging',
    'transactions/',
    'policies/set',
    'diagnosis/',
    'outbox/with-entry',
    'outbox/move',
  ],
];

/**
 * Returns whether a case covers the statements of a store. For clients that differ only in how they send statements.
 */
export const isOfStatements = (id: string): boolean => STATEMENTS.some((one) => id.startsWith(one));

/** Cases that replace the store's answers by wrong ones. They test the core, not the store. */
const WRONG_ANSWERS = /^failure\/malformed-|\/unavailable$/;

/** Returns whether a case belongs to the whole contract of a server in this run. */
export const isOfServer = (id: string): boolean =>
  includes('contract: wrong answers in the place of those of a server') || !WRONG_ANSWERS.test(id);

/**
 * Returns whether a case belongs to an ordinary run over a server. In that run, memory and SQLite run the whole
 * contract.
 */
export const isOfOrdinaryRun = (id: string): boolean => /^(races|changes)\//.test(id) || isOfStatements(id);
