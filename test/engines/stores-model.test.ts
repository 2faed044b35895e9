import fc from 'fast-check';
import type {
  AuditPage,
  AuditRecord,
  Ending,
  EpochRecord,
  FoundSession,
  SessionRecord,
  Tag,
} from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { sqliteStore } from 'session-revocation/sqlite';
import { expect, test } from 'vitest';
import { newEpoch } from '../../src/model/epoch.ts';
import { recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { endedAt, type Person, person, sessionOf } from '../../src/testing/harness/records.ts';
import { size } from '../ci-only.ts';
import { type Data, emptyData, referenceStore, type SyncStore } from '../contract/reference-store.ts';
import { SEED } from '../services/seed.ts';

// The world is small, so that operations often concern the same data. Times are 0 to 40, and most lifetimes end within
// them.
const PEOPLE = ['ann', 'bob', 'eve'].flatMap((user) => [null, 'acme', 'beta'].map((account) => person(user, account)));
const REALM = person('ann').tags.realm;
const TAGS = [...new Set(PEOPLE.flatMap(({ tags }) => [tags.realm, tags.user, tags.account ?? tags.user]))];

const who = fc.constantFrom(...PEOPLE);
const id: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const time = fc.integer({ min: 0, max: 40 });
const name = fc.nat({ max: 99 });
const keepUntil = fc.option(time);
/** Whether the value that a verb compares is current. True in nine of ten cases. */
const fresh = fc.integer({ min: 0, max: 9 }).map((n) => n > 0);
const others = fc.uniqueArray(id, { maxLength: 2 });
const birth = fc.record({
  createdAt: fc.integer({ min: 0, max: 5 }),
  kind: fc.constantFrom('browser', 'api'),
  deviceTag: fc.option(fc.constant('device')),
  federated: fc.option(fc.constant({ issuer: 'https://id.example.org', sid: 'a', sub: null })),
  device: fc.record({
    label: fc.constantFrom('Chrome', 'Firefox'),
    browser: fc.constant(null),
    os: fc.constant('Linux'),
    type: fc.constant('desktop' as const),
    ip: fc.option(fc.constantFrom('192.0.2.1', '::1')),
  }),
});
const state = fc.record({
  credential: fc.constantFrom('', 'odd', 'A'.repeat(43), 'B'.repeat(43), '\u{1f511}'),
  serial: fc.nat(),
  authenticatedAt: time,
  lastUsedAt: time,
  expiresAt: fc.option(fc.integer({ min: 1, max: 60 })),
  idle: fc.option(fc.integer({ min: 1, max: 30 })),
  amr: fc.constantFrom(['pwd'], ['pwd', 'otp'], []),
  attributes: fc.constantFrom({}, { role: 'admin' }, { deep: [{ er: null }] }),
  client: fc.constantFrom(
    null,
    { id: 'app', name: 'The app', scope: null, kept: null },
    { id: 'web', name: 'The \u20ac app', scope: 'read write', kept: 'cookie' as const },
  ),
});

/** Timeout of a test, in ms. Many times as long as it takes. */
const WAIT_TIMEOUT = 600_000;

let written = 0;
/** An audit entry about a person. Each entry has a new id. */
const record = (whose: Person, at: number, keepUntil = 20): AuditRecord =>
  recordAbout(whose, { id: `entry ${written++}`, at, type: `type ${at % 3}` }, keepUntil);
const entries: fc.Arbitrary<() => readonly AuditRecord[]> = fc
  .array(fc.record({ who, at: fc.integer({ min: 0, max: 5 }), keepUntil: time }), { maxLength: 2 })
  .map((all) => () => all.map((one) => record(one.who, one.at, one.keepUntil)));

/** A call to a store. Its arguments may depend on the model, and are read from the model before the call. */
type Question = (model: Data) => (store: SyncStore) => unknown;

const asking = <Given>(
  weight: number,
  given: fc.Arbitrary<Given>,
  ask: (given: Given, model: Data) => (store: SyncStore) => unknown,
): fc.WeightedArbitrary<Question> => ({ weight, arbitrary: given.map((one) => (model) => ask(one, model)) });

const recordNamed = (text: string): EpochRecord => ({ ...newEpoch(0), incarnation: text, base: `${text}.0` });
const hashOf = ({ sessions }: Data, one: string, right: boolean): string =>
  right ? (sessions.get(one)?.credential ?? '') : 'wrong';
const userOf = ({ sessions }: Data, one: string, right: boolean): Tag =>
  (right && sessions.get(one)?.userTag) || person('bob').tags.user;
const versionOf = ({ epochs }: Data, tag: string, right: boolean): number =>
  (epochs.get(tag)?.version ?? 0) + (right ? 0 : 1);
// At time 0 no session has expired. Another test covers `ending` of an expired session.
const endingOf = (ids: readonly string[], own: string): Ending[] =>
  ids.filter((one) => one !== own).map((one) => ({ id: one, ended: endedAt(0, one), audit: [record(PEOPLE[0]!, 0)] }));

const questions: fc.Arbitrary<Question> = fc.oneof(
  asking(2, fc.record({ who, keepUntil, name }), ({ who: { tags }, keepUntil, name: version }) => {
    const wanted = [tags.realm, tags.user, tags.account ?? tags.user];
    const requests = wanted.map((tag) => ({ tag, create: recordNamed(`${tag}${version}`), version, keepUntil }));
    return (store) => store.ensureEpochs(requests, 0);
  }),
  asking(2, who, ({ tags }) => {
    const read = [tags.realm, tags.account ?? tags.user, tags.member ?? tags.user];
    return (store) => store.readEpochs(read);
  }),
  asking(6, fc.record({ id, who, state, birth, fresh, others, keepUntil, entries }), (given, model) => {
    const session = sessionOf(given.who, { id: given.id, ...given.state, ...given.birth });
    const ifVersion = versionOf(model, session.userTag, given.fresh);
    const { keepUntil, entries } = given;
    const write = {
      ifVersion,
      now: 0,
      retention: 0,
      ending: endingOf(given.others, given.id),
      keepUntil,
      audit: entries(),
    };
    return (store) => store.add(session, write);
  }),
  asking(2, fc.array(fc.record({ id, who, exact: fc.boolean() })), (wanted) => {
    const refs = wanted.map(({ id, who: { tags }, exact }) => {
      return { id, user: tags.user, account: exact ? tags.account : undefined };
    });
    return (store) => store.find(REALM, refs);
  }),
  asking(
    2,
    fc.record({
      who,
      page: fc.record({ ended: fc.boolean(), now: time, limit: fc.nat({ max: 4 }) }),
      after: fc.option(fc.record({ createdAt: fc.integer({ min: 0, max: 5 }), id }), { nil: undefined }),
    }),
    ({ who: { tags }, page, after }) =>
      (store) =>
        store.list(REALM, tags.user, { ...page, after, account: tags.account ?? undefined }),
  ),
  asking(2, fc.record({ now: time, used: fc.array(fc.record({ id, fresh, at: time })) }), ({ now, used }, model) => {
    const touches = used.map(({ id, fresh, at }) => ({ id, user: userOf(model, id, fresh), at }));
    return (store) => store.touch(touches, () => now);
  }),
  asking(
    4,
    fc.record({
      id,
      who,
      state,
      fresh,
      version: fc.option(fresh),
      now: time,
      moves: fc.boolean(),
      others,
      keepUntil,
      entries,
    }),
    ({ id, who, state, fresh, version, now, moves, others, keepUntil, entries }, model) => {
      // Usually the session's own user, but in any account.
      const whose = person(model.sessions.get(id)?.user ?? who.user, who.account);
      const session = sessionOf(whose, { id, ...state, stamps: { ...sessionOf(whose).stamps, realm: 'x', user: 'y' } });
      const ifVersion = version === null ? undefined : versionOf(model, session.userTag, version);
      const write = {
        ifCredential: hashOf(model, id, fresh),
        now,
        retention: 0,
        ifVersion,
        moves,
        ending: endingOf(others, id),
        keepUntil,
        audit: entries(),
      };
      return (store) => store.renew({ session, ...write });
    },
  ),
  asking(2, fc.record({ id, fresh, at: time, entries }), ({ id, fresh, at, entries }, model) => {
    const audit = entries();
    const ref = { id, user: userOf(model, id, fresh) };
    return (store) => store.end(ref, endedAt(at, 'end'), audit);
  }),
  asking(
    3,
    fc.record({
      ...{ tag: fc.constantFrom(...TAGS), fresh, keepUntil, name, entries },
      initiator: fc.option(fc.record({ id, fresh, now: time }), { nil: undefined }),
    }),
    ({ tag: any, fresh, keepUntil, name, entries, initiator }, model) => {
      const tag = (initiator && model.sessions.get(initiator.id)?.userTag) ?? any;
      const rotation = initiator && {
        ...{ id: initiator.id, ifCredential: hashOf(model, initiator.id, initiator.fresh) },
        ...{ credential: `rotated ${name}`, serial: name },
      };
      const ifVersion = versionOf(model, tag, fresh);
      const advance = {
        record: recordNamed(`advanced ${name}`),
        now: initiator?.now ?? 0,
        ifVersion,
        keepUntil,
        audit: entries(),
      };
      return (store) => store.advance(tag, { ...advance, initiator: rotation });
    },
  ),
  asking(1, entries, (make) => {
    const records = make();
    return (store) => store.powers.audit.append(records);
  }),
  asking(
    2,
    fc.record({ who, names: fc.subarray(['user', 'account', 'by', 'types', 'since', 'until'] as const), at: time }),
    ({ who: { tags }, names, at }) => {
      const page = { user: tags.user, account: tags.account ?? '', by: tags.user, types: ['type 1'], since: at % 5 };
      const all: Partial<AuditPage> = { ...page, until: at % 7 };
      const chosen = Object.fromEntries(names.map((each) => [each, all[each]]));
      return (store) => {
        const pages = [];
        let after: AuditPage['after'];
        for (let more = true; more; ) {
          const answer: ReturnType<SyncStore['powers']['audit']['read']> = store.powers.audit.read({
            ...{ realm: REALM, ...chosen, after, limit: 3 },
          });
          pages.push(answer);
          after = answer.entries.at(-1);
          ({ more } = answer);
        }
        return pages;
      };
    },
  ),
  // If the limit is lower, the store chooses which entries to forget first. This limit covers all of them.
  asking(
    1,
    who,
    ({ tags }) =>
      (store) =>
        store.powers.audit.forget(tags.user, 999),
  ),
  asking(1, time, (before) => (store) => store.powers.audit.prune(before, 999)),
  asking(
    1,
    who,
    ({ tags }) =>
      (store) =>
        store.deleteSessions(tags.user, 99),
  ),
  asking(1, fc.record({ who, name, fresh, entries }), ({ who: { tags }, name, fresh, entries }, model) => {
    const account = tags.account ?? '';
    const ifValue = fresh ? (model.policies.get(account) ?? null) : 'another';
    const write = { account, value: `policy ${name}`, ifValue, audit: entries() };
    return (store) => store.powers.policies.set(write);
  }),
  asking(
    1,
    fc.record({ sessionsBefore: time, epochsBefore: time, limit: fc.integer({ min: 1, max: 5 }), gone: others }),
    ({ gone, ...bounds }) =>
      (store) => {
        const asked: SessionRecord[] = [];
        const total = { sessions: 0, epochs: 0 };
        const revoked = ({ session }: FoundSession): boolean => asked.push(session) > 0 && gone.includes(session.id);
        for (let more = true, after: string | null = null; more; ) {
          const askedBefore = asked.length;
          const batch = store.prune({ ...bounds, after, revoked });
          for (const count of [batch.sessions, batch.epochs, asked.length - askedBefore]) {
            expect(count).toBeLessThanOrEqual(bounds.limit);
          }
          total.sessions += batch.sessions;
          total.epochs += batch.epochs;
          ({ more, after } = batch);
        }
        return { total, asked: asked.sort((a, b) => (a.id < b.id ? -1 : 1)) };
      },
  ),
);

/** Returns every user of an account or of the realm. Reads pages of two. */
function usersOf(store: SyncStore, account: Tag | null): readonly Tag[] {
  const users = new Set<Tag>();
  let after: string | null = null;
  do {
    const page: ReturnType<SyncStore['listUsers']> = store.listUsers({ realm: 'shop', account }, after, 2);
    expect(page.users.length).toBeLessThanOrEqual(2);
    for (const user of page.users) users.add(user);
    ({ after } = page);
  } while (after !== null);
  return [...users].sort();
}

const everything = (store: SyncStore): unknown => [
  PEOPLE.map(({ tags }) => store.list(REALM, tags.user, { ended: true, now: 0, limit: 99 })),
  PEOPLE.map(({ tags }) => usersOf(store, tags.account)),
  PEOPLE.map(({ tags }) => store.powers.policies.get(tags.account ?? '')),
  store.powers.audit.read({ realm: REALM, limit: 999 }),
];

test.each([
  ['memory', () => memoryStore()],
  ['sqlite', () => sqliteStore(':memory:')],
])(
  '%s answers like the port written down plainly, whatever is asked in whatever order',
  (_, open) => {
    fc.assert(
      fc.property(fc.array(questions, { maxLength: 60, size: 'max' }), (asked) => {
        const model = emptyData();
        const reference = referenceStore(model);
        const store = open() as SyncStore;
        for (const tag of TAGS) {
          const wanted = [{ tag, create: recordNamed(tag), version: 1, keepUntil: 20 }];
          expect(store.ensureEpochs(wanted, 0)).toEqual(reference.ensureEpochs(wanted, 0));
        }
        for (const question of asked) {
          const ask = question(model);
          expect(ask(store)).toEqual(ask(reference));
          expect(everything(store)).toEqual(everything(reference));
        }
      }),
      { numRuns: size('model: lists of questions to a store'), seed: SEED },
    );
  },
  WAIT_TIMEOUT,
);
