import assert from 'node:assert/strict';
import type { Tag } from '../../model/token.ts';
import type { SessionStore } from '../../store/store.ts';
import { type Bench, NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, type SignedIn, signIn, tell, tellAll } from '../harness/people.ts';
import { person, pruneAll, same } from '../harness/records.ts';
import { around } from '../harness/wrappers.ts';

const LOST = NOW + 1;
const { tags } = person('ann', 'acme', 'default');

// Keeps one record until LOST and all others for ever, so that a pruning loses that one.
function losing(store: SessionStore, lost: Tag): SessionStore {
  const until = (tag: Tag): number | null => (tag === lost || lost === tags.member ? LOST : null);
  return {
    ...around(store, (_, ask) => ask()),
    ensureEpochs: (requests, now) =>
      store.ensureEpochs(
        requests.map((request) => ({ ...request, keepUntil: request.tag === lost ? LOST : null })),
        now,
      ),
    add: (session, write) => store.add(session, { ...write, keepUntil: until(session.userTag) }),
    renew: (renewal) => store.renew({ ...renewal, keepUntil: until(renewal.session.userTag) }),
    advance: (tag, advance) => store.advance(tag, { ...advance, keepUntil: until(tag) }),
  };
}

async function open(bench: Bench, tag: Tag) {
  const sessions = bench.sessions({ store: losing(bench.store, tag) });
  const mine = await signIn(sessions, { user: 'ann', account: 'acme' });
  const others: SignedIn[] = [
    await signIn(sessions, { user: 'ann', account: 'beta' }),
    await signIn(sessions, { user: 'bob', account: 'acme' }),
    await signIn(sessions, { user: 'bob' }),
  ];
  const fence = await sessions.fence({ user: 'ann', account: 'acme' });
  const lose = async (): Promise<void> => {
    same(await tellAll(sessions, [mine, ...others]), Array(4).fill('live'));
    assert.equal((await pruneAll(bench.store, { epochsBefore: LOST + 1 })).epochs, 1, 'one record was lost');
  };
  return { sessions, mine, others, fence, lose };
}

const WHOSE: readonly (readonly [Tag, words: string, due: readonly string[]])[] = [
  [tags.user, 'user', ['revoked', 'revoked', 'live', 'live']],
  [tags.account ?? '', 'account', ['revoked', 'live', 'revoked', 'live']],
  [tags.member ?? '', 'member', ['revoked', 'live', 'live', 'live']],
  [tags.realm, 'realm', ['revoked', 'revoked', 'revoked', 'revoked']],
];

const losses = WHOSE.map(
  ([tag, whose, due]) =>
    [
      `record-of-${whose}`,
      {
        title: `MUST refuse what a lost record of a ${whose} judged, for good, and nothing else` as const,
        async run(bench: Bench): Promise<void> {
          const { sessions, mine, others, lose } = await open(bench, tag);
          await lose();
          const verdict = await sessions.check(mine.token);
          same(verdict, { ok: false, session: null, reason: 'revoked', end: { reason: 'revoked', revocation: null } });
          same(await tellAll(sessions, [mine, ...others]), due);
          same(await living(sessions, 'ann', 'acme'), []);
          const rows = (await sessions.list({ user: 'ann', account: 'acme' }, { ended: true })).sessions;
          same(
            rows.map(({ end }) => end),
            [{ reason: 'revoked', revocation: null }],
          );

          const back = await signIn(sessions, { user: 'ann', account: 'acme' });
          assert.equal(await tell(sessions, back.token), 'live', 'signing in makes a new record');
          same(await tellAll(sessions, [mine, ...others]), due, 'and the new one does not hold the old sessions');
        },
      },
    ] as const,
);

export const loss: readonly CaseDefinition[] = define('loss', {
  ...Object.fromEntries(losses),
  fence: {
    title: 'MUST refuse a sign-in that was begun before a record was lost',
    async run(bench) {
      const { sessions, fence, lose } = await open(bench, tags.user);
      await lose();
      const started = await sessions.start({ user: 'ann', account: 'acme', fence });
      assert.equal(started.ok ? 'started' : started.reason, 'superseded');
    },
  },
  operations: {
    title: 'MUST neither keep, renew nor end what a lost record judged',
    async run(bench) {
      const { sessions, mine, lose } = await open(bench, tags.user);
      await lose();
      same(await sessions.end(mine.session.id, { user: 'ann' }), { ended: false, effectiveWithin: 0 });
      const renewed = await sessions.renew(mine.session);
      assert.equal(renewed.ok ? 'renewed' : renewed.reason, 'not-live');
      const done = await sessions.revoke({ user: 'ann' }, { keep: mine.session });
      assert.equal(done.revoked ? 'revoked' : done.reason, 'not-live');
      assert.equal(await tell(sessions, mine.token), 'revoked');
    },
  },
  end: {
    title: 'MUST end a session although the record of its user is lost',
    async run(bench) {
      const { mine, lose } = await open(bench, tags.user);
      await lose();
      const ref = { id: mine.session.id, user: tags.user };
      const ended = { at: NOW, by: null, reason: null, fromDevice: null };
      assert.equal(await bench.store.end(ref, ended, []), true);
      const [found] = await bench.store.find(tags.realm, [ref]);
      same([found?.session.ended, found?.epochs.user], [ended, null]);
    },
  },
});
