/**
 * The contract of a session store, for authors of adapters: every sentence of the port, and the invariants of the core
 * over it, as cases for any test runner.
 *
 * An adapter's whole test, here with `node:test`:
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
import { createSessions } from '../sessions.ts';
import { administration } from './administration.ts';
import { aliasing } from './aliasing.ts';
import { auditErasing } from './audit-erasing.ts';
import { auditEvents } from './audit-events.ts';
import { auditPages } from './audit-pages.ts';
import { auditWriting } from './audit-writing.ts';
import { contention } from './contention.ts';
import { bind, type CaseDefinition, type ContractCase, type StoreContractOptions } from './contract.ts';
import { diagnosis } from './diagnosis.ts';
import { endings } from './endings.ts';
import { epochs } from './epochs.ts';
import { expiry } from './expiry.ts';
import { failure } from './failure.ts';
import { fences } from './fences.ts';
import { isolation } from './isolation.ts';
import { keeping } from './keeping.ts';
import { lifecycle } from './lifecycle.ts';
import { limits } from './limits.ts';
import { listing } from './listing.ts';
import { loss } from './loss.ts';
import { policies, policiesLogged } from './policies.ts';
import { powers } from './powers.ts';
import { pruning } from './pruning.ts';
import { races } from './races.ts';
import { renewal } from './renewal.ts';
import { retention } from './retention.ts';
import { revocation } from './revocation.ts';
import { rotation } from './rotation.ts';
import { secrets } from './secrets.ts';
import { text } from './text.ts';
import { transactions } from './transactions.ts';
import { users } from './users.ts';
import { usesAndEnds } from './uses-and-ends.ts';

export type {
  Concern,
  ContractCase,
  ContractStore,
  OpenTransaction,
  Power,
  StoreContractOptions,
} from './contract.ts';

/**
 * Every case, bound to no store yet.
 * @internal
 */
export const DEFINITIONS: readonly CaseDefinition[] = [
  ...[lifecycle, usesAndEnds, listing, renewal, rotation, expiry, epochs, text],
  ...[revocation, keeping, fences, isolation, aliasing, limits, contention, races, endings],
  ...[loss, pruning, retention, secrets, failure, users, administration],
  ...[powers, auditWriting, auditPages, auditErasing, auditEvents, policies, policiesLogged],
  ...[transactions, diagnosis],
].flat();

/**
 * The contract of a session store, case by case. Each case makes a store of its own, so they may run in any order.
 * @throws `TypeError` where `skip` names a case that there is not, or gives no reason.
 */
export const storeContract = (options: StoreContractOptions): readonly ContractCase[] =>
  bind(DEFINITIONS, options, createSessions);
