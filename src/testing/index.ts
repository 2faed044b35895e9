/**
 * The contract of a session store, for authors of adapters. It covers every sentence of the port, and the core's
 * invariants over the store, as cases for any test runner.
 *
 * A complete adapter test, here with `node:test`:
 *
 * ```ts
 * import test from 'node:test';
 * import { memoryStore } from 'session-revocation/memory';
 * import { storeContract } from 'session-revocation/testing';
 *
 * for (const { id, title, skip, run } of storeContract({ create: () => ({ store: memoryStore() }) })) {
 *   test(`${id}: ${title}`, { skip: skip ?? false }, run);
 * }
 * ```
 * @module
 */
import { createSessions } from '../create-sessions.ts';
import { administration } from './cases/administration.ts';
import { aliasing } from './cases/aliasing.ts';
import { auditErasing } from './cases/audit-erasing.ts';
import { auditEvents } from './cases/audit-events.ts';
import { auditPages } from './cases/audit-pages.ts';
import { auditWriting } from './cases/audit-writing.ts';
import { changes, changesInTransactions } from './cases/changes.ts';
import { contention } from './cases/contention.ts';
import { diagnosis } from './cases/diagnosis.ts';
import { endings } from './cases/endings.ts';
import { epochs } from './cases/epochs.ts';
import { expiry } from './cases/expiry.ts';
import { failure } from './cases/failure.ts';
import { fences } from './cases/fences.ts';
import { isolation } from './cases/isolation.ts';
import { keeping } from './cases/keeping.ts';
import { lifecycle } from './cases/lifecycle.ts';
import { limits } from './cases/limits.ts';
import { listing } from './cases/listing.ts';
import { loss } from './cases/loss.ts';
import { memberships } from './cases/memberships.ts';
import { outbox, outboxInTransactions } from './cases/outbox.ts';
import { policies, policiesLogged } from './cases/policies.ts';
import { powers } from './cases/powers.ts';
import { pruning } from './cases/pruning.ts';
import { races } from './cases/races.ts';
import { renewal } from './cases/renewal.ts';
import { retention } from './cases/retention.ts';
import { revocation } from './cases/revocation.ts';
import { rotation } from './cases/rotation.ts';
import { secrets } from './cases/secrets.ts';
import { text } from './cases/text.ts';
import { transactions } from './cases/transactions.ts';
import { users } from './cases/users.ts';
import { usesAndEnds } from './cases/uses-and-ends.ts';
import { bind, type CaseDefinition, type ContractCase } from './harness/contract.ts';
import type { StoreContractOptions } from './harness/contract-store.ts';

export type { ContractCase } from './harness/contract.ts';
export type { ContractStore, OpenTransaction, Power, StoreContractOptions } from './harness/contract-store.ts';
export type { Concern } from './harness/told.ts';
export {
  type NotifierCase,
  type NotifierContractOptions,
  type NotifierPlace,
  notifierContract,
} from './notifier-contract.ts';

/**
 * All cases, not yet bound to a store.
 * @internal
 */
export const DEFINITIONS: readonly CaseDefinition[] = [
  ...[lifecycle, usesAndEnds, listing, renewal, rotation, expiry, epochs, text],
  ...[revocation, keeping, fences, isolation, aliasing, limits, contention, races, endings],
  ...[memberships, loss, pruning, retention, secrets, failure, users, administration],
  ...[powers, auditWriting, auditPages, auditErasing, auditEvents, policies, policiesLogged],
  ...[outbox, outboxInTransactions],
  ...[transactions, diagnosis, changes, changesInTransactions],
].flat();

/**
 * Returns the contract of a session store. Each case creates its own store, so cases may run in any order.
 * @param options how a case creates its store, which powers the store claims, and which cases it skips.
 * @throws `TypeError` if `skip` names an unknown case, or gives no reason.
 */
export const storeContract = (options: StoreContractOptions): readonly ContractCase[] =>
  bind(DEFINITIONS, options, createSessions);
