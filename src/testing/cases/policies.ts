import assert from 'node:assert/strict';
import { idsOf, logged, policiesOf, readAll, recordAbout } from '../harness/audit-entries.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { allFail, answering, DOWN, NONSENSE, type Operations } from '../harness/outage.ts';
import { signIn, tell, tellAll } from '../harness/people.ts';
import { nth, person, pruneAll, same } from '../harness/records.ts';
import { TEXTS } from '../harness/texts.ts';

const acme = person('admin', 'acme');
const beta = person('admin', 'beta');
const tagOf = ({ tags }: typeof acme): string => tags.account ?? assert.fail('it is in an account');
const account = tagOf(acme);

const write = (value: string, ifValue: string | null) => ({ account, value, ifValue, audit: [] });

export const policies: readonly CaseDefinition[] = define(
  'policies',
  {
    set: {
      title: 'MUST give a policy back as it was set, byte for byte, null where none was, and each account its own',
      async run(bench) {
        const power = policiesOf(bench.store);
        const second = policiesOf(await bench.second());
        assert.equal(await power.get(account), null);
        let value: string | null = null;
        for (const next of [...TEXTS, '{"signOut":"everywhere"}', '', '\u20ac'.repeat(4096)]) {
          assert.equal(await power.set(write(next, value)), 'set', JSON.stringify(next));
          same([await power.get(account), await second.get(account)], [next, next]);
          value = next;
        }
        const upper = account.toUpperCase();
        for (const other of [tagOf(beta), tagOf(person('admin', 'acme', 'desk')), upper]) {
          assert.equal(await power.get(other), null);
        }
        assert.equal(await power.set({ ...write('of beta', null), account: tagOf(beta) }), 'set');
        same([await power.get(tagOf(beta)), await power.get(account)], ['of beta', value]);
      },
    },
    conflict: {
      title: "MUST answer 'conflict' and write nothing where the policy is not the one that was read",
      async run({ store }) {
        const power = policiesOf(store);
        for (const ifValue of ['a', '', 'null']) assert.equal(await power.set(write('b', ifValue)), 'conflict');
        assert.equal(await power.get(account), null);
        assert.equal(await power.set(write('a', null)), 'set');
        for (const ifValue of [null, 'A', 'a ', '', 'b']) {
          assert.equal(await power.set(write('b', ifValue)), 'conflict', JSON.stringify(ifValue));
          assert.equal(await power.get(account), 'a');
        }
        assert.equal(await power.set(write('a', 'a')), 'set', 'the same again is no conflict');
        assert.equal(await power.set(write('b', 'a')), 'set');
      },
    },
    race: {
      title: 'MUST let one of many that set a policy at the same time win',
      async run(bench) {
        const handles = [policiesOf(bench.store), policiesOf(await bench.second())];
        let value: string | null = null;
        for (let round = 0; round < 20; round++) {
          const ifValue: string | null = value;
          const set = async (at: number): Promise<string> =>
            nth(handles, at % 2).set(write(`${round}: ${at}`, ifValue));
          const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => set(at)));
          same(answers.filter((answer) => answer === 'set').length, 1);
          value = `${round}: ${answers.indexOf('set')}`;
          for (const power of handles) assert.equal(await power.get(account), value);
        }
      },
    },
    kept: {
      title: 'MUST keep a policy for ever, after any pruning and removal',
      async run({ store }) {
        await policiesOf(store).set(write('a', null));
        await pruneAll(store, { sessionsBefore: Number.MAX_SAFE_INTEGER, epochsBefore: Number.MAX_SAFE_INTEGER });
        await store.deleteSessions(acme.tags.user, 100);
        assert.equal(await policiesOf(store).get(account), 'a');
      },
    },
    unavailable: {
      title: 'MUST be unavailable where a policy cannot be found out, and end nothing then (OPS-1)',
      async run(bench) {
        const operations: Operations = [
          ['policy', ['policies.get'], ({ sessions }) => sessions.policy('acme')],
          ['signOut', ['policies.get'], ({ sessions, session }) => sessions.signOut(session)],
          [
            'setPolicy',
            ['policies.get', 'policies.set'],
            ({ sessions }) => sessions.setPolicy('acme', { signOut: 'everywhere' }),
          ],
        ];
        const settings = { operations, options: { policy: 'stored' } as const };
        await allFail(bench, DOWN, ['policies.get', 'policies.set'], settings);
        const noPolicy = NONSENSE.filter((answer) => answer !== null);
        await allFail(bench, answering(noPolicy), ['policies.get'], settings);
        await allFail(bench, answering([...NONSENSE, 'ok']), ['policies.set'], settings);
      },
    },
    'sign-out': {
      title: "MUST hold in every process from the next sign-out on, for the account's users alone",
      async run(bench) {
        const [sessions, other] = [
          bench.sessions({ policy: 'stored' }),
          bench.sessions({ policy: 'stored', store: await bench.second() }),
        ];
        const start = (user: string, name?: string) => signIn(other, { user, account: name });
        const away = async (user: string, name?: string): Promise<boolean> => {
          const rest = await start(user, name);
          const { everywhere } = await other.signOut((await start(user, name)).session);
          assert.equal(await tell(sessions, rest.token), everywhere ? 'revoked' : 'live');
          return everywhere;
        };
        same(await sessions.policy('acme'), { signOut: 'session' });
        assert.equal(await away('ann', 'acme'), false);
        const [beside, elsewhere, alone] = [await start('bob', 'acme'), await start('ann', 'beta'), await start('ann')];
        same((await sessions.setPolicy('acme', { signOut: 'everywhere' })).changed, true);
        same((await other.setPolicy('acme', { signOut: 'everywhere' })).changed, false);
        same(await other.policy('acme'), { signOut: 'everywhere' });
        assert.equal(await away('ann', 'acme'), true);
        same(await tellAll(sessions, [beside, elsewhere, alone]), ['live', 'live', 'live']);
        same([await away('ann', 'beta'), await away('cid')], [false, false]);
        await sessions.setPolicy('acme', { signOut: 'session' });
        assert.equal(await away('ann', 'acme'), false);
      },
    },
  },
  ['policies'],
);

export const policiesLogged: readonly CaseDefinition[] = define(
  'policies',
  {
    entries: {
      title: 'MUST write the entries of a policy with it, and none where it is not set',
      async run({ store }) {
        const power = policiesOf(store);
        const record = () => recordAbout(acme, { user: null, type: 'policy.changed' });
        const [first, second] = [record(), record()];
        assert.equal(await power.set({ ...write('b', 'a'), audit: [record()] }), 'conflict');
        assert.equal(await power.set({ ...write('a', null), audit: [first] }), 'set');
        assert.equal(await power.set({ ...write('b', null), audit: [record()] }), 'conflict');
        assert.equal(await power.set({ ...write('b', 'a'), audit: [second] }), 'set');
        same(await logged(store, acme), idsOf([first, second]));
      },
    },
    changes: {
      title: 'MUST tell in the log of every change, from what to what, also where two are made at once (C1)',
      async run(bench) {
        const options = { policy: 'stored', audit: true, realm: 'desk' } as const;
        const [sessions, other] = [
          bench.sessions(options),
          bench.sessions({ ...options, store: await bench.second() }),
        ];
        for (let times = 0; times < 4; times++) {
          const signOut = times % 2 === 0 ? 'everywhere' : 'session';
          const done = await Promise.all([
            sessions.setPolicy('acme', { signOut }, { by: 'ann' }),
            other.setPolicy('acme', { signOut }, { by: 'bob' }),
          ]);
          same(done.filter(({ changed }) => changed).length, 1);
        }
        const entries = await readAll(bench.store, { realm: person('admin', 'acme', 'desk').tags.realm });
        const words = entries.map(({ type, details: { before, after } }) => JSON.stringify([type, before, after]));
        const change = (before: string, after: string): string =>
          JSON.stringify(['policy.changed', { signOut: before }, { signOut: after }]);
        const [on, off] = [change('session', 'everywhere'), change('everywhere', 'session')];
        same(words.sort(), [off, off, on, on].sort());
      },
    },
  },
  ['policies', 'audit'],
);
