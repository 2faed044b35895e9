import assert from 'node:assert/strict';
import type { SessionEventType } from '../../events/event-types.ts';
import type { Policy } from '../../model/policy.ts';
import type { Session } from '../../model/session.ts';
import { newId } from '../../model/token.ts';
import type { InTransaction } from '../../operations/within.ts';
import type { Sessions } from '../../sessions.ts';
import { ensuring } from '../../store/ensure-epochs.ts';
import type { EpochRequest, SessionStore } from '../../store/store.ts';
import { idsOf, logged, policiesOf, recordAbout } from '../harness/audit-entries.ts';
import { type Bench, HOUR, NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import type { OpenTransaction } from '../harness/contract-store.ts';
import { signIn, tell, tellAll } from '../harness/people.ts';
import {
  addNew,
  anotherRecord,
  endedAt,
  look,
  newHash,
  person,
  recordOf,
  same,
  stored,
  versionOf,
} from '../harness/records.ts';

const ann = person('ann', 'acme');
const account = ann.tags.account ?? assert.fail('ann is in an account');
const OPTIONS = { realm: 'shop', policy: 'stored' } as const;

/** Begins a transaction, runs `step` in it, and returns the open transaction. Rolls back if `step` fails. */
async function begun<T>(
  bench: Bench,
  step: (within: SessionStore, open: OpenTransaction) => Promise<T>,
): Promise<{ readonly open: OpenTransaction; readonly done: T }> {
  const power = bench.store.powers?.transactions ?? assert.fail('it declares the power');
  const open = await bench.begin();
  try {
    return { open, done: await step(power.within(open.transaction as never), open) };
  } catch (error) {
    await open.rollback();
    throw error;
  }
}

async function writeAll(bench: Bench) {
  const { store } = bench;
  const [ended, kept] = [await addNew(store, ann), await addNew(store, ann)];
  const records = [recordAbout(ann), recordAbout(ann), recordAbout(ann), recordAbout(ann)] as const;
  const before = { version: await versionOf(store, ann), epochs: (await look(store, kept))?.epochs };
  const [record, credential] = [anotherRecord('password changed'), newHash()];
  const { open } = await begun(bench, async (within) => {
    const { id, userTag: user } = ended;
    assert.equal(await within.end({ id, user }, endedAt(NOW), [records[0]]), true);
    const { version: ifVersion } = await recordOf(within, user);
    const initiator = { id: kept.id, ifCredential: kept.credential, credential, serial: 1 };
    const advance = { record, ifVersion, now: NOW, keepUntil: null, initiator, audit: [records[1]] };
    assert.equal(await within.advance(user, advance), 'advanced');
    const policy = { account, value: 'strict', ifValue: null, audit: [records[2]] };
    assert.equal(await policiesOf(within).set(policy), 'set');
    await within.powers?.audit?.append([records[3]]);

    same(await stored(within, kept), { ...kept, credential, serial: 1 }, 'it reads what it wrote');
    same((await stored(within, ended)).ended, endedAt(NOW));
    assert.equal(await policiesOf(within).get(account), 'strict');
  });
  return { open, ended, kept, records, before, record, credential };
}

async function seesNothing(bench: Bench, { ended, kept, before }: Awaited<ReturnType<typeof writeAll>>): Promise<void> {
  const { store } = bench;
  same(await stored(store, ended), ended);
  same(await stored(store, kept), kept);
  same((await look(store, kept))?.epochs, before.epochs);
  assert.equal(await policiesOf(store).get(account), null);
  same(await logged(store, ann), []);
}

/** A change outside of a transaction that has begun to read, and a question inside of it that depends on the change. */
interface RevokedBy {
  meanwhile(sessions: Sessions): Promise<unknown>;
  ask(within: InTransaction): Promise<boolean>;
}

/** Returns changes that an older snapshot does not show. A question in such a transaction must know them, or fail. */
async function overtaken(bench: Bench): Promise<Readonly<Record<string, RevokedBy>>> {
  const sessions = bench.sessions(OPTIONS);
  const [known, other] = [await signIn(sessions, { user: 'cleo', account: 'b' }), { user: 'dora', account: 'b' }];
  await sessions.setPolicy('c', { signOut: 'everywhere' });
  let id = '';
  const signsIn = (identity: { user: string }) => async (made: Sessions) => {
    id = (await signIn(made, identity)).session.id;
  };
  const sets = (name: string, signOut: Policy['signOut']) => (made: Sessions) => made.setPolicy(name, { signOut });
  return {
    'a session is ended': {
      meanwhile: signsIn({ user: 'cleo' }),
      ask: async (within) => (await within.end(id, { user: 'cleo' })).ended,
    },
    'a session of a new user is ended': {
      meanwhile: signsIn(other),
      ask: async (within) => (await within.end(id, other)).ended,
    },
    'a new user is revoked': {
      meanwhile: signsIn({ user: 'erin' }),
      ask: async (within) => (await within.revoke({ user: 'erin' })).revoked,
    },
    'a new policy is replaced': {
      meanwhile: sets('a', 'everywhere'),
      ask: async (within) => (await within.setPolicy('a', { signOut: 'session' })).changed,
    },
    'a policy that was changed is changed back': {
      meanwhile: sets('c', 'session'),
      ask: async (within) => (await within.setPolicy('c', { signOut: 'everywhere' })).changed,
    },
    'a new policy is followed': {
      meanwhile: sets('b', 'everywhere'),
      ask: async (within) => (await within.signOut(known.session)).everywhere,
    },
  };
}

interface Told {
  readonly types: string[];
}

async function changePassword(bench: Bench, told: Told) {
  const sessions = bench.sessions({ ...OPTIONS, audit: true });
  const [here, there] = [await signIn(sessions, { user: 'ann' }), await signIn(sessions, { user: 'ann' })];
  sessions.on('sessions.revoked', ({ type }) => told.types.push(type));
  const open = await bench.begin();
  const within = sessions.within(open.transaction as never);
  const change = (keep: Session) => within.trigger('passwordChanged', { user: 'ann', keep });
  return { sessions, here, there, open, within, change };
}

type Acting = Pick<Sessions | InTransaction, 'revoke' | 'suspend' | 'trigger' | 'setPolicy'>;

interface Act {
  readonly type: SessionEventType;
  do(acting: Acting): Promise<{ readonly revoked?: boolean; readonly changed?: boolean }>;
  /** Another writer undoes or repeats the change. */
  undo(acting: Sessions): Promise<unknown>;
}

const member = { user: 'ann', account: 'acme' };

const ACTS: Readonly<Record<string, Act>> = {
  'a user is revoked': {
    type: 'sessions.revoked',
    do: (acting) => acting.revoke({ user: 'ann' }),
    undo: (acting) => acting.revoke({ user: 'ann' }, { kinds: 'all' }),
  },
  'a member is revoked': {
    type: 'sessions.revoked',
    do: (acting) => acting.revoke(member),
    undo: (acting) => acting.revoke(member, { kinds: 'all' }),
  },
  'a password is changed': {
    type: 'sessions.revoked',
    do: (acting) => acting.trigger('passwordChanged', { user: 'ann' }),
    undo: (acting) => acting.revoke({ user: 'ann' }),
  },
  'an account is suspended': {
    type: 'sessions.revoked',
    do: (acting) => acting.suspend({ account: 'acme' }),
    undo: (acting) => acting.resume({ account: 'acme' }),
  },
  'a policy is set': {
    type: 'policy.changed',
    do: (acting) => acting.setPolicy('acme', { signOut: 'everywhere' }),
    undo: (acting) => acting.setPolicy('acme', { signOut: 'session' }),
  },
};

async function actWithin(bench: Bench, { type, do: act }: Act, how: 'commit' | 'rollback') {
  const sessions = bench.sessions(OPTIONS);
  const told: string[] = [];
  sessions.on(type, (event) => told.push(event.type));
  const open = await bench.begin();
  const within = sessions.within(open.transaction as never);
  let done: Awaited<ReturnType<Act['do']>>;
  try {
    done = await act(within);
  } catch (error) {
    await open.rollback();
    throw error;
  }
  await open[how]();
  assert.ok(done.revoked ?? done.changed, 'it is done');
  return { within, told };
}

export const transactions: readonly CaseDefinition[] = define(
  'transactions',
  {
    commit: {
      title: "MUST hide the writes of a caller's transaction from others before the commit, and show all after it",
      async run(bench) {
        const written = await writeAll(bench);
        const { open, ended, kept, records, record, credential } = written;
        try {
          await seesNothing(bench, written);
        } finally {
          await open.commit();
        }
        const { store } = bench;
        same((await stored(store, ended)).ended, endedAt(NOW));
        same(await stored(store, kept), { ...kept, credential, serial: 1 });
        same((await look(store, kept))?.epochs.user, record);
        assert.equal(await policiesOf(store).get(account), 'strict');
        same(await logged(store, ann), idsOf([...records]));
      },
    },
    rollback: {
      title: 'MUST leave nothing of what is written in a transaction that is rolled back',
      async run(bench) {
        const written = await writeAll(bench);
        await written.open.rollback();
        await seesNothing(bench, written);
        assert.equal(await versionOf(bench.store, ann), written.before.version);
      },
    },
    'older-snapshot': {
      title: 'MUST not write over what was committed since the transaction began to read, or take it for missing',
      async run(bench) {
        const { store } = bench;
        const session = await addNew(store, ann);
        const { userTag: user } = session;
        const ifVersion = await versionOf(store, ann);
        const write = { now: NOW, keepUntil: null, audit: [] };
        const { open, done } = await begun(bench, async (within) => {
          await policiesOf(within).get(account);
          assert.equal(
            await store.advance(user, { ...write, record: anotherRecord('first'), ifVersion }),
            'advanced',
            'a transaction that only read holds up no other',
          );
          const second = { ...write, record: anotherRecord('second'), ifVersion };
          return Promise.resolve(within.advance(user, second)).catch(() => 'failed');
        });
        await open.rollback();
        assert.ok(['conflict', 'failed'].includes(done), `it is beaten, not ${done}`);
        same((await look(store, session))?.epochs.user?.last?.reason, 'first');

        const sessions = bench.sessions(OPTIONS);
        for (const [what, { meanwhile, ask }] of Object.entries(await overtaken(bench))) {
          const { open, done } = await begun(bench, async (within, { transaction }) => {
            await within.list(ann.tags.realm, user, { ended: true, now: NOW, limit: 1 });
            await meanwhile(sessions);
            return ask(sessions.within(transaction as never)).catch(() => 'failed');
          });
          await (done === 'failed' ? open.rollback() : open.commit());
          assert.ok([true, 'failed'].includes(done), `${what}, or it fails`);
        }
      },
    },
    read: {
      title: 'MUST hold up no other by the reads of a transaction, and create nothing by them',
      async run(bench) {
        const { store } = bench;
        const [{ realm }, missing] = [ann.tags, person('bob').tags.user];
        const before = await recordOf(store, realm);
        const record = anotherRecord('meanwhile');
        const { open, done } = await begun(bench, async (within) => {
          const seen = await within.readEpochs([realm, missing]);
          const advance = { record, ifVersion: before.version, now: NOW, keepUntil: null, audit: [] };
          return { seen, advanced: await store.advance(realm, advance) };
        });
        await open.commit();
        same(done, { seen: [before, null], advanced: 'advanced' });
        same(
          (await store.readEpochs([realm, missing])).map((found) => found?.record ?? null),
          [record, null],
        );
      },
    },
    'password-changed': {
      title: 'MUST let a password and its revocation commit together, and tell no listener before',
      async run(bench) {
        const told: Told = { types: [] };
        const { sessions, here, there, open, within, change } = await changePassword(bench, told);
        let token: string | null = null;
        try {
          const done = await change(here.session);
          ({ token } = done);
          assert.equal(done.found, true, 'it finds the other session');
          same(await tellAll(sessions, [here, there]), ['live', 'live'], 'nothing has happened yet');
        } finally {
          await open.commit();
        }
        same(await tellAll(sessions, [here, there]), ['superseded', 'revoked']);
        assert.equal(await tell(sessions, token ?? ''), 'live', 'the kept session has its new token');
        same(told.types, [], 'no listener was told');
        same([await within.committed(), told.types], [true, ['sessions.revoked']]);
        same([await within.committed(), told.types], [true, ['sessions.revoked']], 'once');
        const { entries } = await sessions.audit({ types: ['sessions.revoked'] });
        same(entries.length, 1);
      },
    },
    'password-unchanged': {
      title: 'MUST leave all users signed in, and tell no listener, if the new password is rolled back',
      async run(bench) {
        const told: Told = { types: [] };
        const { sessions, here, there, open, within, change } = await changePassword(bench, told);
        try {
          await change(here.session);
        } finally {
          await open.rollback();
        }
        same(await tellAll(sessions, [here, there]), ['live', 'live']);
        same([await within.committed(), told.types], [false, []]);
        same((await sessions.audit({ types: ['sessions.revoked'] })).entries, []);
      },
    },
    'record-made': {
      title: 'MUST have a record that a transaction made exactly if that was committed, until pruning removes it',
      async run(bench) {
        const { store } = bench;
        const sought = async ({ tag }: EpochRequest) => (await store.readEpochs([tag]))[0]?.version ?? null;
        for (const how of ['rollback', 'commit'] as const) {
          const request = ensuring(newId(), NOW, NOW + HOUR);
          const { open, done } = await begun(bench, async (within) => within.ensureEpochs([request], NOW));
          await open[how]();
          assert.equal(done[0]?.version, request.version, 'it is made');
          assert.equal(await sought(request), how === 'commit' ? request.version : null, how);
          const batch = { sessionsBefore: 0, epochsBefore: NOW + HOUR + 1, limit: 100, after: null };
          await store.prune({ ...batch, revoked: () => false });
          assert.equal(await sought(request), null, 'it is pruned');
        }
      },
    },
    'others-after-rollback': {
      title: 'MUST not take what others do later for what was rolled back',
      async run(bench) {
        const others = bench.sessions(OPTIONS);
        for (const [what, act] of Object.entries(ACTS)) {
          const { within, told } = await actWithin(bench, act, 'rollback');
          const done = await act.do(others);
          assert.ok(done.revoked ?? done.changed, `${what} by others, too`);
          same([await within.committed(), await within.committed(), told], [false, false, []], what);
          await act.undo(others);
        }
      },
    },
    'others-after-commit': {
      title: 'MUST know of a commit after any later writes of others',
      async run(bench) {
        const others = bench.sessions(OPTIONS);
        for (const [what, act] of Object.entries(ACTS)) {
          const { within, told } = await actWithin(bench, act, 'commit');
          await act.undo(others);
          same([await within.committed(), await within.committed(), told], [true, true, [act.type]], what);
        }
      },
    },
  },
  ['transactions', 'audit', 'policies'],
);
