import { Bench, type CreateSessions } from './bench.ts';
import type { Power, StoreContractOptions } from './contract-store.ts';
import { type Concern, tell } from './told.ts';

/** One case of the contract. */
export interface ContractCase {
  /** `concern/name`. Ids are frozen: an id never gets another meaning. */
  readonly id: string;
  /** The requirement. For a skipped case, the reason follows. */
  readonly title: string;
  /** The part of the contract that the case belongs to. It is the first part of `id`. */
  readonly concern: Concern;
  /** Why this adapter skips the case; `null` if it runs. */
  readonly skip: string | null;
  /** Runs the case on its own store. Rejects with an `AssertionError` if the store breaks the contract. */
  run(): Promise<void>;
}

export interface CaseDefinition extends Pick<ContractCase, 'id' | 'concern'> {
  readonly title: Title;
  /** The case is skipped if one of these powers is not claimed. */
  readonly needs: readonly Power[];
  run(bench: Bench): Promise<void>;
}

type Title = `MUST ${string}`;

/** Defines the cases of one concern. The keys of `cases` are the second part of their ids. */
export function define(
  concern: Concern,
  cases: Readonly<Record<string, { readonly title: Title; run(bench: Bench): Promise<void> }>>,
  needs: readonly Power[] = [],
): readonly CaseDefinition[] {
  return Object.entries(cases).map(([what, { title, run }]) => ({
    ...{ id: `${concern}/${what}`, concern, title, needs, run },
  }));
}

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
      return Object.freeze({
        id,
        concern,
        title,
        skip: null,
        run: () => play({ id, concern, title, run }, options, createSessions),
      });
    }
    if (typeof reason !== 'string' || reason.trim() === '') throw new TypeError(`skip must give a reason for ${id}`);
    return Object.freeze({ id, concern, title: `${title} # SKIP ${reason}`, skip: reason, run: async () => {} });
  });
}

const POWERS: readonly Power[] = ['audit', 'outbox', 'policies', 'transactions', 'diagnosis', 'changes'];

function unclaimed(needs: readonly Power[], claimed: readonly Power[]): string | null {
  const missing = needs.find((power) => !claimed.includes(power));
  return missing === undefined ? null : `the adapter does not claim the power ${missing}`;
}

async function play(
  definition: Omit<CaseDefinition, 'needs'>,
  options: StoreContractOptions,
  createSessions: CreateSessions,
): Promise<void> {
  const bench = await Bench.open(await options.create(), options, createSessions);
  try {
    await definition.run(bench);
  } catch (error) {
    tell(error, definition, bench.asked);
    // A failure of `close` must not hide the failure of the case.
    await bench.close().catch(() => {});
    throw error;
  }
  await bench.close();
}
