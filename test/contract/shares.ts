/** The shares of the contract that are played where a whole contract is played elsewhere. */
import { includes } from '../ci-only.ts';

const STATEMENTS = [
  ...['lifecycle/add-then-find', 'lifecycle/add-ends-others', 'lifecycle/find-order', 'text/numbers'],
  ...['renewal/changes', 'listing/paging', 'transactions/', 'policies/set', 'diagnosis/'],
];

/** Whether a case goes through the statements of a store, for clients that differ in how they send them. */
export const isOfStatements = (id: string): boolean => STATEMENTS.some((one) => id.startsWith(one));

/** Cases that replace the answers of the store by wrong ones: they try the core, and not the store. */
const WRONG_ANSWERS = /^failure\/malformed-|\/unavailable$/;

/** Whether a case belongs to the whole contract of a server, in this run. */
export const isOfServer = (id: string): boolean =>
  includes('contract: wrong answers in the place of those of a server') || !WRONG_ANSWERS.test(id);

/** Whether a case of a server belongs to an ordinary run, where memory and SQLite play the whole contract. */
export const isOfOrdinaryRun = (id: string): boolean => /^(races|changes)\//.test(id) || isOfStatements(id);
