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

/** Writes another record than the one it was given. */
abstract class Rewriting extends ReferenceStore {
  protected abstract rewrite(record: EpochRecord, previous: EpochRecord): EpochRecord;

  override advance(tag: Tag, advance: Advance): Advanced {
    const previous = this.peek(advance.member === undefined ? tag : memberTag(tag, advance.member)) ?? advance.record;
    return super.advance(tag, { ...advance, record: this.rewrite(advance.record, previous) });
  }
}

/** Keeps generations by a closed list of kinds, and so none of a kind that is not on it. */
export class ClosedKinds extends Rewriting {
  protected override rewrite(record: EpochRecord, previous: EpochRecord): EpochRecord {
    if (record.base === previous.base) return record;
    return { ...record, base: previous.base, kinds: { browser: record.base, api: record.base, ...record.kinds } };
  }
}

/** Advances the kinds that survive along with the others. */
export class ForgottenSurvivors extends Rewriting {
  protected override rewrite(record: EpochRecord, previous: EpochRecord): EpochRecord {
    return record.base === previous.base ? record : { ...record, kinds: {} };
  }
}

/** Leaves those who were kept before where they are. */
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

/** Writes a mark into the session that is kept, not into the record: the next advance does not know of it. */
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

/** Replaces a record whatever became of it since it was read. */
export class BlindAdvance extends ReferenceStore {
  override advance(tag: Tag, advance: Advance): Advanced {
    const [current] = super.readEpochs([tag]);
    return super.advance(tag, { ...advance, ifVersion: current?.version ?? 0 });
  }
}

/** Adds whatever became of the user since it was read. */
export class BlindAdd extends ReferenceStore {
  override add(session: SessionRecord, { ifVersion: _, ...write }: UserWrite): 'added' | 'conflict' {
    return super.add(session, write);
  }
}

/** A revocation of what has no record finds nothing to do. */
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

/** Nor does a fence make a record: it takes what a record begins with. */
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

/** Makes a lost record again as it began. */
export class SameIncarnation extends ReferenceStore {
  override ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    return super.ensureEpochs(requests.map(beginning));
  }
}

/** Counts the versions of a record from 0, again when it was lost. */
export class SameVersions extends ReferenceStore {
  override ensureEpochs(requests: readonly EpochRequest[]): readonly VersionedEpoch[] {
    return super.ensureEpochs(requests.map((request) => ({ ...request, version: 0 })));
  }
}

/** Prunes the record of a user of whom no session is listed. */
export class PruneUnlisted extends ReferenceStore {
  override prune(batch: PruneBatch): Pruned {
    const pruned = super.prune(batch);
    this.loseUnlisted((tag) => tag === userTag('default', 'ann'));
    return pruned;
  }
}

/** Stamps a session anew when it is renewed. */
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

/** The same, of the realm's stamp. */
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

/** Renews by writing the session as it was made from what was read. */
export class UpsertingRenew extends ReferenceStore {
  override renew({ session }: Renewal): Renewed {
    this.overwrite(session);
    return 'renewed';
  }
}
