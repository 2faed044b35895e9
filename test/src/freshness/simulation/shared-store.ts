import type { Changes } from 'session-revocation/adapter';
import { type Data, emptyData, referenceStore, type SyncStore } from '../../../contract/reference-store.ts';

/** The store of all processes. */
export class SharedStore {
  readonly #data = emptyData();
  readonly store: SyncStore = this.make(this.#data);
  /** `undefined` if the store does not tell its changes. */
  readonly since: ((position: string | null) => Changes) | undefined;
  /** Older changes are not known any more. */
  #kept = 0;

  constructor(tellsChanges: boolean) {
    const { changes } = this.store.powers;
    if (tellsChanges) this.since = (position) => changes.since(Number(position ?? -1) < this.#kept ? null : position);
  }

  make(data: Data): SyncStore {
    return referenceStore(data);
  }

  /** Loses the changes so far, as pruning does, or a failover. */
  loseChanges(): void {
    this.#kept = this.#data.changes.length;
  }
}
