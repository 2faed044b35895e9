import type { StorePowers } from '../powers.ts';
import type { Awaitable, SessionStore } from '../store.ts';
import { Bench, type CreateSessions } from './bench.ts';

/** What a case is about: the first part of its id. */
export type Concern =
  | 'lifecycle'
  | 'listing'
  | 'renewal'
  | 'expiry'
  | 'epochs'
  | 'text'
  | 'revocation'
  | 'fences'
  | 'isolation'
  | 'users'
  | 'administration'
  | 'limits'
  | 'races'
  | 'loss'
  | 'pruning'
  | 'secrets'
  | 'failure'
  | 'audit'
  | 'policies'
  | 'transactions'
  | 'diagnosis';

/** What a store may declare beside its verbs. */
export type Power = keyof StorePowers;

/** One sentence of the contract. */
export interface ContractCase {
  /** `concern/what`. Frozen: a case may be added, but an id never comes to mean something else. */
  readonly id: string;
  /** What an adapter must do; where the case is skipped, the reason stands behind it. */
  readonly title: string;
  readonly concern: Concern;
  /** Why this adapter skips it; `null` where it runs. */
  readonly skip: string | null;
  /** Runs it on a store of its own; rejects with an `AssertionError` where the store breaks the contract. */
  run(): Promise<void>;
}

/** A transaction that is open. */
export interface OpenTransaction {
  /** What `within` of the store takes. */
  readonly transaction: unknown;
  /** Makes what was written in it hold. */
  commit(): Awaitable<unknown>;
  /** Undoes what was written in it. */
  rollback(): Awaitable<unknown>;
}

/** A store for one case. */
export interface ContractStore {
  /** Fresh and empty. The suite sets it up (`setup`) before the case and closes it (`close`) afterwards. */
  readonly store: SessionStore;
  /** Another handle on the same data, as a second process would have. Set up and closed by the suite, too. */
  readonly second?: (() => Awaitable<SessionStore>) | undefined;
  /** Begins a transaction on the same data: for a store with the power. Each one that is begun is ended before the next. */
  readonly begin?: (() => Awaitable<OpenTransaction>) | undefined;
  /** Removes what was made for the case, after the stores were closed. */
  readonly dispose?: (() => Awaitable<unknown>) | undefined;
}

/** What {@link storeContract} needs of an adapter. */
export interface StoreContractOptions {
  /** Makes a store for one case. Cases may run at the same time, so two stores must not share data. */
  create(): Awaitable<ContractStore>;
  /**
   * The powers that the adapter claims to have. Cases about a power run where it is claimed, and fail where the store does
   * not declare it; a store that declares one that is not claimed fails, too. Default: none.
   */
  readonly powers?: readonly Power[] | undefined;
  /** Cases to leave out, by id, each with the reason in words. Unknown ids are refused. */
  readonly skip?: Readonly<Record<string, string>> | undefined;
  /** How many interleavings the great races try. Default 1,000; the small ones try a fraction of it. */
  readonly interleavings?: number | undefined;
}

/** A case that is not bound to a store yet. */
export interface CaseDefinition extends Pick<ContractCase, 'id' | 'concern'> {
  readonly title: Title;
  /** The powers without which the case says nothing. */
  readonly needs: readonly Power[];
  run(bench: Bench): Promise<void>;
}

type Title = `MUST ${string}`;

/** The cases of one concern, by the second part of their ids, and the powers that they need. */
export function define(
  concern: Concern,
  cases: Readonly<Record<string, { readonly title: Title; run(bench: Bench): Promise<void> }>>,
  needs: readonly Power[] = [],
): readonly CaseDefinition[] {
  return Object.entries(cases).map(([what, { title, run }]) => ({
    ...{ id: `${concern}/${what}`, concern, title, needs, run },
  }));
}

/** Binds cases to an adapter, and to the core that they are played through. */
export function bind(
  definitions: readonly CaseDefinition[],
  options: StoreContractOptions,
  createSessions: CreateSessions,
): readonly ContractCase[] {
  const skip = options.skip ?? {};
  const unknown = Object.keys(skip).find((id) => !definitions.some((definition) => definition.id === id));
  if (unknown !== undefined) throw new TypeError(`skip names ${JSON.stringify(unknown)}, and there is no such case`);

  const claimed = options.powers ?? [];
  const stray = claimed.find((power) => !POWERS.includes(power));
  if (stray !== undefined) throw new TypeError(`there is no power ${JSON.stringify(stray)}`);

  return definitions.map(({ id, concern, title, needs, run }) => {
    const reason = Object.hasOwn(skip, id) ? skip[id] : unclaimed(needs, claimed);
    if (reason === null) {
      return Object.freeze({ id, concern, title, skip: null, run: () => play(run, options, createSessions) });
    }
    if (typeof reason !== 'string' || reason.trim() === '') throw new TypeError(`skip must give a reason for ${id}`);
    return Object.freeze({ id, concern, title: `${title} # SKIP ${reason}`, skip: reason, run: async () => {} });
  });
}

const POWERS: readonly Power[] = ['audit', 'policies', 'transactions', 'diagnosis'];

function unclaimed(needs: readonly Power[], claimed: readonly Power[]): string | null {
  const missing = needs.find((power) => !claimed.includes(power));
  return missing === undefined ? null : `the adapter does not claim the power ${missing}`;
}

async function play(
  run: (bench: Bench) => Promise<void>,
  options: StoreContractOptions,
  createSessions: CreateSessions,
): Promise<void> {
  const bench = await Bench.open(await options.create(), options, createSessions);
  try {
    await run(bench);
  } catch (error) {
    // The case's own failure is the news, whatever becomes of the tidying up.
    await bench.close().catch(() => {});
    throw error;
  }
  await bench.close();
}
