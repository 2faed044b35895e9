import { type Data as MapData, mapStore } from '../../examples/custom-store/store.ts';
import type { SessionRecord } from '../../src/model/session.ts';
import { memberTag, type Tag } from '../../src/model/token.ts';
import type { ChangesPower, DiagnosisPower, Finding } from '../../src/store/powers.ts';
import type { SessionStore, StorePowers, TransactionPower } from '../../src/store/store.ts';
import { loggedWith, type QueuedRow } from './reference-outbox.ts';
import { referencePowers } from './reference-powers.ts';

/** The data of a store. Several stores may share it, as processes share a database. */
export interface Data extends MapData {
  readonly policies: Map<Tag, string>;
  readonly outbox: QueuedRow[];
  /** The tags of all changes, the oldest first. */
  readonly changes: Tag[];
}

/** Verbs with synchronous answers. */
type Sync<Verbs> = {
  readonly [Verb in keyof Verbs]-?: NonNullable<Verbs[Verb]> extends (...given: infer Given) => infer Answer
    ? (...given: Given) => Awaited<Answer>
    : never;
};

/** Powers with synchronous answers. */
export type SyncPowers = {
  readonly [Name in 'audit' | 'outbox' | 'policies']-?: Sync<NonNullable<StorePowers[Name]>>;
} & {
  readonly changes: Sync<Pick<ChangesPower, 'since'>> & { readonly isSynchronous: true };
};

/** All powers of the reference store. */
export interface ReferencePowers extends SyncPowers {
  readonly transactions: TransactionPower<Data>;
  readonly diagnosis: Sync<Required<DiagnosisPower>>;
}

/** A store with every power and synchronous answers. */
export type SyncStore = Sync<Omit<SessionStore, 'setup' | 'powers'>> & { readonly powers: ReferencePowers };

const WELL: Finding = { subject: 'connection', level: 'ok', found: 'the data are in this process', advice: null };

export function emptyData(): Data {
  const outbox: QueuedRow[] = [];
  return {
    sessions: new Map(),
    epochs: new Map(),
    audit: loggedWith(outbox),
    outbox,
    policies: new Map(),
    changes: [],
  };
}

/** Returns the tag of a session's membership, or `null` if the session has no account. */
export const memberOf = ({ userTag, accountTag }: SessionRecord): Tag | null =>
  accountTag === null ? null : memberTag(userTag, accountTag);

/** Adds the tag to the change log, if the answer tells that something changed. */
function noted<Answer>(changes: Tag[], tag: Tag, answer: Answer): Answer {
  if (answer !== 'conflict' && answer !== 'not-live' && answer !== false && answer !== 0) changes.push(tag);
  return answer;
}

/** The example store with every power. Broken stores are built on it. */
export function referenceStore(data: Data = emptyData()): SyncStore {
  const { sessions, changes } = data;
  const store = mapStore(data);
  let closed = false;
  const open = (): typeof store => {
    if (closed) throw new Error('the store is closed');
    return store;
  };

  return {
    powers: {
      ...referencePowers(data, open),
      transactions: { within: (transaction) => referenceStore(transaction) },
      diagnosis: {
        diagnose: () => [WELL],
        clock: () => Date.now(),
        realms(limit) {
          const users = new Map([...sessions.values()].map(({ userTag, realm }) => [userTag, realm]));
          return { realms: [...new Set([...users.values()].slice(0, limit))], complete: users.size <= limit };
        },
      },
    },

    readEpochs: (...given) => open().readEpochs(...given),
    ensureEpochs: (requests) => open().ensureEpochs(requests),
    add(session, write) {
      const answer = open().add(session, write);
      return write.ending.length === 0 ? answer : noted(changes, session.userTag, answer);
    },
    find: (...given) => open().find(...given),
    list: (...given) => open().list(...given),
    touch: (...given) => open().touch(...given),
    renew: (renewal) => noted(changes, renewal.session.userTag, open().renew(renewal)),
    end: (ref, ...given) => noted(changes, ref.user, open().end(ref, ...given)),
    advance: (tag, advance) => noted(changes, tag, open().advance(tag, advance)),
    listUsers: (...given) => open().listUsers(...given),
    memberships: (...given) => open().memberships(...given),
    deleteSessions: (user, limit) => noted(changes, user, open().deleteSessions(user, limit)),
    prune(batch) {
      const before = [...data.epochs.keys()];
      const pruned = open().prune(batch);
      changes.push(...before.filter((tag) => !data.epochs.has(tag)));
      return pruned;
    },
    close() {
      closed = true;
    },
  };
}
