import type {
  Advance,
  EpochRecord,
  EpochRequest,
  FoundSession,
  ListPage,
  PruneBatch,
  Pruned,
  Renewal,
  SessionRecord,
  SessionRef,
  Tag,
  UserWrite,
  VersionedEpoch,
} from 'session-revocation/adapter';
import { memberTag, userTag } from '../../../src/model/token.ts';
import { ReferenceStore } from '../reference-store.ts';

type Advanced = ReturnType<ReferenceStore['advance']>;
type Renewed = ReturnType<ReferenceStore['renew']>;

/** A store that changes every epoch record before it writes it. The subclasses say how. */
abstract class Rewriting extends ReferenceStore {
  protected abstract rewrite(record: EpochRecord, previous: EpochRecord): EpochRecord;

  override advance(tag: Tag, advance: Advance): Advanced {
    const previous = this.peek(advance.member === undefined ? tag : memberTag(tag, advance.member)) ?? advance.record;
    return super.advance(tag, { ...advance, record: this.rewrite(advance.record, previous) });
  }
}

/** Advances only a closed list of kinds. A kind that is not on the list keeps its generation. */
export class ClosedKinds extends Rewriting {
  protected override rewrite(record: EpochRecord, previous: EpochRecord): EpochRecord {
    if (record.base === previous.base) return record;
    return { ...record, base: previous.base, kinds: { browser: record.base, api: record.base, ...record.kinds } };
  }
}

/** Drops the list of surviving kinds from an advance, so it advances those kinds, too. */
export class ForgottenSurvivors extends Rewriting {
  protected override rewrite(record: EpochRecord, previous: EpochRecord): EpochRecord {
    return record.base === previous.base ? record : { ...record, kinds: {} };
  }
}

/** Leaves the `keep` entries of earlier advances in the record. */
export class LastingKeeps extends Rewriting {
  protected override rewrite(record: EpochRecord, previous: EpochRecord): EpochRecord {
    return { ...record, keep: { ...previous.keep, ...record.keep } };
  }
}

/** Lifts a suspension without an advance. */
export class QuietResume extends Rewriting {
  protected override rewrite(record: EpochRecord, previous: EpochRecord): EpochRecord {
    if (previous.suspended === null || record.suspended !== null) return record;
    return { ...record, base: previous.base, kinds: previous.kinds };
  }
}

/** Marks the kept session instead of writing `keep` into the record. The next advance does not know of the mark. */
export class KeepInSession extends Rewriting {
  readonly #kept = new Set<string>();

  protected override rewrite(record: EpochRecord): EpochRecord {
    for (const keep of Object.values(record.keep)) if ('id' in keep) this.#kept.add(keep.id);
    return { ...record, keep: {} };
  }

  override find(realm: Tag, refs: readonly SessionRef[]): readonly (FoundSession | null)[] {
    return super.find(realm, refs).map((found) => (found === null ? null : this.#spared(found)));
  }

  override list(realm: Tag, user: Tag, page: ListPage): { found: readonly FoundSession[]; more: boolean } {
    const { found, more } = super.list(realm, user, page);
    return { found: found.map((one) => this.#spared(one)), more };
  }

  #spared({ session, epochs }: FoundSession): FoundSession {
    const { id, kind, stamps } = session;
    if (!this.#kept.has(id) || epochs.user === null) return { session, epochs };
    return { session, epochs: { ...epochs, user: { ...epochs.user, keep: { [kind]: { id, stamp: stamps.user } } } } };
  }
}

/** Replaces a record without comparing the version that the caller read. */
export class BlindAdvance extends ReferenceStore {
  override advance(tag: Tag, advance: Advance): Advanced {
    const [current] = super.readEpochs([tag]);
    return super.advance(tag, { ...advance, ifVersion: current?.version ?? 0 });
  }
}

/** Adds a session without comparing the version of the user's record that the caller read. */
export class BlindAdd extends ReferenceStore {
  override add(session: SessionRecord, { ifVersion: _, ...write }: UserWrite): 'added' | 'conflict' {
    return super.add(session, write);
  }
}

/** Advances only records that exist: a revocation of a scope without a record writes nothing. */
export class LazyAdvance extends ReferenceStore {
  override ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    return requests.length === 1 ? this.pretend(requests) : super.ensureEpochs(requests);
  }

  override advance(tag: Tag, advance: Advance): Advanced {
    return this.peek(tag) === null ? 'advanced' : super.advance(tag, advance);
  }

  protected pretend(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    return requests.map((request) => {
      const { tag, create, version } = request;
      return this.peek(tag) === null ? { record: create, version } : super.ensureEpochs([request])[0]!;
    });
  }
}

/** A fence creates no records, either. It uses fixed initial values for them. */
export class LazyRecords extends LazyAdvance {
  override ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    const alike = requests.map(beginning);
    const starts = requests.some(({ keepUntil }) => keepUntil === null) && requests.length > 1;
    return starts ? super.ensureEpochs(alike) : this.pretend(alike);
  }
}

const beginning = (request: EpochRequest): EpochRequest => ({
  ...request,
  create: { ...request.create, incarnation: 'none', counter: 0, base: 'none.0', initial: 'none.0' },
});

/** Recreates a lost record with the same incarnation and the same initial generation. */
export class SameIncarnation extends ReferenceStore {
  override ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    return super.ensureEpochs(requests.map(beginning));
  }
}

/** Gives every created record version 0, so a recreated record repeats the versions of the lost one. */
export class SameVersions extends ReferenceStore {
  override ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    return super.ensureEpochs(requests.map((request) => ({ ...request, version: 0 })));
  }
}

/** Prunes ann's record as soon as the store has no session of ann, regardless of `keepUntil`. */
export class PruneUnlisted extends ReferenceStore {
  override prune(batch: PruneBatch): Pruned {
    const pruned = super.prune(batch);
    this.loseUnlisted((tag) => tag === userTag('default', 'ann'));
    return pruned;
  }
}

/** Gives a renewed session the current stamp of the user. */
export class RestampUser extends ReferenceStore {
  override renew(renewal: Renewal): Renewed {
    const outcome = super.renew(renewal);
    const row = this.row(renewal.session.id);
    if (outcome === 'renewed' && row !== null) this.overwrite({ ...row, stamps: this.restamped(row) });
    return outcome;
  }

  protected restamped({ stamps, userTag }: SessionRecord): SessionRecord['stamps'] {
    return { ...stamps, user: this.peek(userTag)?.base ?? stamps.user };
  }
}

/** Gives a renewed session the current stamp of the realm. */
export class RestampRealm extends RestampUser {
  readonly #realm: Tag;

  constructor(realm: Tag) {
    super();
    this.#realm = realm;
  }

  protected override restamped({ stamps }: SessionRecord): SessionRecord['stamps'] {
    return { ...stamps, realm: this.peek(this.#realm)?.base ?? stamps.realm };
  }
}

/** Gives a renewed session another 30 days. */
export class RollingExpiry extends ReferenceStore {
  override renew(renewal: Renewal): Renewed {
    return super.renew({ ...renewal, session: { ...renewal.session, expiresAt: renewal.now + 30 * 86400e3 } });
  }
}

/** Renews by writing the caller's copy of the session, without any condition. */
export class UpsertingRenew extends ReferenceStore {
  override renew({ session }: Renewal): Renewed {
    this.overwrite(session);
    return 'renewed';
  }
}
