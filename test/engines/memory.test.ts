import type { SessionRecord } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import { newEpoch } from '../../src/model/epoch.ts';
import { logOf, policiesOf, recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { DAY, NOW } from '../../src/testing/harness/bench.ts';
import {
  addNew,
  anotherRecord,
  endedAt,
  look,
  newHash,
  openRecords,
  person,
  plainWrite,
  pruneAll,
  recordOf,
  renewalOf,
  sessionOf,
  stored,
} from '../../src/testing/harness/records.ts';

const ann = person('ann');
const bob = person('bob');
const annAtAcme = person('ann', 'acme');

/** Tries to change every part of a value. Frozen parts stay unchanged. */
function deface(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) deface(part);
  for (const key of [...Object.keys(value), 'more']) Reflect.set(value, key, 'defaced');
}

describe('what is handed in and out', () => {
  test('is answered at once', () => {
    const store = memoryStore();
    const session = sessionOf(ann);
    const { id, userTag: user } = session;
    const [log, policies] = [logOf(store), policiesOf(store)];
    const answers = [
      store.ensureEpochs([{ tag: user, create: newEpoch(NOW), version: 1, keepUntil: null }], NOW),
      store.add(session, plainWrite()),
      store.find(ann.tags.realm, [{ id, user }]),
      store.list(ann.tags.realm, user, { ended: true, now: NOW, limit: 1 }),
      store.touch([{ id, user, at: NOW + 1 }], () => NOW),
      store.renew(renewalOf(session)),
      store.end({ id, user }, endedAt(NOW), []),
      store.advance(user, { record: newEpoch(NOW), ifVersion: 3, now: NOW, keepUntil: null, audit: [] }),
      store.listUsers({ realm: 'shop', account: null }, null, 1),
      store.deleteSessions(user, 1),
      log.append([recordAbout(ann)]),
      log.read({ realm: ann.tags.realm, limit: 1 }),
      log.forget(user, 1),
      log.prune(0, 1),
      policies.get('acme'),
      policies.set({ account: 'acme', value: 'x', ifValue: null, audit: [] }),
      store.prune({ sessionsBefore: 0, epochsBefore: 0, limit: 1, after: null, revoked: () => false }),
    ];
    for (const answer of answers) expect(answer).not.toBeInstanceOf(Promise);
  });

  test('is not kept by reference where it is handed in', async () => {
    const store = memoryStore();
    const other = await addNew(store, annAtAcme);
    const session = sessionOf(annAtAcme);
    const before = structuredClone(session);
    const ending = [{ id: other.id, ended: endedAt(NOW), audit: [] }];
    await store.add(session, plainWrite({ ending }));
    deface(session);
    deface(ending);
    expect(await stored(store, before)).toEqual(before);
    expect(await stored(store, other)).toEqual({ ...other, ended: endedAt(NOW) });

    const renewal = renewalOf(before, { attributes: { deep: [{ er: true }] } });
    const renewed = structuredClone(renewal.session);
    expect(await store.renew(renewal)).toBe('renewed');
    deface(renewal);
    expect(await stored(store, before)).toEqual(renewed);

    const ended = endedAt(NOW);
    await store.end({ id: before.id, user: before.userTag }, ended, []);
    deface(ended);
    expect(await stored(store, before)).toEqual({ ...renewed, ended: endedAt(NOW) });
  });

  test('is not kept by reference where it is a record', async () => {
    const store = memoryStore();
    const create = { ...newEpoch(NOW), kinds: { api: 'x.1' }, members: {} };
    const first = structuredClone(create);
    await store.ensureEpochs([{ tag: ann.tags.user, create, version: 1, keepUntil: null }], NOW);
    deface(create);
    expect((await recordOf(store, ann.tags.user)).record).toEqual(first);

    const record = anotherRecord('left');
    const second = structuredClone(record);
    await store.advance(ann.tags.user, { record, ifVersion: 1, now: NOW, keepUntil: null, audit: [] });
    deface(record);
    expect((await recordOf(store, ann.tags.user)).record).toEqual(second);
  });

  test("is not the store's own where it is handed out", async () => {
    const store = memoryStore();
    const full = await addNew(store, annAtAcme, { deviceTag: 'device', ended: endedAt(NOW) });
    const bare = await addNew(store, ann, { attributes: {}, amr: [], expiresAt: null, idle: null });
    const { epochs } = structuredClone((await look(store, full)) ?? { epochs: null });
    for (const session of [full, bare, full, bare]) {
      const found = await look(store, session);
      expect(found?.session).toEqual(session);
      deface(found);
      deface(await store.list(ann.tags.realm, ann.tags.user, { ended: true, now: NOW, limit: 9 }));
      deface(await recordOf(store, ann.tags.user));
      await pruneAll(store, {
        revoked: (asked) => {
          deface(asked);
          return false;
        },
      });
    }
    expect((await look(store, full))?.epochs).toEqual(epochs);
    const later = await addNew(store, bob, { attributes: {}, amr: [] });
    expect(await stored(store, later)).toEqual(later);
  });

  const whole = newHash();
  test.each(['', 'short', whole.slice(1), `${whole}A`, '+/+/', '\0', '\ud800', 'ä'.repeat(43)])(
    'comes back as it was, the credential %j too',
    async (credential) => {
      const store = memoryStore();
      const session = await addNew(store, ann, { credential });
      expect(await stored(store, session)).toEqual(session);
      const renewal = renewalOf(session, { credential: `${credential}\ud800` });
      expect(await store.renew({ ...renewal, ifCredential: `${credential}A` })).toBe('not-live');
      expect(await store.renew(renewal)).toBe('renewed');
      expect(await stored(store, session)).toEqual(renewal.session);
    },
  );

  test('comes back as it was, keys that every object has and broken texts too', async () => {
    const store = memoryStore();
    const attributes = JSON.parse('{ "__proto__": { "x": 1 }, "constructor": "\\ud800", "": -1e-7, "\\ud83d": [] }');
    const odd = { id: '}x\ud800\0', realm: '\u2028', kind: 'constructor', amr: ['__proto__', ''], serial: 2 ** 53 - 1 };
    const session = await addNew(store, ann, { ...odd, attributes });
    const [found] = await store.find(ann.tags.realm, [{ id: odd.id, user: ann.tags.user }]);
    expect(found?.session).toEqual(session);
    expect(JSON.stringify(found?.session.attributes)).toBe(JSON.stringify(attributes));
  });
});

describe('sessions', () => {
  test('leave nothing to the next one in their slot', async () => {
    const store = memoryStore();
    const staying = await addNew(store, ann);
    const gone: SessionRecord[] = [];
    const young: SessionRecord[] = [];
    for (let nth = 0; nth < 100; nth++) {
      gone.push(await addNew(store, annAtAcme, { expiresAt: 1, serial: 7, deviceTag: 'device', ended: endedAt(0) }));
    }
    expect(await pruneAll(store)).toMatchObject({ sessions: 100 });
    for (let nth = 0; nth < 100; nth++) {
      young.push(await addNew(store, bob, { attributes: {}, amr: [], idle: null, expiresAt: null }));
    }
    for (const session of gone) expect(await look(store, session)).toBeNull();
    for (const session of [...young, staying]) expect(await stored(store, session)).toEqual(session);
    const page = await store.list(ann.tags.realm, ann.tags.user, { ended: true, now: NOW, limit: 99 });
    expect(page.found.map(({ session }) => session)).toEqual([staying]);
  });

  test('are not mixed up where they differ in one thing only', async () => {
    const store = memoryStore();
    const template = sessionOf(annAtAcme);
    const { stamps, device } = template;
    const variants: Partial<SessionRecord>[] = [
      ...[{}, { realm: 'other' }, { user: 'Ann' }, { account: 'ACME' }, { account: null, accountTag: null }],
      ...[{ kind: 'api' }, { serial: 1 }, { expiresAt: null }, { idle: null }, { deviceTag: 'device' }],
      ...[{ attributes: {} }, { ended: endedAt(NOW) }, { attributes: {}, ended: endedAt(NOW) }],
      ...['createdAt', 'authenticatedAt', 'lastUsedAt', 'expiresAt', 'idle'].map((time) => ({ [time]: 1 })),
      ...[[], ['pwd'], ['otp', 'pwd'], ['pwd,otp']].map((amr) => ({ amr })),
      ...Object.keys(stamps).map((scope) => ({ stamps: { ...stamps, [scope]: 'other' } })),
      ...[{ stamps: { ...stamps, account: null, member: null } }],
      ...Object.keys(device).map((part) => ({ device: { ...device, [part]: 'other' } })),
      ...[null, ''].flatMap((ip) => [{ device: { ...device, ip } }, { device: { ...device, ip }, attributes: {} }]),
    ];
    const sessions: SessionRecord[] = [];
    for (const variant of variants) {
      sessions.push(await addNew(store, annAtAcme, { ...template, id: sessionOf(ann).id, ...variant }));
    }
    for (const session of sessions) {
      const [found] = await store.find(ann.tags.realm, [{ id: session.id, user: session.userTag }]);
      expect(found?.session).toEqual(session);
    }
  });

  test('are judged by a record that was lost and made anew, and meanwhile by none', async () => {
    const store = memoryStore();
    const session = await addNew(store, annAtAcme, {}, DAY);
    const { realm, user } = annAtAcme.tags;
    const { version: ifVersion } = await recordOf(store, user);
    await pruneAll(store, { epochsBefore: DAY + 1 });
    expect((await look(store, session))?.epochs).toEqual({ realm: null, account: null, user: null, member: null });
    expect(await store.add(sessionOf(ann), plainWrite({ keepUntil: null }))).toBe('conflict');
    expect(await store.renew(renewalOf(session, {}, { ifVersion }))).toBe('conflict');
    expect(await store.advance(user, { record: newEpoch(NOW), ifVersion, now: NOW, keepUntil: null, audit: [] })).toBe(
      'conflict',
    );

    const made = await openRecords(store, annAtAcme);
    const anew = {
      ...{ realm: made.realm.record, account: made.account?.record },
      ...{ user: made.user.record, member: made.member?.record },
    };
    expect((await look(store, session))?.epochs).toEqual(anew);
    const without = { account: null, accountTag: null, stamps: { ...session.stamps, account: null, member: null } };
    await store.renew(renewalOf(session, without));
    const [found] = await store.find(realm, [{ id: session.id, user }]);
    expect(found?.epochs).toEqual({ ...anew, account: null, member: null });
  });

  test('that expired are passed by where others are ended', async () => {
    const store = memoryStore();
    const expired = await addNew(store, ann, { expiresAt: NOW });
    const idle = await addNew(store, ann, { idle: 1 });
    const living = await addNew(store, ann);
    const ending = [expired, idle, living].map(({ id }) => ({ id, ended: endedAt(NOW + 1), audit: [] }));
    await store.add(sessionOf(ann), plainWrite({ ending }));
    expect(await stored(store, expired)).toEqual(expired);
    expect(await stored(store, idle)).toEqual(idle);
    expect(await stored(store, living)).toEqual({ ...living, ended: endedAt(NOW + 1) });
  });

  test('are gone after close, and nothing is answered any more', async () => {
    const store = memoryStore();
    const session = await addNew(store, ann);
    const { id, userTag: user } = session;
    await store.close?.();
    const calls: (() => unknown)[] = [
      () => store.ensureEpochs([], NOW),
      () => store.add(session, plainWrite()),
      () => store.find(ann.tags.realm, []),
      () => store.list(ann.tags.realm, user, { ended: true, now: NOW, limit: 1 }),
      () => store.touch([], () => NOW),
      () => store.renew(renewalOf(session)),
      () => store.end({ id, user }, endedAt(NOW), []),
      () => store.advance(user, { record: newEpoch(NOW), ifVersion: 1, now: NOW, keepUntil: null, audit: [] }),
      () => store.listUsers({ realm: 'shop', account: null }, null, 1),
      () => store.deleteSessions(user, 1),
      () => logOf(store).append([]),
      () => logOf(store).read({ realm: ann.tags.realm, limit: 1 }),
      () => logOf(store).forget(user, 1),
      () => logOf(store).prune(0, 1),
      () => policiesOf(store).get('acme'),
      () => policiesOf(store).set({ account: 'acme', value: 'x', ifValue: null, audit: [] }),
      () => store.prune({ sessionsBefore: 0, epochsBefore: 0, limit: 1, after: null, revoked: () => false }),
    ];
    for (const call of calls) expect(call).toThrow('closed');
    expect(() => store.close?.()).not.toThrow();
  });
});
