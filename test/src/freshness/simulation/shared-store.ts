import type { Changes } from 'session-revocation/adapter';
import { type Data, emptyData, referenceStore, type SyncStore } from '../../../contract/reference-store.ts';

/** The store that all processes share. */
export class SharedStore {
  readonly #data = emptyData();
  readonly store: SyncStore = this.make(this.#data);
  /** `undefined` for a store without the power `changes`. */
  readonly since: ((position: string | null) => Changes) | undefined;
  /** The position before which changes are lost. */
  #kept = 0;

  constructor(tellsChanges: boolean) {
    const { changes } = this.store.powers;
    if (tellsChanges) this.since = (position) => changes.since(Number(position ?? -1) < this.#kept ? null : position);
  }

  make(data: Data): SyncStore {
    return referenceStore(data);
  }

  /** Loses all changes so far, like pruning or a failover. */
  loseChanges(): void {
    this.#kept = this.#data.changes.length;
  }
}
