import type { SessionsOptions } from 'session-revocation';

/** How many sessions of a kind a user may have in an account. */
export const PER_USER = 3;

/** The kinds of the sign-ins. The second survives the revocation of a user or a member. */
export const KINDS = ['browser', 'api'] as const;
export const SURVIVING: readonly string[] = ['api'];

/** Few names, so that operations collide. */
const USERS = ['ann', 'bob', 'eve'];
const ACCOUNTS = ['acme', 'beta', null];

/** Options of every process. No session expires. Pruning removes ended sessions as early as differing clocks allow. */
export const OPTIONS: Omit<SessionsOptions, 'store' | 'clock'> = {
  realm: 'people',
  lifetime: { absolute: '30d', idle: '14d' },
  kinds: { api: { lifetime: { absolute: '365d', idle: null }, survives: ['user', 'member'] } },
  limit: { perUser: PER_USER, overflow: 'end-oldest' },
  touchEvery: 0,
  retention: '1h',
};

/** An idle lifetime in ms, short enough that sessions expire again and again during a run. */
export const IDLE = 300;

/** Options of every process if sessions expire. All processes then share one clock. */
export const IDLE_OPTIONS: typeof OPTIONS = {
  ...OPTIONS,
  lifetime: { absolute: '30d', idle: IDLE },
  kinds: { api: { lifetime: { absolute: '365d', idle: IDLE }, survives: ['user', 'member'] } },
  limit: { perUser: 1, overflow: 'refuse' },
};

/** The settings that the laws depend on. */
export interface Rules {
  readonly perUser: number;
  /** The idle lifetime in ms. `null` if no session expires. */
  readonly idle: number | null;
}

export const RULES: Rules = { perUser: PER_USER, idle: null };
/** The rules for `IDLE_OPTIONS`. The limit refuses the second session. */
export const IDLE_RULES: Rules = { perUser: 1, idle: IDLE };

/** A random generator that repeats its numbers for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns a number from 0 (inclusive) to 1 (exclusive). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Returns one of the values. */
  pick<T>(all: readonly T[]): T {
    const one = all[Math.floor(this.next() * all.length)];
    if (one === undefined) throw new Error('there is nothing to pick from');
    return one;
  }

  /** Returns one of the values, chosen by weight. */
  weigh<T>(all: readonly (readonly [one: T, weight: number])[]): T {
    let left = this.next() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [one, weight] of all) {
      left -= weight;
      if (left < 0) return one;
    }
    throw new Error('there is nothing to pick from');
  }
}

/** Returns a user of this generation. */
export const aUser = (chance: Chance, generation: number): string => `${chance.pick(USERS)} ${generation}`;

/** Returns an account or `null`. */
export const somewhere = (chance: Chance): string | null => chance.pick(ACCOUNTS);

/** Returns an account. */
export const anAccount = (chance: Chance): string => somewhere(chance) ?? 'acme';
