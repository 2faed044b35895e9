import type { KindOptions } from '../../src/index.ts';
import { Refusal } from './failure.ts';
import type { NamedTarget } from './scope.ts';

/** Which kinds a command covers. */
export interface KindsOptions {
  readonly kinds?: readonly string[];
  readonly spare?: readonly string[];
}

/** The same, for the library. */
export interface ChosenKinds {
  /** What the `Sessions` must know of the kinds. */
  readonly declared: Readonly<Record<string, KindOptions>>;
  /** What a revocation is asked for; `undefined` for all that are not spared. */
  readonly asked: readonly string[] | 'all' | undefined;
  /** In words. */
  readonly name: string;
}

/**
 * Kinds are the app's, and the command line knows neither their names nor which survive what: so any name will do, and
 * all are covered unless somebody says otherwise. `'all'` is said to the library, since the log shall not read as if
 * the app's rules had held.
 * @throws {@link Refusal} where kinds are spared that cannot be.
 */
export function chooseKinds({ kinds, spare }: KindsOptions, { typed, name }: NamedTarget): ChosenKinds {
  if (kinds !== undefined && spare !== undefined) throw new Refusal('--kinds does not go with --spare');
  if (spare !== undefined) {
    if (typed !== null) throw new Refusal(`--spare does not go with ${name}: name what to revoke with --kinds`);
    const survives = ['user', 'member'] as const;
    const declared = Object.fromEntries(spare.map((kind) => [kind, { survives }]));
    return { declared, asked: undefined, name: `all kinds but ${spare.join(', ')}` };
  }
  if (kinds === undefined || kinds.includes('all')) return { declared: {}, asked: 'all', name: 'all kinds' };
  const declared = Object.fromEntries(kinds.map((kind) => [kind, {}]));
  return { declared, asked: kinds, name: `of kind ${kinds.join(', ')}` };
}
