import { change, type Faults, presentStamps, rowOf } from './fault.ts';

/** Stores that break renew. */
export const RENEWALS: Faults = {
  'renew forgets how': (store) => ({
    renew: (renewal) => store.renew({ ...renewal, session: { ...renewal.session, amr: [] } }),
  }),
  'renew keeps the client': (store, data) => ({
    renew(renewal) {
      const { client = null } = data.sessions.get(renewal.session.id) ?? {};
      return store.renew({ ...renewal, session: { ...renewal.session, client } });
    },
  }),
  'renew forgets the client': (store) => ({
    renew: (renewal) => store.renew({ ...renewal, session: { ...renewal.session, client: null } }),
  }),
  'renew writes the whole row': (store, data) => ({
    renew(renewal) {
      const answer = store.renew(renewal);
      if (answer === 'renewed') data.sessions.set(renewal.session.id, structuredClone(renewal.session));
      return answer;
    },
  }),
  'renew stamps with the present': (_, data) => ({
    renew(renewal) {
      const { session, ifCredential } = renewal;
      if (data.sessions.get(session.id)?.credential !== ifCredential) return 'not-live';
      data.sessions.set(session.id, { ...structuredClone(session), stamps: presentStamps(data, session) });
      return 'renewed';
    },
  }),
  'renew lowers the last use': (store, data) => ({
    renew(renewal) {
      const answer = store.renew(renewal);
      if (answer === 'renewed') change(data, renewal.session.id, { lastUsedAt: renewal.session.lastUsedAt });
      return answer;
    },
  }),
  'renew ignores the credential': (store, data) => ({
    renew: (renewal) =>
      store.renew({ ...renewal, ifCredential: data.sessions.get(renewal.session.id)?.credential ?? '' }),
  }),
  'renew revives': (store, data) => ({
    renew(renewal) {
      const session = data.sessions.get(renewal.session.id);
      if (session?.credential === renewal.ifCredential) change(data, session.id, { ended: null });
      return store.renew(renewal);
    },
  }),
  'renew creates': (store, data) => ({
    renew(renewal) {
      if (!data.sessions.has(renewal.session.id))
        data.sessions.set(renewal.session.id, structuredClone(renewal.session));
      return store.renew(renewal);
    },
  }),
  'renew trusts the id': (store, data) => ({
    renew(renewal) {
      const userTag = data.sessions.get(renewal.session.id)?.userTag ?? renewal.session.userTag;
      return store.renew({ ...renewal, session: { ...renewal.session, userTag } });
    },
  }),
  'renew ignores the version': (store) => ({ renew: (renewal) => store.renew({ ...renewal, ifVersion: undefined }) }),
  'renew compares before it asks': (store, data) => ({
    renew(renewal) {
      const { session, ifVersion } = renewal;
      const isStale = ifVersion !== undefined && rowOf(data, session.userTag)?.version !== ifVersion;
      return isStale ? 'conflict' : store.renew(renewal);
    },
  }),
  'renew does half of what conflicts': (store, data) => ({
    renew(renewal) {
      const answer = store.renew(renewal);
      if (answer !== 'renewed') for (const { id, ended } of renewal.ending) change(data, id, { ended });
      return answer;
    },
  }),
  'renew moves the version of what conflicts': (store, data) => ({
    renew(renewal) {
      const answer = store.renew(renewal);
      const row = rowOf(data, renewal.session.userTag);
      if (answer === 'conflict' && renewal.moves && row !== undefined) row.version++;
      return answer;
    },
  }),
  'renew moves no version': (store) => ({ renew: (renewal) => store.renew({ ...renewal, moves: false }) }),
  'renew always moves the version': (store) => ({ renew: (renewal) => store.renew({ ...renewal, moves: true }) }),
  'renew ends nobody': (store) => ({ renew: (renewal) => store.renew({ ...renewal, ending: [] }) }),
  'renew ends strangers': (store, data) => ({
    renew(renewal) {
      const answer = store.renew(renewal);
      if (answer === 'renewed') for (const { id, ended } of renewal.ending) change(data, id, { ended });
      return answer;
    },
  }),
  'renew keeps no record': (store) => ({ renew: (renewal) => store.renew({ ...renewal, keepUntil: 0 }) }),
  'renew lowers what is kept': (store, data) => ({
    renew(renewal) {
      const answer = store.renew(renewal);
      const row = rowOf(data, renewal.session.userTag);
      if (row !== undefined) row.keepUntil = renewal.keepUntil;
      return answer;
    },
  }),
  'renew looks at the new lifetimes': (store, data) => ({
    renew(renewal) {
      const { id, expiresAt, idle, lastUsedAt } = renewal.session;
      if (data.sessions.get(id)?.credential === renewal.ifCredential) change(data, id, { expiresAt, idle, lastUsedAt });
      return store.renew(renewal);
    },
  }),
  'renew extends the absolute lifetime': (store) => ({
    renew(renewal) {
      const { session } = renewal;
      return store.renew({
        ...renewal,
        session: { ...session, expiresAt: session.expiresAt && session.expiresAt + 1 },
      });
    },
  }),
  'renew stays in the account': (store, data) => ({
    renew(renewal) {
      const { account, accountTag, stamps } = data.sessions.get(renewal.session.id) ?? renewal.session;
      return store.renew({ ...renewal, session: { ...renewal.session, account, accountTag, stamps } });
    },
  }),
};
