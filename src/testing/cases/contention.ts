import assert from 'node:assert/strict';
import { newEpoch } from '../../model/epoch.ts';
import type { SessionRecord } from '../../model/session.ts';
import type { SessionStore } from '../../store/store.ts';
import { type Bench, NOW, SECOND } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import {
  add,
  anotherRecord,
  endedAt,
  look,
  newHash,
  openRecords,
  type Person,
  person,
  plainWrite,
  renewalOf,
  same,
  sessionOf,
  stored,
  versionOf,
} from '../harness/records.ts';

const ROUNDS = 12;

type Ask<T> = (store: SessionStore, at: number) => Promise<T>;

async function atOnce<T extends string | boolean>(
  bench: Bench,
  second: SessionStore,
  asks: readonly Ask<T>[],
): Promise<T[]> {
  return Promise.all(asks.map(async (ask, at) => ask(at % 2 === 0 ? bench.store : second, at)));
}

const count = <T>(answers: readonly T[], answer: T): number => answers.filter((one) => one === answer).length;

// Several rounds with new users, because a step that is not atomic fails only sometimes.
async function rounds(bench: Bench, play: (whose: Person, second: SessionStore) => Promise<void>): Promise<void> {
  const second = await bench.second();
  for (let round = 0; round < ROUNDS; round++) {
    const whose = person(`user ${round}`);
    await openRecords(bench.store, whose);
    await play(whose, second);
  }
}

const many = <T>(ask: Ask<T>): Ask<T>[] => Array<Ask<T>>(6).fill(ask);

const addFresh =
  (whose: Person, ifVersion: number): Ask<string> =>
  async (store) =>
    store.add(sessionOf(whose), plainWrite({ ifVersion }));

const advanceBy =
  (whose: Person, ifVersion: number, kept?: SessionRecord): Ask<string> =>
  async (store, at) =>
    store.advance(whose.tags.user, {
      record: anotherRecord(`${at}`),
      ifVersion,
      ...{ now: NOW, keepUntil: 0, audit: [] },
      initiator: kept && { id: kept.id, ifCredential: kept.credential, credential: newHash(), serial: kept.serial + 1 },
    });

export const contention: readonly CaseDefinition[] = define('races', {
  'create-once': {
    title: 'MUST make one record of many that are created at once, and give it to all',
    async run(bench) {
      const second = await bench.second();
      for (let round = 0; round < ROUNDS; round++) {
        const tag = person(`user ${round}`).tags.user;
        const made = await Promise.all(
          [0, 1, 2, 3, 4, 5].map(async (at) => {
            const request = { tag, create: newEpoch(NOW + at), version: 1000 * at, keepUntil: null };
            const [answer] = await (at % 2 === 0 ? bench.store : second).ensureEpochs([request], NOW);
            return answer;
          }),
        );
        for (const one of made) same(one, made[0]);
      }
    },
  },
  'add-once': {
    title: 'MUST let one of many sessions in that were decided on the same version',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const answers = await atOnce(bench, second, many(addFresh(whose, await versionOf(bench.store, whose))));
        assert.equal(count(answers, 'added'), 1);
        const { found } = await bench.store.list(whose.tags.realm, whose.tags.user, {
          ended: true,
          now: NOW,
          limit: 10,
        });
        assert.equal(found.length, 1);
      }),
  },
  'advance-once': {
    title: 'MUST let one of many advances of the same version through',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const answers = await atOnce(bench, second, many(advanceBy(whose, await versionOf(bench.store, whose))));
        assert.equal(count(answers, 'advanced'), 1);
        const { record } = (await openRecords(bench.store, whose)).user;
        assert.equal(record.last?.reason, `${answers.indexOf('advanced')}`, 'the record is that of the one');
      }),
  },
  'add-or-advance': {
    title: 'MUST let either a session in or an advance through, of the same version',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const version = await versionOf(bench.store, whose);
        const asks = [
          addFresh(whose, version),
          advanceBy(whose, version),
          addFresh(whose, version),
          advanceBy(whose, version),
        ];
        const answers = await atOnce(bench, second, asks);
        assert.equal(count(answers, 'conflict'), 3);
      }),
  },
  'renew-once': {
    title: 'MUST let one of many renewals of the same secret through',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const session = await add(bench.store, sessionOf(whose));
        const answers = await atOnce(
          bench,
          second,
          many(async (store) => store.renew(renewalOf(session))),
        );
        assert.equal(count(answers, 'renewed'), 1);
      }),
  },
  'end-once': {
    title: 'MUST tell one of many that it ended a session',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const session = await add(bench.store, sessionOf(whose));
        const ref = { id: session.id, user: whose.tags.user };
        const answers = await atOnce(
          bench,
          second,
          many(async (store, at) => store.end(ref, endedAt(NOW + at, `${at}`), [])),
        );
        assert.equal(count(answers, true), 1);
        assert.equal((await stored(bench.store, session)).ended?.reason, `${answers.indexOf(true)}`);
      }),
  },
  'keep-or-renew': {
    title: 'MUST let either a keep or a renewal rotate a secret',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const session = await add(bench.store, sessionOf(whose));
        const keep = advanceBy(whose, await versionOf(bench.store, whose), session);
        const renew: Ask<string> = async (store) => store.renew(renewalOf(session));
        const answers = await atOnce(bench, second, [keep, renew, renew, keep]);
        assert.equal(count(answers, 'advanced') + count(answers, 'renewed'), 1);
        const record = (await look(bench.store, session))?.epochs.user;
        assert.equal(
          record?.last !== null,
          count(answers, 'advanced') === 1,
          'the record was advanced with the keep alone',
        );
      }),
  },
  'end-or-keep': {
    title: 'MUST not keep a session that is ended at the same time, and not end it halfway',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const session = await add(bench.store, sessionOf(whose));
        const version = await versionOf(bench.store, whose);
        const [kept, ended] = await Promise.all([
          advanceBy(whose, version, session)(bench.store, 0),
          (async () => second.end({ id: session.id, user: whose.tags.user }, endedAt(NOW), []))(),
        ]);
        const now = await stored(bench.store, session);
        assert.equal(ended, true);
        same(now.ended, endedAt(NOW));
        assert.equal(now.credential !== session.credential, kept === 'advanced');
      }),
  },
  'use-and-renew': {
    title: 'MUST lose neither a use nor a renewal that come together, and revive nothing that is ended',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const [session, gone] = [await add(bench.store, sessionOf(whose)), await add(bench.store, sessionOf(whose))];
        const user = whose.tags.user;
        const at = NOW + 2 * SECOND;
        const renewal = renewalOf(session, { lastUsedAt: NOW + SECOND, attributes: { renewed: true } });
        const uses = [
          { id: session.id, user, at },
          { id: gone.id, user, at },
        ];
        await Promise.all([
          (async () => second.touch(uses, () => NOW))(),
          (async () => bench.store.renew(renewal))(),
          (async () => second.end({ id: gone.id, user }, endedAt(NOW), []))(),
          (async () => bench.store.touch(uses, () => NOW))(),
        ]);
        same(await stored(bench.store, session), { ...renewal.session, lastUsedAt: at });
        same((await stored(bench.store, gone)).ended, endedAt(NOW));
      }),
  },
  'one-moment': {
    title: 'MUST find a session and its records as of one moment, while an advance rotates its secret',
    run: (bench) =>
      rounds(bench, async (whose, second) => {
        const session = await add(bench.store, sessionOf(whose));
        const version = await versionOf(bench.store, whose);
        const page = { ended: false, now: NOW, limit: 1 };
        const see = async (store: SessionStore): Promise<void> => {
          const { realm, user } = whose.tags;
          const [found, listed] = await Promise.all([look(store, session), store.list(realm, user, page)]);
          for (const one of [found, listed.found[0]]) {
            const rotated = one?.session.credential !== session.credential;
            assert.equal(one?.epochs.user?.last !== null, rotated, 'the secret and the record belong together');
          }
        };
        const looks = [see(bench.store), see(second)];
        const advanced = advanceBy(whose, version, session)(bench.store, 0);
        await Promise.all([...looks, see(second), see(bench.store)]);
        assert.equal(await advanced, 'advanced');
        await see(second);
      }),
  },
});
