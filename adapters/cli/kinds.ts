import type { KindOptions } from '../../src/index.ts';
import { Refusal } from './errors.ts';
import type { NamedTarget } from './scope.ts';

export interface KindsOptions {
  readonly kinds?: readonly string[];
  readonly spare?: readonly string[];
}

export interface ChosenKinds {
  /** Option `kinds` of `createSessions`. */
  readonly declared: Readonly<Record<string, KindOptions>>;
  /** Option `kinds` of a revocation; `undefined` for all kinds that are not spared. */
  readonly asked: readonly string[] | 'all' | undefined;
  readonly name: string;
}

/**
 * Converts `--kinds` and `--spare` to options of the library. Only the app knows its kinds and which of them survive a
 * revocation. So any name is accepted, and all kinds are covered by default. The explicit `'all'` shows in the audit log
 * that the app's rules were not applied.
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
