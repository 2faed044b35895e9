import { type EpochRecord, newEpoch } from '../../../src/model/epoch.ts';
import { endOf } from '../../../src/model/judge.ts';
import { realmTag } from '../../../src/model/token.ts';
import { change, every, type Faults, rowOf } from './fault.ts';

/** A position after every session. */
const LAST = '~';

/** Stores that break epoch records, their advance, or pruning. */
export const RECORDS: Faults = {
  'ensureEpochs makes all anew': (store, data) => ({
    ensureEpochs(requests, now) {
      for (const { tag } of requests) data.epochs.delete(tag);
      return store.ensureEpochs(requests, now);
    },
  }),
  'ensureEpochs answers in its own order': (store) => ({
    ensureEpochs: (requests, now) =>
      store.ensureEpochs(
        [...requests].sort((a, b) => (a.tag < b.tag ? -1 : 1)),
        now,
      ),
  }),
  'ensureEpochs begins versions at one': (store) => ({
    ensureEpochs: (requests, now) =>
      store.ensureEpochs(
        requests.map((one) => ({ ...one, version: 1 })),
        now,
      ),
  }),
  'ensureEpochs answers each request by itself': (store) => ({
    ensureEpochs: (requests, now) =>
      store.ensureEpochs(requests, now).map((found, at) => {
        const { tag, create: record, version } = requests[at] ?? {};
        const isRepeated = requests.findIndex((one) => one.tag === tag) < at;
        return isRepeated && record !== undefined && version !== undefined ? { record, version } : found;
      }),
  }),
  'ensureEpochs keeps as the first request says': (store) => ({
    ensureEpochs: (requests, now) =>
      store.ensureEpochs(
        requests.map((one) => requests.find(({ tag }) => tag === one.tag) ?? one),
        now,
      ),
  }),
  'readEpochs makes what it misses': (store) => ({
    readEpochs: (tags) =>
      store.ensureEpochs(
        tags.map((tag) => ({ tag, create: newEpoch(0), version: 1, keepUntil: 0 })),
        0,
      ),
  }),
  'readEpochs leaves out what it misses': (store) => ({
    readEpochs: (tags) => store.readEpochs(tags).filter((found) => found !== null),
  }),
  'readEpochs answers in its own order': (store) => ({ readEpochs: (tags) => store.readEpochs([...tags].sort()) }),
  'readEpochs raises what it reads': (store, data) => ({
    readEpochs(tags) {
      for (const tag of tags) Object.assign(rowOf(data, tag) ?? {}, { keepUntil: null });
      return store.readEpochs(tags);
    },
  }),
  'readEpochs moves versions': (store, data) => ({
    readEpochs(tags) {
      const answer = store.readEpochs(tags);
      for (const tag of tags) {
        const row = rowOf(data, tag);
        if (row !== undefined) row.version += 1;
      }
      return answer;
    },
  }),
  'ensureEpochs moves versions': (store, data) => ({
    ensureEpochs(requests, now) {
      for (const { tag } of requests) {
        const row = rowOf(data, tag);
        if (row !== undefined) row.version += 1;
      }
      return store.ensureEpochs(requests, now);
    },
  }),
  'ensureEpochs moves versions by raising': (store, data) => ({
    ensureEpochs(requests, now) {
      for (const { tag, keepUntil } of requests) {
        const row = rowOf(data, tag);
        if (row !== undefined && row.keepUntil !== null && (keepUntil === null || keepUntil > row.keepUntil))
          row.version += 1;
      }
      return store.ensureEpochs(requests, now);
    },
  }),
  'ensureEpochs lowers what is kept': (store, data) => ({
    ensureEpochs(requests, now) {
      const answer = store.ensureEpochs(requests, now);
      for (const { tag, keepUntil } of requests) {
        const row = rowOf(data, tag);
        if (row !== undefined) row.keepUntil = keepUntil;
      }
      return answer;
    },
  }),
  'ensureEpochs raises nothing': (store, data) => ({
    ensureEpochs: (requests, now) =>
      store.ensureEpochs(
        requests.map((one) => ({ ...one, keepUntil: rowOf(data, one.tag) === undefined ? one.keepUntil : 0 })),
        now,
      ),
  }),
  'for ever is until then': (store, data) => {
    const short = (keepUntil: number | null): number | null => keepUntil ?? Date.UTC(2041, 0, 1);
    return {
      ensureEpochs: (requests, now) =>
        store.ensureEpochs(
          requests.map((one) => ({ ...one, keepUntil: short(one.keepUntil) })),
          now,
        ),
      add: (session, write) => store.add(session, { ...write, keepUntil: short(write.keepUntil) }),
      renew: (renewal) => store.renew({ ...renewal, keepUntil: short(renewal.keepUntil) }),
      advance(tag, advance) {
        const row = rowOf(data, tag);
        if (row !== undefined) row.keepUntil = short(row.keepUntil);
        return store.advance(tag, { ...advance, keepUntil: short(advance.keepUntil) });
      },
    };
  },
  'a lost record comes back': (store, data) => {
    const { lost, prune } = remembering(store, data);
    return {
      prune,
      ensureEpochs: (requests, now) =>
        store.ensureEpochs(
          requests.map((one) => ({ ...one, create: lost.get(one.tag) ?? one.create })),
          now,
        ),
    };
  },
  'find judges by a lost record': (store, data) => {
    const { lost, prune } = remembering(store, data);
    return {
      prune,
      find: (realm, refs) =>
        store.find(realm, refs).map((found) => {
          if (found === null) return null;
          const { session, epochs } = found;
          return { session, epochs: { ...epochs, user: epochs.user ?? lost.get(session.userTag) ?? null } };
        }),
    };
  },
  'one record serves all users': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      const users = new Set(every(data).map(({ userTag }) => userTag));
      if (answer === 'advanced' && users.has(tag)) {
        for (const other of users) Object.assign(rowOf(data, other) ?? {}, { record: structuredClone(advance.record) });
      }
      return answer;
    },
  }),
  'advance writes nothing': () => ({ advance: () => 'advanced' }),
  'advance leaves the version': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      if (answer === 'advanced') Object.assign(rowOf(data, tag) ?? {}, { version: advance.ifVersion });
      return answer;
    },
  }),
  'advance ignores the version': (store, data) => ({
    advance: (tag, advance) =>
      store.advance(tag, { ...advance, ifVersion: rowOf(data, tag)?.version ?? advance.ifVersion }),
  }),
  'advance rotates what conflicts': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      if (answer === 'conflict' && advance.initiator !== undefined)
        change(data, advance.initiator.id, { credential: advance.initiator.credential });
      return answer;
    },
  }),
  'advance creates': (store, data) => ({
    advance(tag, advance) {
      if (rowOf(data, tag) === undefined) {
        data.epochs.set(tag, { record: advance.record, version: advance.ifVersion, keepUntil: advance.keepUntil });
      }
      return store.advance(tag, advance);
    },
  }),
  'advance keeps no record': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, keepUntil: 0 }),
  }),
  'advance lowers what is kept': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      if (answer === 'advanced') Object.assign(rowOf(data, tag) ?? {}, { keepUntil: advance.keepUntil });
      return answer;
    },
  }),
  'advance rotates nothing': (store, data) => ({
    advance(tag, advance) {
      const { credential, serial } = data.sessions.get(advance.initiator?.id ?? '') ?? {};
      const answer = store.advance(tag, advance);
      if (advance.initiator !== undefined && credential !== undefined && serial !== undefined)
        change(data, advance.initiator.id, { credential, serial });
      return answer;
    },
  }),
  'advance counts a use': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      if (answer === 'advanced' && advance.initiator !== undefined)
        change(data, advance.initiator.id, { lastUsedAt: advance.now });
      return answer;
    },
  }),
  'advance forgets the notes': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, record: { ...advance.record, notes: undefined } }),
  }),
  'advance forgets the kinds': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, record: { ...advance.record, kinds: {} } }),
  }),
  'advance of one kind is of all': (store) => ({
    advance(tag, advance) {
      const { record } = advance;
      const newest = Object.values(record.kinds).find((stamp) => stamp.endsWith(`.${record.counter.toString(36)}`));
      return store.advance(tag, { ...advance, record: { ...record, base: newest ?? record.base } });
    },
  }),
  'advance forgets who is kept': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, record: { ...advance.record, keep: {} } }),
  }),
  'advance forgets who did it': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, record: { ...advance.record, last: null } }),
  }),
  'advance forgets suspensions': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, record: { ...advance.record, suspended: null } }),
  }),
  'advance has generations of a second': (store) => ({
    advance(tag, advance) {
      const coarse = (stamp: string): string => stamp.slice(0, -2);
      const { record } = advance;
      return store.advance(tag, { ...advance, record: { ...record, base: coarse(record.base) } });
    },
  }),
  'advance asks before it compares': (store, data) => ({
    advance(tag, advance) {
      const { initiator } = advance;
      const session = data.sessions.get(initiator?.id ?? '');
      return initiator !== undefined && session?.ended ? 'not-live' : store.advance(tag, advance);
    },
  }),
  'advance asks nobody': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, initiator: undefined }),
  }),
  'advance asks anybody': (store, data) => ({
    advance(tag, advance) {
      const { initiator } = advance;
      const stranger = initiator !== undefined && data.sessions.get(initiator.id)?.userTag !== tag;
      if (!stranger) return store.advance(tag, advance);
      change(data, initiator.id, { credential: initiator.credential });
      return store.advance(tag, { ...advance, initiator: undefined });
    },
  }),
  'advance writes before it asks': (store, data) => ({
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      if (answer === 'not-live') Object.assign(rowOf(data, tag) ?? {}, { record: advance.record });
      return answer;
    },
  }),
  'prune forgets the tombstones': (store) => ({ prune: (batch) => store.prune({ ...batch, sessionsBefore: 0 }) }),
  'prune looks at expiry alone': (store, data) => ({
    prune(batch) {
      for (const session of every(data)) {
        if (session.expiresAt !== null && session.expiresAt <= batch.sessionsBefore) data.sessions.delete(session.id);
      }
      return store.prune(batch);
    },
  }),
  'prune removes a millisecond early': (store) => ({
    prune: (batch) =>
      store.prune({ ...batch, sessionsBefore: batch.sessionsBefore + 1, epochsBefore: batch.epochsBefore + 1 }),
  }),
  'prune removes an hour early': (store) => ({
    prune: (batch) =>
      store.prune({
        ...batch,
        sessionsBefore: batch.sessionsBefore + 3600e3,
        epochsBefore: batch.epochsBefore + 3600e3,
      }),
  }),
  'prune removes every record': (store, data) => ({
    prune(batch) {
      data.epochs.clear();
      return store.prune(batch);
    },
  }),
  'prune keeps records with sessions': (store, data) => ({
    prune(batch) {
      const used = new Set(every(data).flatMap(({ userTag }) => [userTag]));
      const kept = [...data.epochs].filter(([tag]) => used.has(tag)).map(([tag, row]) => [tag, { ...row }] as const);
      const { sessions, more, after } = store.prune(batch);
      const stale = kept.filter(([tag]) => !data.epochs.has(tag));
      for (const [tag, row] of stale) data.epochs.set(tag, row);
      return { sessions, epochs: 0, more: more && stale.length === 0, after };
    },
  }),
  'prune asks about all': (store, data) => ({
    prune(batch) {
      for (const session of every(data)) {
        const realm = rowOf(data, session.realm)?.record ?? null;
        const found = { session, epochs: { realm, account: null, user: null, member: null } };
        if (endOf(session) !== null && batch.revoked(found)) data.sessions.delete(session.id);
      }
      return store.prune(batch);
    },
  }),
  'prune knows no realm': (store) => ({
    prune: (batch) =>
      store.prune({
        ...batch,
        revoked: ({ session, epochs }) => batch.revoked({ session, epochs: { ...epochs, realm: null } }),
      }),
  }),
  'prune has no limit': (store) => ({ prune: (batch) => store.prune({ ...batch, limit: 1000 }) }),
  'prune goes on from user to user': (store, data) => ({
    prune(batch) {
      const others = store.prune({ ...batch, after: LAST, revoked: () => false });
      const looked = every(data)
        .filter((session) => endOf(session) === null && session.userTag > (batch.after ?? ''))
        .sort((a, b) => (a.userTag < b.userTag ? -1 : 1))
        .slice(0, Math.max(0, batch.limit - others.sessions));
      const found = looked.flatMap(({ id, realm, userTag }) => store.find(realmTag(realm), [{ id, user: userTag }]));
      const gone = found.filter((one) => one !== null && batch.revoked(one));
      for (const one of gone) data.sessions.delete(one?.session.id ?? '');
      const more = others.more || looked.length === batch.limit;
      const after = looked.at(-1)?.userTag ?? batch.after;
      return { sessions: others.sessions + gone.length, epochs: others.epochs, more, after };
    },
  }),
  'prune does one batch': (store) => ({ prune: (batch) => ({ ...store.prune(batch), more: false }) }),
  'prune asks nobody': (store) => ({ prune: (batch) => store.prune({ ...batch, revoked: () => false }) }),
};

/** Returns a `prune` that also collects the removed records in `lost`. */
function remembering(store: Parameters<Faults[string]>[0], data: Parameters<Faults[string]>[1]) {
  const lost = new Map<string, EpochRecord>();
  const prune: typeof store.prune = (batch) => {
    const before = new Map([...data.epochs].map(([tag, { record }]) => [tag, record]));
    const answer = store.prune(batch);
    for (const [tag, record] of before) if (!data.epochs.has(tag)) lost.set(tag, record);
    return answer;
  };
  return { lost, prune };
}
