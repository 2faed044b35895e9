import { DAY, NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  add,
  addNew,
  anotherRecord,
  endedAt,
  look,
  person,
  recordOf,
  renewalOf,
  same,
  sessionOf,
  stored,
  versionOf,
} from '../harness/records.ts';

const ann = person('ann');

// Overwrites all writable members, down to the leaves. A frozen part may stay as it is.
function scribble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    scribble(Reflect.get(value, key));
    Reflect.set(value, key, 'scribbled');
  }
}

export const aliasing: readonly CaseDefinition[] = define('isolation', {
  'handed-in': {
    title: 'MUST not keep what is handed in by reference',
    async run({ store }) {
      const record = anotherRecord('created');
      const created = structuredClone(record);
      const request = { tag: ann.tags.user, create: record, version: 1, keepUntil: null };
      await store.ensureEpochs([request], NOW);
      scribble(request);
      same((await recordOf(store, ann.tags.user)).record, created);
      await recordOf(store, ann.tags.realm);

      const first = await add(store, sessionOf(ann));
      const session = sessionOf(ann);
      const asAdded = structuredClone(session);
      const write = {
        ifVersion: await versionOf(store, ann),
        ...{ now: NOW, retention: DAY, keepUntil: null, audit: [] },
        ending: [{ id: first.id, ended: endedAt(NOW), audit: [] }],
      };
      await store.add(session, write);
      scribble(session);
      scribble(write);
      same(await stored(store, asAdded), asAdded);
      same((await stored(store, first)).ended, endedAt(NOW));

      const renewal = renewalOf(structuredClone(asAdded), { attributes: { renewed: ['yes'] }, amr: ['hwk'] });
      const asRenewed = structuredClone(renewal.session);
      await store.renew(renewal);
      scribble(renewal);
      same(await stored(store, asAdded), asRenewed);

      const advanced = anotherRecord('advanced');
      const asAdvanced = structuredClone(advanced);
      const advance = {
        record: advanced,
        ifVersion: await versionOf(store, ann),
        now: NOW,
        keepUntil: null,
        audit: [],
      };
      await store.advance(ann.tags.user, advance);
      scribble(advance);
      same((await look(store, asAdded))?.epochs.user, asAdvanced);

      const [ref, ended] = [{ id: asAdded.id, user: ann.tags.user }, endedAt(NOW)];
      await store.end(ref, ended, []);
      scribble(ref);
      scribble(ended);
      same((await stored(store, asAdded)).ended, endedAt(NOW));
    },
  },
  'handed-out': {
    title: 'MUST not hand out what is its own',
    async run({ store }) {
      const annAtAcme = person('ann', 'acme');
      const session = await addNew(store, annAtAcme);
      await store.end({ id: session.id, user: ann.tags.user }, endedAt(NOW), []);
      const before = structuredClone(await look(store, session));
      scribble(await look(store, session));
      same(await look(store, session), before);
      const { found } = await store.list(ann.tags.realm, ann.tags.user, { ended: true, now: NOW, limit: 10 });
      scribble(found);
      same(await look(store, session), before);
      const { version } = await recordOf(store, ann.tags.user);
      const request = { tag: ann.tags.user, create: anotherRecord('x'), version: 1, keepUntil: null };
      scribble(await store.ensureEpochs([request], NOW));
      scribble(await store.readEpochs([ann.tags.user]));
      same(await recordOf(store, ann.tags.user), { record: before?.epochs.user, version });
      same(await look(store, session), before);
    },
  },
});
