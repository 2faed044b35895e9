import assert from 'node:assert/strict';
import { NOW } from './bench.ts';
import { type CaseDefinition, define } from './contract.ts';
import { addNew, look, person, same } from './ports.ts';

const LEVELS = ['ok', 'warning', 'problem'];

/** What a store says of its engine. */
export const diagnosis: readonly CaseDefinition[] = define(
  'diagnosis',
  {
    findings: {
      title: 'MUST say of each thing it looked at what it found, and of what is not well what to do',
      async run({ store }) {
        const power = store.powers?.diagnosis ?? assert.fail('it declares the power');
        const session = await addNew(store, person('ann'));
        const before = await look(store, session);
        const findings = await power.diagnose(NOW);
        assert.ok(findings.length > 0, 'it looked at something');
        for (const { subject, level, found, advice } of findings) {
          assert.ok(subject !== '' && found !== '', 'in words');
          assert.ok(LEVELS.includes(level), `a level, not ${level}`);
          assert.equal(advice === null, level === 'ok', `advice where it is not well: ${subject}`);
        }
        same(await look(store, session), before, 'nothing was changed');
      },
    },
  },
  ['diagnosis'],
);
