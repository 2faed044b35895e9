import type { Awaitable } from '../../lib/awaitable.ts';
import type { SessionStore, StorePowers } from '../../store/store.ts';

/** A power that a store may declare. */
export type Power = keyof StorePowers;

/** An open transaction. */
export interface OpenTransaction {
  /** The argument of the store's `within`. */
  readonly transaction: unknown;
  /** Commits its writes. */
  commit(): Awaitable<unknown>;
  /** Undoes its writes. */
  rollback(): Awaitable<unknown>;
}

/** A store for one case. */
export interface ContractStore {
  /** A fresh, empty store. The suite calls `setup` before the case and `close` afterwards. */
  readonly store: SessionStore;
  /**
   * Opens a second handle on the same data, as a second process would have. The suite calls its `setup` and `close`.
   * Default: the cases use one handle.
   */
  readonly second?: (() => Awaitable<SessionStore>) | undefined;
  /** Begins a transaction on the same data, for the power `transactions`. Each one ends before the next begins. */
  readonly begin?: (() => Awaitable<OpenTransaction>) | undefined;
  /** Removes everything created for the case. Called after the stores were closed. Default: nothing. */
  readonly dispose?: (() => Awaitable<unknown>) | undefined;
}

/** Options of {@link storeContract}. */
export interface StoreContractOptions {
  /** Creates a store for one case. Cases may run at the same time, so two stores must not share data. */
  create(): Awaitable<ContractStore>;
  /**
   * The powers that the adapter claims to have. Cases about a claimed power run, and fail where the store does not
   * declare it. A store that declares an unclaimed power fails too. Default: none.
   */
  readonly powers?: readonly Power[] | undefined;
  /** Cases to skip, by id, each with a reason in words. An unknown id is a `TypeError`. Default: none. */
  readonly skip?: Readonly<Record<string, string>> | undefined;
  /** Number of interleavings in the large races. The small races try a fraction of it. Default 1,000. */
  readonly interleavings?: number | undefined;
}
