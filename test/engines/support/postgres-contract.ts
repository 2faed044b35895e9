import { type StoreContractOptions, storeContract } from 'session-revocation/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Connect, type Connected, newName } from './postgres-clients.ts';

const POWERS = ['audit', 'outbox', 'policies', 'transactions', 'diagnosis', 'changes'] as const;

/** Timeout of a case, in ms. Many times as long as the longest case takes. */
const TEST_TIMEOUT = 600_000;

/** How to run the contract over a client. */
interface Playing {
  readonly interleavings: number;
  /** Selects the cases to run. Default: all. */
  readonly only?: (id: string) => boolean;
  /** Cases to leave out, each with a reason. */
  readonly skip?: StoreContractOptions['skip'];
}

/** Runs the contract over a client, in a schema of its own. The rows of each case are deleted after it. */
export function postgresContract(name: string, url: string | null, connect: Connect, playing: Playing): void {
  describe.skipIf(url === null)(name, () => {
    const schema = newName();
    let connected: Connected;
    beforeAll(async () => {
      connected = await connect(url ?? '');
    }, TEST_TIMEOUT);
    afterAll(async () => {
      await connected.exec(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await connected.close();
    }, TEST_TIMEOUT);
    const create: StoreContractOptions['create'] = () => ({
      store: connected.store({ schema }),
      second: () => connected.store({ schema, batch: false }),
      begin: () => connected.begin(),
      dispose: () =>
        connected.exec(
          ['sessions', 'epochs', 'audit', 'outbox', 'policies'].map((of) => `DELETE FROM ${schema}.${of};`).join(''),
        ),
    });
    const { interleavings, only = () => true, skip = {} } = playing;
    for (const { id, title, skip: reason, run } of storeContract({ create, interleavings, powers: POWERS, skip })) {
      if (only(id)) test.skipIf(reason !== null)(`${id}: ${title}`, run, TEST_TIMEOUT);
    }
  });
}

const HELD = 'PGlite has one connection: nobody else is answered while a transaction is open';
/** Cases that need a second connection while a transaction is open. */
export const ONE_CONNECTION: StoreContractOptions['skip'] = Object.fromEntries(
  [
    ...['commit', 'older-snapshot', 'read', 'password-changed', 'password-unchanged'].map(
      (what) => `transactions/${what}`,
    ),
    ...['changes/commit', 'outbox/in-transaction'],
  ].map((id) => [id, HELD]),
);
