import assert from 'node:assert/strict';
import type { AccessEvent } from '../../events/access-event.ts';
import type { SessionRecord } from '../../model/session.ts';
import type { AuditRecord, OutboxMessage, OutboxPower } from '../../store/powers.ts';
import type { SessionStore } from '../../store/store.ts';
import { logOf, policiesOf, recordAbout } from '../harness/audit-entries.ts';
import { DAY, NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { allFail, answering, DOWN, NONSENSE, type Operations } from '../harness/outage.ts';
import { signIn } from '../harness/people.ts';
import {
  addNew,
  anotherRecord,
  endedAt,
  newHash,
  nth,
  type Person,
  person,
  plainWrite,
  recordOf,
  renewalOf,
  same,
  sessionOf,
  versionOf,
} from '../harness/records.ts';
import { TEXTS } from '../harness/texts.ts';

const ann = person('ann', 'acme');
const elsewhere = person('ann', 'acme', 'desk');
const user = ann.tags.user;
const realm = ann.tags.realm;

function outboxOf({ powers }: SessionStore): OutboxPower {
  assert.ok(powers?.outbox, 'the store declares the power outbox');
  return powers.outbox;
}

/** An entry with a message for each of these queues. */
function queued(queues: readonly string[], about: Person = ann, body = 'told', keepUntil?: number): AuditRecord {
  return { ...recordAbout(about, {}, keepUntil), message: { queues, body } };
}

/** Reads a queue page by page. */
async function readQueue(
  store: SessionStore,
  queue = 'crm',
  { of = realm, limit = 100 }: { readonly of?: string; readonly limit?: number } = {},
): Promise<readonly OutboxMessage[]> {
  const messages: OutboxMessage[] = [];
  let after: string | null = null;
  do {
    assert.ok(messages.length < 10_000, 'a queue comes to an end');
    const page: Awaited<ReturnType<OutboxPower['read']>> = await outboxOf(store).read({
      ...{ realm: of, queue, after, limit },
    });
    assert.ok(page.messages.length <= limit, 'a page is not longer than asked');
    assert.ok(page.after === null || page.messages.length > 0, 'a page that is not the last one has messages');
    messages.push(...page.messages);
    ({ after } = page);
  } while (after !== null);
  return messages;
}

const idsIn = async (store: SessionStore, queue?: string): Promise<readonly string[]> =>
  (await readQueue(store, queue)).map(({ id }) => id);

const idsOf = (records: readonly AuditRecord[]): readonly string[] => records.map(({ entry }) => entry.id);

type Write = (store: SessionStore, session: SessionRecord, audit: readonly AuditRecord[]) => Promise<unknown>;

/** Writes that take effect. */
const WRITES: Readonly<Record<string, Write>> = {
  add: async (store, _, audit) => store.add(sessionOf(ann), plainWrite({ audit })),
  renew: async (store, session, audit) => store.renew(renewalOf(session, {}, { audit })),
  end: async (store, session, audit) => store.end({ id: session.id, user }, endedAt(NOW), audit),
  advance: async (store, { id, credential: ifCredential }, audit) => {
    const ifVersion = await versionOf(store, ann);
    const initiator = { id, ifCredential, credential: newHash(), serial: 1 };
    return store.advance(user, { record: anotherRecord('x'), ifVersion, now: NOW, keepUntil: null, initiator, audit });
  },
  'the ending of another': async (store, { id }, audit) =>
    store.add(sessionOf(ann), plainWrite({ ending: [{ id, ended: endedAt(NOW), audit }] })),
  append: async (store, _, audit) => logOf(store).append(audit),
};

/** Writes that do not take effect. */
const REFUSED: Readonly<Record<string, Write>> = {
  add: async (store, { id }, audit) => store.add(sessionOf(ann, { id }), plainWrite({ audit })),
  renew: async (store, session, audit) => store.renew(renewalOf(session, {}, { audit, ifCredential: newHash() })),
  end: async (store, _, audit) => store.end({ id: sessionOf(ann).id, user }, endedAt(NOW), audit),
  async advance(store, _, audit) {
    const ifVersion = (await versionOf(store, ann)) + 1;
    return store.advance(user, { record: anotherRecord('x'), ifVersion, now: NOW, keepUntil: null, audit });
  },
  'the ending of another': async (store, _, audit) =>
    store.add(sessionOf(ann), plainWrite({ ending: [{ id: sessionOf(ann).id, ended: endedAt(NOW), audit }] })),
};

export const outbox: readonly CaseDefinition[] = define(
  'outbox',
  {
    'with-entry': {
      title: 'MUST queue the message of an entry with its change, in every queue that it names, and only with it',
      async run(bench) {
        const { store } = bench;
        const second = await bench.second();
        const expected: string[] = [];
        for (const [verb, write] of Object.entries(REFUSED)) {
          await write(store, await addNew(store, ann), [queued(['crm', 'search'])]);
          same(await idsIn(store), [], `a refused ${verb}`);
        }
        for (const [verb, write] of Object.entries(WRITES)) {
          const session = await addNew(store, ann);
          const [told, logged] = [queued(['crm', 'search']), recordAbout(ann)];
          await write(store, session, [told, logged]);
          expected.push(told.entry.id);
          same([await idsIn(second), await idsIn(second, 'search')], [expected, expected], verb);
        }
      },
    },
    'with-policy': {
      title: 'MUST queue the message of a policy with the policy, and none where it is not set',
      async run({ store }) {
        if (store.powers?.policies === undefined) return;
        const account = ann.tags.account ?? '';
        const told = queued(['crm']);
        const write = { account, value: 'strict', ifValue: null };
        await policiesOf(store).set({ ...write, ifValue: 'other', audit: [queued(['crm'])] });
        same(await idsIn(store), []);
        await policiesOf(store).set({ ...write, audit: [told] });
        same(await idsIn(store), idsOf([told]));
      },
    },
    'appended-again': {
      title: 'MUST queue nothing for an entry that exists already, also after its message was removed',
      async run({ store }) {
        const [one, two] = [queued(['crm']), queued(['crm'])];
        await logOf(store).append([one, two]);
        await logOf(store).append([two, one]);
        same(await idsIn(store), idsOf([one, two]));
        assert.equal(await remove(store, one), true);
        await logOf(store).append([one]);
        same(await idsIn(store), idsOf([two]));
      },
    },
    messages: {
      title: 'MUST return messages as they were queued, byte for byte, with an empty state',
      async run(bench) {
        const texts = [...TEXTS, '\u20ac'.repeat(8192), '{"user":"ann"}', ''];
        const records = texts.map((body) => queued(['crm'], ann, body));
        for (const record of records) await logOf(bench.store).append([record]);
        const expected = records.map(({ entry: { id, at }, message }) => ({ id, at, body: message?.body, state: '' }));
        for (const store of [bench.store, await bench.second()]) same(await readQueue(store), expected);
      },
    },
    order: {
      title: "MUST keep the order of one user's steps, page by page",
      async run(bench) {
        const handles = [bench.store, await bench.second()];
        const records: AuditRecord[] = [];
        for (let step = 0; step < 12; step++) {
          const store = nth(handles, step % 2);
          const session = await addNew(store, ann);
          // The clocks of two processes differ: the order is not the order of the times.
          const told = queued(['crm']);
          const record = { ...told, entry: { ...told.entry, at: NOW - step } };
          records.push(record);
          await store.end({ id: session.id, user }, endedAt(NOW), [record]);
        }
        for (const limit of [1, 5, 12, 100]) {
          same(
            (await readQueue(bench.store, 'crm', { limit })).map(({ id }) => id),
            idsOf(records),
            `by ${limit}`,
          );
        }
      },
    },
    paging: {
      title: 'MUST continue after the last message of a page, also after it was removed',
      async run({ store }) {
        const records = Array.from({ length: 6 }, () => queued(['crm']));
        for (const record of records) await logOf(store).append([record]);
        const power = outboxOf(store);
        const first = await power.read({ realm, queue: 'crm', after: null, limit: 3 });
        same(
          first.messages.map(({ id }) => id),
          idsOf(records.slice(0, 3)),
        );
        for (const record of records.slice(1, 3)) await remove(store, record);
        const rest = await power.read({ realm, queue: 'crm', after: first.after, limit: 3 });
        same(
          rest.messages.map(({ id }) => id),
          idsOf(records.slice(3)),
        );
      },
    },
    apart: {
      title: 'MUST keep queues and realms apart',
      async run({ store }) {
        const [mine, other, theirs] = [queued(['crm']), queued(['crm.dead']), queued(['crm'], elsewhere)];
        await logOf(store).append([mine, other]);
        await logOf(store).append([theirs]);
        same(await idsIn(store), idsOf([mine]));
        same(await idsIn(store, 'crm.dead'), idsOf([other]));
        same(await idsIn(store, 'unknown'), []);
        same(
          (await readQueue(store, 'crm', { of: elsewhere.tags.realm })).map(({ id }) => id),
          idsOf([theirs]),
        );
        const change = { realm: elsewhere.tags.realm, queue: 'crm', id: mine.entry.id, ifState: '', state: 'taken' };
        assert.equal(await outboxOf(store).change(change), false, 'of another realm');
        assert.equal(await outboxOf(store).change({ ...change, realm, queue: 'crm.dead' }), false, 'of another queue');
        same(await statesIn(store), ['']);
      },
    },
    change: {
      title: 'MUST change a message only where its state is the one that was read, and leave it at its place',
      async run(bench) {
        const { store } = bench;
        const second = await bench.second();
        const records = [queued(['crm', 'search']), queued(['crm']), queued(['crm'])];
        for (const record of records) await logOf(store).append([record]);
        const { id } = nth(records, 0).entry;
        const change = (ifState: string, state: string | null, on = store) =>
          outboxOf(on).change({ realm, queue: 'crm', id, ifState, state });
        const long = '\u20ac'.repeat(1024);
        for (const wrong of ['x', ' ', 'null']) assert.equal(await change(wrong, 'a'), false);
        assert.equal(await change('', 'a'), true);
        assert.equal(await change('', 'b'), false);
        assert.equal(await change('A', 'b'), false);
        assert.equal(await change('a ', 'b'), false);
        assert.equal(await change('a', long, second), true);
        same(await statesIn(store), [long, '', '']);
        same(await idsIn(store), idsOf(records), 'at its place');
        assert.equal(await change('a', null), false);
        assert.equal(await change(long, null), true);
        assert.equal(await change(long, null), false);
        assert.equal(await change('', 'a'), false);
        same(await idsIn(second), idsOf(records.slice(1)));
        same(await idsIn(store, 'search'), [id], 'its copy in another queue stays');
      },
    },
    race: {
      title: 'MUST let one of many that change a message at the same time succeed',
      async run(bench) {
        const handles = [outboxOf(bench.store), outboxOf(await bench.second())];
        const record = queued(['crm']);
        await logOf(bench.store).append([record]);
        let state = '';
        for (let round = 0; round < 20; round++) {
          const ifState = state;
          const take = (at: number) =>
            nth(handles, at % 2).change({ realm, queue: 'crm', id: record.entry.id, ifState, state: `${round}.${at}` });
          const answers = await Promise.all(Array.from({ length: 8 }, async (_, at) => take(at)));
          same(answers.filter(Boolean).length, 1);
          state = `${round}.${answers.indexOf(true)}`;
          same(await statesIn(bench.store), [state]);
        }
      },
    },
    move: {
      title: 'MUST move a message to the end of another queue, with its new state, in one step',
      async run({ store }) {
        const [first, second, there] = [queued(['crm']), queued(['crm']), queued(['crm.dead'])];
        for (const record of [first, second, there]) await logOf(store).append([record]);
        const { id } = first.entry;
        const move = (queue: string, to: string, ifState: string, state: string) =>
          outboxOf(store).change({ realm, queue, id, ifState, state, to });
        assert.equal(await move('crm', 'crm.dead', 'x', 'given up'), false);
        assert.equal(await move('crm', 'crm.dead', '', 'given up'), true);
        assert.equal(await move('crm', 'crm.dead', '', 'given up'), false);
        same([await idsIn(store), await idsIn(store, 'crm.dead')], [idsOf([second]), idsOf([there, first])]);
        same(await statesIn(store, 'crm.dead'), ['', 'given up']);
        assert.equal(await move('crm.dead', 'crm', 'given up', ''), true);
        same([await idsIn(store), await idsIn(store, 'crm.dead')], [idsOf([second, first]), idsOf([there])]);
        same(
          (await readQueue(store)).map(({ body }) => body),
          ['told', 'told'],
        );
      },
    },
    queues: {
      title: 'MUST count the messages of each queue that has any',
      async run({ store }) {
        const counted = async (of: string): Promise<Record<string, number>> =>
          Object.fromEntries((await outboxOf(store).queues(of)).map(({ queue, messages }) => [queue, messages]));
        same(await counted(realm), {});
        const [one, two] = [queued(['crm', 'search']), queued(['crm'])];
        await logOf(store).append([one, two]);
        await logOf(store).append([queued(['billing'], elsewhere)]);
        same(await counted(realm), { crm: 2, search: 1 });
        same(await counted(elsewhere.tags.realm), { billing: 1 });
        await remove(store, one, 'search');
        await remove(store, two);
        same(await counted(realm), { crm: 1 });
      },
    },
    prune: {
      title: 'MUST remove only messages whose entry need not be kept any longer, and at most as many as asked',
      async run({ store }) {
        const due = Array.from({ length: 5 }, () => queued(['crm'], ann, 'told', NOW - 1));
        const [kept, later] = [queued(['crm'], ann, 'told', NOW), queued(['crm'], ann, 'told', NOW + DAY)];
        const theirs = queued(['crm'], elsewhere, 'told', NOW - 1);
        for (const record of [...due, kept, later]) await logOf(store).append([record]);
        await logOf(store).append([theirs]);
        const power = outboxOf(store);
        same([await power.prune(NOW, 4), await power.prune(NOW, 4), await power.prune(NOW, 4)], [4, 2, 0]);
        same(await idsIn(store), idsOf([kept, later]));
        same(await readQueue(store, 'crm', { of: elsewhere.tags.realm }), []);
      },
    },
    'outlives-entries': {
      title: 'MUST keep a message where its entry is pruned or its user is forgotten',
      async run({ store }) {
        const told = queued(['crm'], ann, 'about ann');
        await logOf(store).append([told]);
        await logOf(store).forget(user, 100);
        await logOf(store).prune(Number.MAX_SAFE_INTEGER, 100);
        await store.deleteSessions(user, 100);
        same(
          (await readQueue(store)).map(({ body }) => body),
          ['about ann'],
        );
      },
    },
    own: {
      title: 'MUST keep and hand out values of its own',
      async run({ store }) {
        const queues = ['crm'];
        const record = queued(queues);
        await logOf(store).append([record]);
        queues[0] = 'search';
        const [message] = await readQueue(store);
        assert.ok(message);
        Object.assign(message, { body: 'changed', state: 'changed' });
        same(
          (await readQueue(store)).map(({ body, state }) => [body, state]),
          [['told', '']],
        );
        same(await readQueue(store, 'search'), []);
      },
    },
    events: {
      title: 'MUST hold what other systems must know of every operation that ends access, and of no other',
      async run(bench) {
        const sessions = bench.sessions({ audit: { outbox: ['crm'] }, realm: 'shop' });
        const told = async (): Promise<readonly AccessEvent[]> =>
          (await readQueue(bench.store)).map(({ body }) => JSON.parse(body) as AccessEvent);
        const { session } = await signIn(sessions, { user: 'ann', account: 'acme' });
        const kept = await signIn(sessions, { user: 'ann' });
        same(await told(), [], 'a sign-in ends nothing');
        await sessions.end(session.id, { user: 'ann', by: 'root', reason: 'lost device' });
        await sessions.revoke({ user: 'ann' }, { keep: kept.session, by: 'ann' });
        await sessions.suspend({ account: 'acme' });
        await sessions.resume({ account: 'acme' });
        const nothing = { user: null, account: null, session: null, scope: null, kinds: null, kept: null, token: null };
        const about = { ...nothing, realm: 'shop', reason: null };
        same(await told(), [
          {
            ...{ ...about, type: 'session.ended', user: 'ann', account: 'acme', session: session.id },
            ...{ reason: 'lost device', initiator: 'admin' },
          },
          {
            ...{ ...about, type: 'sessions.revoked', user: 'ann', scope: 'user', kept: kept.session.id },
            initiator: 'user',
          },
          {
            ...{ ...about, type: 'sessions.revoked', account: 'acme', scope: 'account', kinds: 'all' },
            ...{ reason: 'suspended', initiator: 'system' },
          },
        ]);
      },
    },
    unavailable: {
      title: 'MUST be unavailable where the outbox does not answer, or makes no sense (OPS-1)',
      async run(bench) {
        const operations: Operations = [['prune', ['outbox.prune'], ({ sessions }) => sessions.prune()]];
        const settings = { operations, options: { audit: true } };
        await allFail(bench, DOWN, ['outbox.prune'], settings);
        await allFail(bench, answering([...NONSENSE, -1]), ['outbox.prune'], settings);
      },
    },
  },
  ['outbox', 'audit'],
);

const statesIn = async (store: SessionStore, queue?: string): Promise<readonly string[]> =>
  (await readQueue(store, queue)).map(({ state }) => state);

const remove = async (store: SessionStore, { entry: { id } }: AuditRecord, queue = 'crm'): Promise<boolean> =>
  outboxOf(store).change({ realm, queue, id, ifState: '', state: null });

export const outboxInTransactions: readonly CaseDefinition[] = define(
  'outbox',
  {
    'in-transaction': {
      title: "MUST queue the messages of a caller's transaction with its commit, and none where it is rolled back",
      async run(bench) {
        const { store } = bench;
        const power = store.powers?.transactions ?? assert.fail('it declares the power');
        for (const outcome of ['rollback', 'commit'] as const) {
          const session = await addNew(store, ann);
          const told = [queued(['crm']), queued(['crm'])] as const;
          const open = await bench.begin();
          try {
            const within = power.within(open.transaction as never);
            await within.end({ id: session.id, user }, endedAt(NOW), [told[0]]);
            const { version: ifVersion } = await recordOf(within, user);
            const advance = { record: anotherRecord('x'), ifVersion, now: NOW, keepUntil: null, audit: [told[1]] };
            assert.equal(await within.advance(user, advance), 'advanced');
            same(await idsIn(store), [], 'before the end');
          } catch (error) {
            await open.rollback();
            throw error;
          }
          await open[outcome]();
          same(await idsIn(store), outcome === 'commit' ? idsOf(told) : []);
        }
      },
    },
  },
  ['outbox', 'audit', 'transactions'],
);
