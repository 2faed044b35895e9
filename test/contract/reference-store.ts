import { type Data as MapData, MapStore } from '../../examples/custom-store/store.ts';
import type { SessionRecord } from '../../src/model/session.ts';
import { memberTag, type Tag } from '../../src/model/token.ts';
import type { AuditRecord, DiagnosisPower, Finding } from '../../src/store/powers.ts';
import type { SessionStore, StorePowers, TransactionPower } from '../../src/store/store.ts';
import { referencePowers } from './reference-powers.ts';

/** What a store holds; several stores may share it, as processes share a database. */
export interface Data extends MapData {
  readonly audit: AuditRecord[];
  readonly policies: Map<Tag, string>;
}

/** Verbs that answer at once. */
type Sync<Verbs> = {
  readonly [Verb in keyof Verbs]-?: NonNullable<Verbs[Verb]> extends (...given: infer Given) => infer Answer
    ? (...given: Given) => Awaited<Answer>
    : never;
};

/** Powers that answer at once. */
export type SyncPowers = { readonly [Name in 'audit' | 'policies']-?: Sync<NonNullable<StorePowers[Name]>> };

/** Those, and the others. */
export interface ReferencePowers extends SyncPowers {
  readonly transactions: TransactionPower<Data>;
  readonly diagnosis: Sync<Required<DiagnosisPower>>;
}

/** A store that answers at once, with every power. */
export type SyncStore = Sync<Omit<SessionStore, 'setup' | 'powers'>> & { readonly powers: ReferencePowers };

const WELL: Finding = { subject: 'connection', level: 'ok', found: 'the data are in this process', advice: null };

export const emptyData = (): Data => ({ sessions: new Map(), epochs: new Map(), audit: [], policies: new Map() });

/** The tag of the membership that a session is in. */
export const memberOf = ({ userTag, accountTag }: SessionRecord): Tag | null =>
  accountTag === null ? null : memberTag(userTag, accountTag);

class LoggedStore extends MapStore {
  readonly #audit: AuditRecord[];

  constructor(data: Data) {
    super(data);
    this.#audit = data.audit;
  }

  protected override writeAudit(records: readonly AuditRecord[]): void {
    this.#audit.push(...records);
  }
}

/** The example of a store, with every power: for breaking. */
export function referenceStore(data: Data = emptyData()): SyncStore {
  const { sessions } = data;
  const store = new LoggedStore(data);
  let closed = false;
  const open = (): LoggedStore => {
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
    add: (...given) => open().add(...given),
    find: (...given) => open().find(...given),
    list: (...given) => open().list(...given),
    touch: (...given) => open().touch(...given),
    renew: (...given) => open().renew(...given),
    end: (...given) => open().end(...given),
    advance: (...given) => open().advance(...given),
    listUsers: (...given) => open().listUsers(...given),
    memberships: (...given) => open().memberships(...given),
    deleteSessions: (...given) => open().deleteSessions(...given),
    prune: (...given) => open().prune(...given),
    close() {
      closed = true;
    },
  };
}
