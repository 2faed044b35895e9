import assert from 'node:assert/strict';
import type { Awaitable } from '../../lib/awaitable.ts';
import type { SessionRecord } from '../../model/session.ts';
import { parseToken, realmTag } from '../../model/token.ts';
import type { FoundSession, SessionStore, VersionedEpoch } from '../../store/store.ts';
import { recordAbout } from '../harness/audit-entries.ts';
import { SECOND, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  allFail,
  answering,
  DOWN,
  NONSENSE,
  type Outage,
  open,
  type Scene,
  TIMEOUT,
  unavailable,
  who,
} from '../harness/outage.ts';
import { living, signIn, tell } from '../harness/people.ts';
import { anotherRecord, endedAt, person, plainWrite, pruneAll, sessionOf } from '../harness/records.ts';
import { around, type Verb } from '../harness/wrappers.ts';

const EVERY: readonly Verb[] = [
  ...(['readEpochs', 'ensureEpochs', 'add', 'find', 'list', 'renew', 'end', 'advance'] as const),
  ...(['listUsers', 'memberships', 'deleteSessions', 'prune'] as const),
];
const tampering =
  (change: (answer: never) => unknown): Outage =>
  async (ask) =>
    change((await ask()) as never) as never;
export const failure: readonly CaseDefinition[] = define('failure', {
  throws: {
    title: 'MUST be unavailable, and sign no user out, if any verb throws or rejects (OPS-1)',
    run: (bench) => allFail(bench, DOWN, EVERY),
  },
  hangs: {
    title: 'MUST be unavailable, and sign no user out, if any verb does not answer before the timeout (OPS-1)',
    run: (bench) => allFail(bench, [() => new Promise<never>(() => {})], EVERY, { timeout: TIMEOUT }),
  },
  'malformed-find': {
    title: 'MUST be unavailable where the answer to find makes no sense (OPS-1)',
    async run(bench) {
      const half = [[], [{}], [{ session: null, epochs: null }], [{ session: sessionOf(person('ann')), epochs: null }]];
      await allFail(bench, answering([...NONSENSE, ...half]), ['find']);
    },
  },
  'malformed-session': {
    title: 'MUST be unavailable where a session is found without anything that it is judged by (OPS-1)',
    async run(bench) {
      const lacking = (part: keyof SessionRecord) =>
        tampering((found: readonly FoundSession[]) =>
          found.map(({ session: { [part]: _, ...session }, epochs }) => ({ session, epochs })),
        );
      const parts = [
        'id',
        'userTag',
        'accountTag',
        'kind',
        'credential',
        'stamps',
        'lastUsedAt',
        'expiresAt',
        'idle',
        'ended',
      ] as const;
      await allFail(bench, parts.map(lacking), ['find']);
      const elsewhere = { accountTag: person('ann', 'other').tags.account };
      for (const changes of [{ accountTag: null }, elsewhere]) {
        const moved = tampering((found: readonly FoundSession[]) =>
          found.map(({ session, epochs }) => ({ session: { ...session, ...changes }, epochs })),
        );
        const { scene, without } = await open(bench);
        await assert.rejects(without('find', moved).sessions.check(scene.token), unavailable);
        assert.equal(await tell(scene.sessions, scene.token), 'live');
      }
    },
  },
  'malformed-record': {
    title: 'MUST be unavailable where a record is none: nothing is judged by it, and nothing written over it (OPS-1)',
    async run(bench) {
      const records = [
        {},
        [],
        'x',
        1,
        true,
        { ...anotherRecord('x'), kinds: null },
        { ...anotherRecord('x'), counter: '1' },
      ];
      for (const whose of ['realm', 'user', 'account'] as const) {
        const found = records.map((record) =>
          tampering((answer: readonly FoundSession[]) =>
            answer.map(({ session, epochs }) => ({ session, epochs: { ...epochs, [whose]: record } })),
          ),
        );
        await allFail(bench, found, ['find']);
      }
      const read = records.map((record) =>
        tampering((answer: readonly VersionedEpoch[]) => answer.map(({ version }) => ({ record, version }))),
      );
      await allFail(bench, read, ['readEpochs', 'ensureEpochs']);
    },
  },
  'malformed-epochs': {
    title: 'MUST be unavailable where the answer to readEpochs or ensureEpochs makes no sense (OPS-1)',
    async run(bench) {
      const answers = [...NONSENSE, [], [{}, {}, {}], [{ record: null, version: 1 }]];
      await allFail(bench, answering(answers), ['readEpochs', 'ensureEpochs']);
      // `readEpochs` may return null, and `ensureEpochs` never.
      await allFail(bench, answering([[null], [null, null]]), ['ensureEpochs']);
    },
  },
  'malformed-list': {
    title: 'MUST be unavailable where the answer to list makes no sense (OPS-1)',
    run: (bench) =>
      allFail(bench, answering([...NONSENSE, { found: null, more: false }, { found: [null], more: false }]), ['list']),
  },
  'malformed-outcome': {
    title:
      'MUST be unavailable, and not a success, where the answer to a write is none that the contract knows (OPS-1)',
    run: (bench) => allFail(bench, answering([...NONSENSE, 'ok', '']), ['add', 'renew', 'end', 'advance']),
  },
  'malformed-prune': {
    title: 'MUST be unavailable where the answer to prune makes no sense (OPS-1)',
    run: (bench) => allFail(bench, answering([...NONSENSE, { sessions: 1 }]), ['prune']),
  },
  'malformed-list-users': {
    title: 'MUST be unavailable where the answer to listUsers makes no sense (OPS-1)',
    run: (bench) =>
      allFail(
        bench,
        answering([...NONSENSE, { users: [] }, { users: [1], after: null }, { users: null, after: null }]),
        ['listUsers'],
      ),
  },
  'malformed-memberships': {
    title: 'MUST be unavailable where the answer to memberships makes no sense (OPS-1)',
    run: (bench) =>
      allFail(
        bench,
        answering([...NONSENSE, { accounts: [] }, { accounts: [1], after: null }, { accounts: null, after: null }]),
        ['memberships'],
      ),
  },
  'malformed-delete-sessions': {
    title: 'MUST be unavailable where the answer to deleteSessions makes no sense (OPS-1)',
    run: (bench) => allFail(bench, answering([...NONSENSE, -1, '1']), ['deleteSessions']),
  },
  'touch-fails': {
    title: 'MUST accept a session although its use cannot be noted, and tell of that',
    async run(bench) {
      const clock = new TestClock();
      const options = { clock, touchEvery: 0 };
      const accepts = async ({ sessions, token }: Scene): Promise<void> => {
        clock.time += SECOND;
        const told = new Promise<string>((resolve) => {
          sessions.on('background.failed', ({ operation }) => resolve(operation));
        });
        assert.equal(await tell(sessions, token), 'live');
        assert.equal(await told, 'touch');
      };
      const { scene, without } = await open(bench, options);
      for (const outage of DOWN) await accepts(without('touch', outage));

      // Lets the store write the use only after the time limit, when the core has counted it as failed.
      let write = (): void => {};
      const late = new Promise<void>((resolve) => {
        write = resolve;
      });
      // Finds the session first, so that only the use can be late.
      const { ref } = parseToken(scene.token) ?? assert.fail('a token is well-formed');
      const found = await bench.store.find(realmTag('default'), [ref]);
      const store = around(bench.store, (verb, ask) => {
        if (verb === 'find') return found as never;
        return verb === 'touch' ? late.then(ask) : ask();
      });
      const sessions = bench.sessions({ ...options, store, timeout: TIMEOUT });
      await accepts({ ...scene, sessions }).finally(write);
    },
  },
  'lost-answer': {
    title: 'MUST have done wholly, or not at all, what failed by the loss of its answer, and let it be done again',
    async run(bench) {
      const lost: Outage = async (ask) => {
        await ask();
        throw new Error('the connection was lost');
      };
      const { scene, without } = await open(bench);
      const { sessions, session, token, fence } = scene;
      await assert.rejects(without('add', lost).sessions.start({ ...who, fence }), unavailable);
      assert.equal((await living(sessions, 'ann')).length, 2);
      await assert.rejects(without('end', lost).sessions.end(session.id, { user: 'ann' }), unavailable);
      assert.equal(await tell(sessions, token), 'ended');
      assert.equal((await sessions.end(session.id, { user: 'ann' })).ended, false);
      const next = await signIn(sessions, who);
      await assert.rejects(without('advance', lost).sessions.revoke({ user: 'ann' }), unavailable);
      assert.equal(await tell(sessions, next.token), 'revoked');
      assert.equal((await sessions.revoke({ user: 'ann' })).revoked, true);
      const last = await signIn(sessions, who);
      await assert.rejects(without('renew', lost).sessions.renew(last.session), unavailable);
      assert.equal(await tell(sessions, last.token), 'superseded');
    },
  },
  closed: {
    title: 'MUST throw at every call after it was closed, and return neither null nor an empty list',
    async run(bench) {
      const { store } = bench;
      if (store.close === undefined) return;
      const sessions = bench.sessions();
      const { token } = await signIn(sessions, who);
      await bench.closeStores();
      await assert.rejects(sessions.check(token), unavailable);
      await assert.rejects(sessions.list({ user: 'ann' }), unavailable);
      await assert.rejects(sessions.fence(who), unavailable);
      const { tags } = person('ann', 'acme', 'default');
      for (const ask of asks(store, sessionOf(person('ann', 'acme', 'default')), tags.user)) {
        await assert.rejects(
          async () => ask(),
          (error: unknown) => error instanceof Error,
        );
      }
    },
  },
});

function asks(store: SessionStore, session: SessionRecord, user: string): (() => Awaitable<unknown>)[] {
  const write = plainWrite();
  return [
    () => store.add(session, write),
    () => store.find(user, []),
    () => store.touch([], () => 0),
    () => store.end({ id: session.id, user }, endedAt(0, null, null), []),
    () => store.list(user, user, { ended: true, now: 0, limit: 1 }),
    () => store.renew({ ...write, session, ifCredential: session.credential, now: 0, moves: false }),
    () => store.listUsers({ realm: session.realm, account: null }, null, 1),
    () => store.deleteSessions(user, 1),
    () => pruneAll(store),
    ...asksOfPowers(store, user),
  ];
}

function asksOfPowers({ powers }: SessionStore, tag: string): (() => Awaitable<unknown>)[] {
  const { audit, policies } = powers ?? {};
  return [
    ...(audit === undefined
      ? []
      : [
          () => audit.append([recordAbout(person('ann'))]),
          () => audit.read({ realm: tag, limit: 1 }),
          () => audit.forget(tag, 1),
          () => audit.prune(0, 1),
        ]),
    ...(policies === undefined
      ? []
      : [() => policies.get(tag), () => policies.set({ account: tag, value: '', ifValue: null, audit: [] })]),
  ];
}
