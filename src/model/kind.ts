import { parseArguments } from '../lib/input.ts';
import { isPlainObject } from '../lib/json.ts';
import { type Lifetime, parseLifetime, type ResolvedLifetime } from './lifetime.ts';

export type Kinds = ReadonlyMap<string, KindSettings>;

/** `null`: the request names no kinds. `'all'`: every kind, including those that survive the scope. */
export type KindSelection = readonly string[] | 'all' | null;

export function kindSettings(kinds: Kinds, kind: string): KindSettings {
  const found = kinds.get(kind);
  if (found !== undefined) return found;
  throw new TypeError(
    `kind ${JSON.stringify(String(kind).slice(0, 40))} is unknown; there are ${[...kinds.keys()].join(', ')}`,
  );
}

/** Configures one kind of session, in the option `kinds` of {@link createSessions}. */
export interface KindOptions {
  /** Replaces the realm's `lifetime`, part by part. Default: the realm's. */
  readonly lifetime?: Lifetime | undefined;
  /** The revocations that spare this kind unless they name it. Revocations of a realm or an account spare none. Default: none. */
  readonly survives?: readonly ('user' | 'member')[] | undefined;
}

export interface KindSettings {
  readonly lifetime: ResolvedLifetime;
  readonly survives: readonly ('user' | 'member')[];
}

const BUILT_IN_KINDS = ['browser', 'remembered', 'api', 'mcp'];

// Limits the size of two texts: a record lists the kinds that were revoked by name, and a fence lists the kinds of four
// scopes.
const MAX_KINDS = 64;

export function lifetimeOf(name: string, value: Lifetime | undefined, defaults: ResolvedLifetime): ResolvedLifetime {
  if (value === undefined) return defaults;
  return parseLifetime(
    name,
    parseArguments(name, value, ['absolute', 'idle'], "{ absolute: '30d', idle: '14d' }"),
    defaults,
  );
}

export function parseKinds(input: unknown, lifetime: ResolvedLifetime): ReadonlyMap<string, KindSettings> {
  const kinds = new Map<string, KindSettings>(BUILT_IN_KINDS.map((kind) => [kind, { lifetime, survives: [] }]));
  if (input === undefined) return kinds;
  if (!isPlainObject(input)) throw new TypeError('kinds must be an object of kinds by name');
  if (Object.keys(input).length > MAX_KINDS) throw new TypeError(`kinds has more than ${MAX_KINDS} kinds`);
  for (const [kind, value] of Object.entries(input)) {
    const name = `kinds.${kind.slice(0, 40)}`;
    // `in` also refuses names that every object inherits, such as `constructor`.
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(kind) || kind in {}) {
      throw new TypeError(`${name} is no name for a kind; allowed are up to 32 of a-z 0-9 - that begin with a letter`);
    }
    const options = parseArguments(name, value, ['lifetime', 'survives']) as KindOptions;
    kinds.set(
      kind,
      Object.freeze({
        lifetime: lifetimeOf(`${name}.lifetime`, options.lifetime, lifetime),
        survives: parseSurvives(`${name}.survives`, options.survives),
      }),
    );
  }
  return kinds;
}

function parseSurvives(name: string, value: unknown): readonly ('user' | 'member')[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((scope) => scope === 'user' || scope === 'member')) {
    throw new TypeError(
      `${name} must be an array of 'user' and 'member'; a realm's or an account's revocation spares none`,
    );
  }
  return Object.freeze([...value]);
}

export function parseKindSelection(all: Kinds, kinds: unknown): KindSelection {
  if (kinds === undefined) return null;
  if (kinds === 'all') return kinds;
  if (!Array.isArray(kinds) || kinds.length === 0)
    throw new TypeError("kinds must be 'all' or a non-empty array of kinds");
  for (const kind of kinds) kindSettings(all, kind);
  return [...new Set<string>(kinds)];
}
