import { isLive } from '../../../src/model/judge.ts';
import type { SessionRecord } from '../../../src/model/session.ts';
import { realmTag } from '../../../src/model/token.ts';
import type { FoundSession } from '../../../src/store/store.ts';
import { type Data, memberOf, type SyncStore } from '../reference-store.ts';
import { change, every, type Faults, rowOf } from './fault.ts';

type Found = FoundSession | null;

// Changes the sessions that find and list return.
const seen = (store: SyncStore, see: (found: FoundSession) => FoundSession) => ({
  find: (...given: Parameters<SyncStore['find']>) => store.find(...given).map((found) => found && see(found)),
  list: (...given: Parameters<SyncStore['list']>) => {
    const { found, more } = store.list(...given);
    return { found: found.map(see), more };
  },
});

const over = (session: SessionRecord, now: number): boolean => !isLive(session, now);

// Returns all sessions of a user, the youngest first.
function rows(store: SyncStore, data: Data, realm: string, user: string): FoundSession[] {
  return [...store.list(realm, user, { ended: true, now: 0, limit: data.sessions.size }).found];
}

/** Stores that break find or list. */
export const READS: Faults = {
  'find knows no account': (store) =>
    seen(store, (found) => ({ ...found, epochs: { ...found.epochs, account: null } })),
  'find has other answers first': (store) => ({ find: (realm, refs) => store.find(realm, [...refs].reverse()) }),
  'find answers each once': (store) => ({
    find: (realm, refs) =>
      store.find(
        realm,
        refs.filter(({ id }, at) => refs.findIndex((ref) => ref.id === id) === at),
      ),
  }),
  'find leaves out what is not there': (store) => ({
    find: (realm, refs) => store.find(realm, refs).filter((found) => found !== null),
  }),
  'find trusts the user of a token': (store, data) => ({
    find: (realm, refs) =>
      store.find(
        realm,
        refs.map((ref) => ({ ...ref, user: data.sessions.get(ref.id)?.userTag ?? ref.user })),
      ),
  }),
  'find trusts the account of a token': (store) => ({
    find: (realm, refs) =>
      store.find(
        realm,
        refs.map(({ id, user }) => ({ id, user })),
      ),
  }),
  'find wants an account': (store) => ({
    find: (realm, refs) =>
      store.find(
        realm,
        refs.map((ref) => ({ account: null, ...ref })),
      ),
  }),
  'find judges all by the first': (store) => ({
    find(realm, refs) {
      const found = store.find(realm, refs);
      const first = found.find((one) => one !== null);
      return found.map((one): Found => one && { ...one, epochs: { ...one.epochs, user: first?.epochs.user ?? null } });
    },
  }),
  "find judges by the session's own realm": (store, data) => ({
    find: (realm, refs) =>
      refs.flatMap((ref) => {
        const own = data.sessions.get(ref.id)?.realm;
        return store.find(own === undefined ? realm : realmTag(own), [ref]);
      }),
  }),
  'find hides what is over': (store) => ({
    find: (realm, refs) =>
      store.find(realm, refs).map((one) => (one === null || over(one.session, Date.now()) ? null : one)),
  }),
  'find remembers': (store) => {
    const known = new Map<string, Found>();
    return {
      find: (realm, refs) =>
        refs.map((ref) => {
          const found = known.get(ref.id) ?? store.find(realm, [ref])[0] ?? null;
          known.set(ref.id, found);
          return found;
        }),
    };
  },
  'a handle forgets only what it wrote itself': (store) => {
    const known = new Map<string, Found>();
    const forget = <T>(answer: T): T => {
      known.clear();
      return answer;
    };
    return {
      find: (realm, refs) =>
        refs.map((ref) => {
          const key = JSON.stringify([realm, ref]);
          const found = known.has(key) ? (known.get(key) ?? null) : (store.find(realm, [ref])[0] ?? null);
          known.set(key, found);
          return structuredClone(found);
        }),
      ensureEpochs: (requests, now) => forget(store.ensureEpochs(requests, now)),
      add: (session, write) => forget(store.add(session, write)),
      touch: (touches, now) => forget(store.touch(touches, now)),
      renew: (renewal) => forget(store.renew(renewal)),
      end: (ref, ended, audit) => forget(store.end(ref, ended, audit)),
      advance: (tag, advance) => forget(store.advance(tag, advance)),
      prune: (batch) => forget(store.prune(batch)),
    };
  },
  'a lost record passes for a new one': (store) =>
    seen(store, ({ session, epochs }) => {
      const { stamps } = session;
      const blank = (base: string | null, initial: string | null): FoundSession['epochs']['user'] => ({
        ...{ incarnation: 'new', counter: 0, base: base ?? '', kinds: {}, keep: {} },
        ...{ initial: initial ?? '', last: null, suspended: null },
      });
      return {
        session,
        epochs: {
          realm: epochs.realm ?? blank(stamps.realm, null),
          user: epochs.user ?? blank(stamps.user, null),
          account: session.accountTag === null ? null : (epochs.account ?? blank(stamps.account, null)),
          member: session.accountTag === null ? null : (epochs.member ?? blank(stamps.member, null)),
        },
      };
    }),
  'list leaves out the client': (store) => ({
    list(...given) {
      const { found, more } = store.list(...given);
      return { found: found.map((one) => ({ ...one, session: { ...one.session, client: null } })), more };
    },
  }),
  'list has the oldest first': (store) => ({
    list(...given) {
      const { found, more } = store.list(...given);
      return { found: [...found].reverse(), more };
    },
  }),
  'list orders by locale': (store) => ({
    list(...given) {
      const { found, more } = store.list(...given);
      const sorted = [...found].sort(
        ({ session: a }, { session: b }) => b.createdAt - a.createdAt || b.id.localeCompare(a.id, 'en'),
      );
      return { found: sorted, more };
    },
  }),
  'list goes on by time alone': (store) => ({
    list: (realm, user, page) => store.list(realm, user, { ...page, after: page.after && { ...page.after, id: '' } }),
  }),
  'list takes a full page for more': (store) => ({
    list(realm, user, page) {
      const { found } = store.list(realm, user, page);
      return { found, more: found.length === page.limit };
    },
  }),
  'list has one page': (store) => ({ list: (...given) => ({ ...store.list(...given), more: false }) }),
  'list begins again behind what is gone': (store, data) => ({
    list: (realm, user, page) =>
      store.list(realm, user, {
        ...page,
        after: page.after && data.sessions.has(page.after.id) ? page.after : undefined,
      }),
  }),
  'list ignores idleness': (store) => ({
    list(realm, user, page) {
      const { found } = store.list(realm, user, { ...page, ended: true, limit: 1000 });
      const shown = found.filter(
        ({ session }) => page.ended || (session.ended === null && page.now < (session.expiresAt ?? Infinity)),
      );
      return { found: shown.slice(0, page.limit), more: shown.length > page.limit };
    },
  }),
  'list has a clock of its own': (store) => ({
    list: (realm, user, page) => store.list(realm, user, { ...page, now: Date.now() }),
  }),
  'list ignores the account': (store) => ({
    list: (realm, user, page) => store.list(realm, user, { ...page, account: undefined }),
  }),
  'list ignores the stamps': (store) => ({
    list: (realm, user, page) => store.list(realm, user, { ...page, born: undefined }),
  }),
  "list ignores the member's stamps": (store) => ({
    list: (realm, user, page) =>
      store.list(realm, user, { ...page, born: page.born && { ...page.born, member: null } }),
  }),
  'list takes no account for any': (store) => ({
    list: (realm, user, page) => store.list(realm, user, { ...page, account: page.account ?? undefined }),
  }),
  'list shows everybody': (store, data) => ({
    list(realm, user, page) {
      if (page.after !== undefined) return { found: [], more: false };
      const all = new Set([user, ...every(data).map(({ userTag }) => userTag)]);
      const found = [...all]
        .flatMap((one) => rows(store, data, realm, one))
        .filter(({ session }) => page.ended || !over(session, page.now));
      return { found: found.slice(0, page.limit), more: found.length > page.limit };
    },
  }),
  'list takes one name for another': (store, data) => ({
    list(realm, user, page) {
      if (page.after !== undefined) return { found: [], more: false };
      const fold = (text: string): string => text.normalize('NFKC').trim().toLowerCase();
      const names = new Set(every(data).flatMap((session) => (session.userTag === user ? [fold(session.user)] : [])));
      const tags = new Set([
        user,
        ...every(data).flatMap((session) => (names.has(fold(session.user)) ? [session.userTag] : [])),
      ]);
      const all = [...tags].flatMap((one) => store.list(realm, one, page).found);
      const found = all.map(({ session, epochs }) => ({ session: { ...session, userTag: user }, epochs }));
      return { found: found.slice(0, page.limit), more: found.length > page.limit };
    },
  }),
  'hands out its own': (_, data) => {
    const own = (realm: string, session: SessionRecord): FoundSession => {
      const record = (tag: string | null) => (tag === null ? null : (rowOf(data, tag)?.record ?? null));
      return {
        session,
        epochs: {
          realm: record(realm),
          account: record(session.accountTag),
          user: record(session.userTag),
          member: record(memberOf(session)),
        },
      };
    };
    return {
      find: (realm, refs) =>
        refs.map(({ id }) => data.sessions.get(id)).map((session) => (session ? own(realm, session) : null)),
    };
  },
  'keeps what is handed in': (store, data) => ({
    add(session, write) {
      const answer = store.add(session, write);
      if (answer === 'added') data.sessions.set(session.id, session);
      return answer;
    },
    end(ref, ended, audit) {
      const answer = store.end(ref, ended, audit);
      if (answer) change(data, ref.id, { ended });
      return answer;
    },
    advance(tag, advance) {
      const answer = store.advance(tag, advance);
      const row = rowOf(data, tag);
      if (answer === 'advanced' && row !== undefined) row.record = advance.record;
      return answer;
    },
  }),
  'setup empties': (_, data) => {
    let times = 0;
    return {
      setup() {
        times += 1;
        if (times > 1) data.sessions.clear();
      },
    };
  },
  'close leaves it open': () => ({ close: () => {} }),
  'closed, it finds nothing': (store) => {
    let open = true;
    return {
      find: (realm, refs) => (open ? store.find(realm, refs) : refs.map(() => null)),
      list: (...given) => (open ? store.list(...given) : { found: [], more: false }),
      close: () => {
        open = false;
      },
    };
  },
};
