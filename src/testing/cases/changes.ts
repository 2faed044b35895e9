import assert from 'node:assert/strict';
import { newEpoch } from '../../model/epoch.ts';
import { refOf, type Session, type SessionRecord } from '../../model/session.ts';
import { newVersion, type Tag } from '../../model/token.ts';
import type { Changes } from '../../store/powers.ts';
import type { SessionStore } from '../../store/store.ts';
import { NOW } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { signIn, tell } from '../harness/people.ts';
import {
  addNew,
  anotherRecord,
  endedAt,
  newHash,
  openRecords,
  person,
  plainWrite,
  pruneAll,
  recordOf,
  renewalOf,
  same,
  sessionOf,
  versionOf,
} from '../harness/records.ts';

const ann = person('ann');
const annAtAcme = person('ann', 'acme');
const bob = person('bob', 'acme');

const accountOf = ({ tags }: typeof bob): Tag => tags.account ?? assert.fail('it is in an account');

/** Follows the changes of a store, as a process does. */
class Follower {
  readonly #store: SessionStore;
  #position: string | null = null;

  private constructor(store: SessionStore) {
    this.#store = store;
  }

  static async begin(store: SessionStore): Promise<Follower> {
    const follower = new Follower(store);
    same(await follower.ask(), null, 'a first position has seen nothing');
    return follower;
  }

  async ask(): Promise<readonly Tag[] | null> {
    const power = this.#store.powers?.changes ?? assert.fail('it declares the power');
    const { tags, position }: Changes = await power.since(this.#position);
    assert.ok(position.length <= 100_000, 'a position is at most 100,000 characters long');
    this.#position = position;
    return tags;
  }

  /** Asks until an answer has no new tags: an answer may repeat changes that the position has seen. */
  async settle(): Promise<void> {
    for (let asked = 0; asked < 3; asked++) if ((await this.ask())?.length === 0) return;
    assert.fail('it tells changes although nothing changes');
  }
}

const isTold = (tags: readonly Tag[] | null, tag: Tag): boolean => tags === null || tags.includes(tag);

async function revoke(store: SessionStore, tag: Tag): Promise<void> {
  const { version } = await recordOf(store, tag, null);
  const write = { record: anotherRecord('revoked'), ifVersion: version, now: NOW, keepUntil: null, audit: [] };
  assert.equal(await store.advance(tag, write), 'advanced');
}

/** Every write that ends, restricts or rotates sessions: the name, the tag it records, and the write. */
async function writesOf(store: SessionStore): Promise<readonly (readonly [string, Tag, () => Promise<unknown>])[]> {
  const make = (changes?: Partial<SessionRecord>): Promise<SessionRecord> => addNew(store, ann, changes, null);
  const [ended, replaced, renewed, moved, initiator] = [
    await make(),
    await make(),
    await make(),
    await make(),
    await make(),
  ];
  await openRecords(store, annAtAcme, null);
  await addNew(store, bob, {}, null);
  const user = ann.tags.user;
  const advance = async (tag: Tag, more: object = {}): Promise<unknown> => {
    const { version } = await recordOf(store, tag, null);
    const write = { record: anotherRecord('again'), ifVersion: version, now: NOW, keepUntil: null, audit: [], ...more };
    return store.advance(tag, write);
  };
  const rotation = { id: initiator.id, ifCredential: initiator.credential, credential: newHash(), serial: 1 };
  const atAcme = {
    account: annAtAcme.account,
    accountTag: annAtAcme.tags.account,
    stamps: { ...moved.stamps, account: 'account.1', member: 'member.1' },
  };
  return [
    ['end', user, async () => store.end(refOf(ended), endedAt(NOW), [])],
    [
      'add that ends another',
      user,
      async () =>
        store.add(
          sessionOf(ann),
          plainWrite({ ending: [{ id: replaced.id, ended: endedAt(NOW), audit: [] }], keepUntil: null }),
        ),
    ],
    ['renew', user, async () => store.renew(renewalOf(renewed, {}, { keepUntil: null }))],
    [
      'renew that switches the account',
      user,
      async () =>
        store.renew(renewalOf(moved, atAcme, { moves: true, ifVersion: await versionOf(store, ann), keepUntil: null })),
    ],
    ['advance of the user', user, () => advance(user)],
    ['advance with a rotation', user, () => advance(user, { initiator: rotation })],
    ['advance of a membership', user, () => advance(user, { member: annAtAcme.tags.account })],
    ['advance of an account', accountOf(bob), () => advance(accountOf(bob))],
    ['advance of the realm', ann.tags.realm, () => advance(ann.tags.realm)],
    ['deleteSessions', bob.tags.user, async () => store.deleteSessions(bob.tags.user, 10)],
  ];
}

const DONE = ['added', 'renewed', 'advanced', true, 1];

export const changes: readonly CaseDefinition[] = define(
  'changes',
  {
    writes: {
      title: 'MUST tell the tag of every write that ends, restricts or rotates sessions, by the next answer',
      async run({ store }) {
        const follower = await Follower.begin(store);
        for (const [what, tag, write] of await writesOf(store)) {
          await follower.settle();
          assert.ok(DONE.includes((await write()) as never), `${what} is done`);
          assert.ok(isTold(await follower.ask(), tag), `it tells of ${what}`);
        }
      },
    },
    elsewhere: {
      title: 'MUST tell every handle of what another one wrote',
      async run(bench) {
        const { store } = bench;
        const second = await bench.second();
        const writes = await writesOf(second);
        const follower = await Follower.begin(store);
        for (const [what, tag, write] of writes) {
          await follower.settle();
          await write();
          assert.ok(isTold(await follower.ask(), tag), `it tells of ${what}`);
        }
      },
    },
    pruned: {
      title: 'MUST tell the tag of an epoch record that pruning removes',
      async run({ store }) {
        await openRecords(store, annAtAcme, 0);
        const follower = await Follower.begin(store);
        await follower.settle();
        assert.ok((await pruneAll(store, { epochsBefore: NOW })).epochs > 0, 'it removes records');
        const tags = await follower.ask();
        for (const tag of Object.values(annAtAcme.tags)) {
          assert.ok(tag !== null && isTold(tags, tag), 'it tells of each record');
        }
      },
    },
    others: {
      title: 'MUST tell nothing of uses, new sessions, reads, and writes that were refused',
      async run({ store }) {
        const session = await addNew(store, annAtAcme, {}, null);
        const follower = await Follower.begin(store);
        await follower.settle();
        await store.touch([{ id: session.id, user: session.userTag, at: NOW + 1 }], () => NOW + 1);
        await addNew(store, annAtAcme);
        await store.find(ann.tags.realm, [refOf(session)]);
        const refused = { record: newEpoch(NOW), ifVersion: newVersion(), now: NOW, keepUntil: null, audit: [] };
        same(await store.advance(ann.tags.user, refused), 'conflict');
        const guess = { ...renewalOf(session), ifCredential: newHash() };
        same(await store.renew(guess), 'not-live');
        same(await store.end({ ...refOf(session), user: bob.tags.user }, endedAt(NOW), []), false);
        same(await store.deleteSessions(person('eve').tags.user, 10), 0);
        same(await follower.ask(), [], 'nothing was changed');
      },
    },
    positions: {
      title: 'MUST answer each position by itself: an old one with all that followed, an unknown one with all tags',
      async run({ store }) {
        const power = store.powers?.changes ?? assert.fail('it declares the power');
        await openRecords(store, ann, null);
        await openRecords(store, bob, null);
        const begin = (await power.since(null)).position;
        await revoke(store, ann.tags.user);
        const first = await power.since(begin);
        await revoke(store, bob.tags.user);
        const second = await power.since(first.position);
        assert.ok(isTold(second.tags, bob.tags.user), 'the second change follows the first');
        for (const at of [begin, begin]) {
          const { tags } = await power.since(at);
          for (const one of [ann, bob]) assert.ok(isTold(tags, one.tags.user), 'an answer may have been lost');
        }
        for (const strange of ['', 'x', '0', '-1', `${begin}0`, '9'.repeat(20), '\u0000', "'", '{}']) {
          if (strange === second.position) continue;
          assert.ok(isTold((await power.since(strange)).tags, bob.tags.user), 'of an unknown position, it tells all');
        }
      },
    },
    complete: {
      title: 'MUST have told every change that was acknowledged before the question, with many writers at once',
      async run(bench) {
        const handles = [bench.store, await bench.second()];
        const followers = [await Follower.begin(bench.store), await Follower.begin(handles[1] ?? bench.store)];
        const rounds = Math.min(20, Math.max(5, Math.round(bench.interleavings / 10)));
        for (let round = 0; round < rounds; round++) {
          const users = Array.from({ length: 6 }, (_, at) => person(`user ${round} ${at}`));
          for (const one of users) await openRecords(bench.store, one, null);
          const told = new Map(followers.map((follower) => [follower, new Set<Tag | null>()]));
          // Each follower asks one question at a time.
          const turns = new Map(followers.map((follower) => [follower, Promise.resolve()]));
          const ask = (follower: Follower): Promise<void> => {
            const next = (turns.get(follower) ?? Promise.resolve()).then(async () => {
              const known = told.get(follower);
              for (const tag of (await follower.ask()) ?? [null]) known?.add(tag);
            });
            turns.set(follower, next);
            return next;
          };
          await Promise.all(
            users.map(async ({ tags }, at) => {
              await revoke(handles[at % 2] ?? bench.store, tags.user);
              for (const follower of followers) {
                await ask(follower);
                const known = told.get(follower);
                assert.ok(known?.has(tags.user) || known?.has(null), 'an acknowledged change is told');
              }
            }),
          );
        }
      },
    },
    strict: {
      title: 'MUST let no process accept from memory what was revoked elsewhere, if the power is synchronous',
      async run(bench) {
        const second = await bench.second();
        if (bench.store.powers?.changes?.isSynchronous !== true) return;
        const [here, elsewhere] = [bench.sessions(), bench.sessions({ store: second })];
        const acts: readonly ((session: Session) => Promise<unknown>)[] = [
          () => elsewhere.revoke({ user: 'ann' }),
          () => elsewhere.revoke({ realm: true }),
          ({ id }) => elsewhere.end(id, { user: 'ann' }),
          (session) => elsewhere.renew(session),
        ];
        for (const act of acts) {
          const { token, session } = await signIn(here, { user: 'ann' });
          same([await tell(here, token), await tell(here, token)], ['live', 'live']);
          await act(session);
          assert.notEqual(await tell(here, token), 'live', 'the next check knows');
        }
      },
    },
  },
  ['changes'],
);

export const changesInTransactions: readonly CaseDefinition[] = define(
  'changes',
  {
    commit: {
      title:
        'MUST tell the changes of a transaction after its commit, however long it took, and never those of a rollback',
      async run(bench) {
        const { store } = bench;
        const power = store.powers?.transactions ?? assert.fail('it declares the power');
        for (const one of [ann, bob]) await openRecords(store, one, null);
        const follower = await Follower.begin(store);
        for (const outcome of ['commit', 'rollback'] as const) {
          await follower.settle();
          const open = await bench.begin();
          await revoke(power.within(open.transaction as never), ann.tags.user);
          // A later change is committed first, and told.
          await revoke(store, bob.tags.user);
          assert.ok(isTold(await follower.ask(), bob.tags.user), 'the later change is told');
          await follower.settle();
          await open[outcome]();
          const tags = await follower.ask();
          if (outcome === 'commit') assert.ok(isTold(tags, ann.tags.user), 'the earlier change is told');
          else same(tags?.includes(ann.tags.user) ?? false, false);
        }
      },
    },
  },
  ['changes', 'transactions'],
);
