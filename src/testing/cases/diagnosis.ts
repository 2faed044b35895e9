import assert from 'node:assert/strict';
import { refOf } from '../../model/session.ts';
import { NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { addNew, endedAt, look, openRecords, person, same } from '../harness/records.ts';

const LEVELS = ['ok', 'warning', 'problem'];

/** The name of a realm that engines and encodings easily change. */
const STRANGE = 'Größe \u{1f30d} %_\\"\'';

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
    realms: {
      title: 'MUST name each realm that holds sessions once, and no other, where it names realms at all',
      async run({ store }) {
        const power = store.powers?.diagnosis;
        if (power?.realms === undefined) return;
        same(await power.realms(10), { realms: [], complete: true });
        // A record is not a session.
        await openRecords(store, person('eve', null, 'empty'));
        for (const one of [person('ann'), person('bob', 'acme'), person('ann', null, STRANGE)])
          await addNew(store, one);
        await addNew(store, person('ann'));
        await addNew(store, person('cron', null, 'endless'), { expiresAt: null, idle: null });
        const over = await addNew(store, person('ann', null, 'over'));
        await store.end(refOf(over), endedAt(NOW), []);
        const { realms, complete } = await power.realms(10);
        same([...realms].sort(), ['endless', 'over', 'shop', STRANGE].sort());
        assert.equal(complete, true, 'there are fewer users than it may look at');
      },
    },
    'realms-bounded': {
      title: 'MUST say that there may be other realms where it looked at fewer users than there are',
      async run({ store }) {
        const power = store.powers?.diagnosis;
        if (power?.realms === undefined) return;
        for (let at = 0; at < 20; at++) await addNew(store, person(`user-${at}`));
        same(await power.realms(3), { realms: ['shop'], complete: false });
        const { realms } = await power.realms(100);
        same(realms, ['shop']);
      },
    },
  },
  ['diagnosis'],
);
