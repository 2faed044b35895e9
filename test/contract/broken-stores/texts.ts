import type { EpochRecord } from '../../../src/model/epoch.ts';
import type { SyncStore } from '../reference-store.ts';
import { change, type Fault, type Faults } from './fault.ts';

// Folds every text that is written, including keys of objects.
function folding(fold: (text: string) => string): Fault {
  const deep = <T>(value: T): T => {
    if (typeof value === 'string') return fold(value) as T;
    if (Array.isArray(value)) return value.map(deep) as T;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [fold(key), deep(part)])) as T;
  };
  return (store) => ({
    add: (session, write) =>
      store.add({ ...session, ...deep({ user: session.user, attributes: session.attributes }) }, write),
    end: (ref, ended, audit) => store.end(ref, { ...ended, reason: deep(ended.reason) }, audit),
    advance: (tag, advance) =>
      store.advance(tag, { ...advance, record: { ...advance.record, last: deep(advance.record.last) } }),
  });
}

// Folds a key, so that its case does not matter.
const caseless = (text: string): string => text.toLowerCase();

const numbering =
  (number: (value: number) => number | null): Fault =>
  (store) => ({
    add(session, write) {
      const { createdAt, lastUsedAt, expiresAt, idle } = session;
      const numbers = { createdAt: number(createdAt) ?? 0, lastUsedAt: number(lastUsedAt) ?? 0 };
      const lifetimes = {
        expiresAt: expiresAt === null ? null : number(expiresAt),
        idle: idle === null ? null : number(idle),
      };
      return store.add({ ...session, ...numbers, ...lifetimes }, write);
    },
  });

const shortened = (record: EpochRecord): EpochRecord => ({
  ...record,
  kinds: Object.fromEntries(Object.entries(record.kinds).slice(0, 200)),
});

/** Stores that confuse different texts or numbers. */
export const TEXTUAL: Faults = {
  'folds case': folding((text) => text.toLowerCase()),
  trims: folding((text) => text.trimEnd()),
  normalizes: folding((text) => text.normalize('NFC')),
  'has no emoji': folding((text) => text.replace(/[\u{10000}-\u{10ffff}]/gu, '?')),
  'ids ignore case': (store, data) => {
    const id = (text: string): string =>
      [...data.sessions.keys()].find((key) => caseless(key) === caseless(text)) ?? text;
    return {
      find: (realm, refs) =>
        store.find(
          realm,
          refs.map((ref) => ({ ...ref, id: id(ref.id) })),
        ),
      end: (ref, ended, audit) => store.end({ ...ref, id: id(ref.id) }, ended, audit),
      touch: (touches, now) =>
        store.touch(
          touches.map((one) => ({ ...one, id: id(one.id) })),
          now,
        ),
    };
  },
  'tags ignore case': (store, data) => {
    const known = (tag: string): string =>
      [...data.epochs.keys()].find((key) => caseless(key) === caseless(tag)) ?? tag;
    const mapped: Partial<SyncStore> = {
      readEpochs: (tags) => store.readEpochs(tags.map(known)),
      ensureEpochs: (requests, now) =>
        store.ensureEpochs(
          requests.map((one) => ({ ...one, tag: known(one.tag) })),
          now,
        ),
      add: (session, write) => store.add({ ...session, userTag: known(session.userTag) }, write),
      find: (realm, refs) =>
        store.find(
          realm,
          refs.map((ref) => ({ ...ref, user: known(ref.user) })),
        ),
      list: (realm, user, page) => store.list(realm, known(user), page),
      advance: (tag, advance) => store.advance(known(tag), advance),
    };
    return mapped;
  },
  'hashes ignore case': (store, data) => {
    const stored = (id: string, credential: string): string => {
      const known = data.sessions.get(id)?.credential ?? credential;
      return caseless(known) === caseless(credential) ? known : credential;
    };
    return {
      renew: (renewal) => store.renew({ ...renewal, ifCredential: stored(renewal.session.id, renewal.ifCredential) }),
      advance(tag, { initiator, ...rest }) {
        return store.advance(tag, {
          ...rest,
          initiator: initiator && { ...initiator, ifCredential: stored(initiator.id, initiator.ifCredential) },
        });
      },
    };
  },
  'cuts long records': (store) => ({
    advance: (tag, advance) => store.advance(tag, { ...advance, record: shortened(advance.record) }),
  }),
  'cuts a long client': (store) => ({
    add: (session, write) =>
      store.add(
        session.client === null
          ? session
          : { ...session, client: { ...session.client, name: session.client.name.slice(0, 255) } },
        write,
      ),
  }),
  'cuts long attributes': (store, data) => ({
    add(session, write) {
      const answer = store.add(session, write);
      if (JSON.stringify(session.attributes).length > 1024) change(data, session.id, { attributes: {} });
      return answer;
    },
  }),
  'has numbers of 32 bits': numbering((value) => value | 0),
  'takes 0 for null': numbering((value) => value || null),
  'has times in seconds': numbering((value) => Math.floor(value / 1000) * 1000),
};
