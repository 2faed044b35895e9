import assert from 'node:assert/strict';
import type { Bench } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import type { Power } from '../harness/contract-store.ts';

function declares({ store, powers }: Bench, power: Power): void {
  const declared = store.powers?.[power] !== undefined && store.powers[power] !== null;
  const claimed = powers.includes(power);
  assert.equal(declared, claimed, `the adapter ${claimed ? 'claims' : 'does not claim'} the power ${power}`);
}

export const powers: readonly CaseDefinition[] = [
  ...define('audit', {
    declared: {
      title: 'MUST declare that it keeps the audit log where the adapter claims that, and only there',
      run: async (bench) => declares(bench, 'audit'),
    },
  }),
  ...define('outbox', {
    declared: {
      title: 'MUST declare that it queues messages where the adapter claims that, and only there',
      run: async (bench) => declares(bench, 'outbox'),
    },
  }),
  ...define('policies', {
    declared: {
      title: 'MUST declare that it keeps policies where the adapter claims that, and only there',
      run: async (bench) => declares(bench, 'policies'),
    },
  }),
  ...define('transactions', {
    declared: {
      title: 'MUST declare that it writes in a transaction where the adapter claims that, and only there',
      run: async (bench) => declares(bench, 'transactions'),
    },
  }),
  ...define('diagnosis', {
    declared: {
      title: 'MUST declare that it says how the engine stands where the adapter claims that, and only there',
      run: async (bench) => declares(bench, 'diagnosis'),
    },
  }),
  ...define('changes', {
    declared: {
      title: 'MUST declare that it tells what changed where the adapter claims that, and only there',
      run: async (bench) => declares(bench, 'changes'),
    },
  }),
];
