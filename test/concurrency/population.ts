import type { SessionsOptions } from 'session-revocation';

/** How many sessions of a kind a user may have in an account. */
export const PER_USER = 3;

/** The kinds that people sign in with; the second survives the revocation of a user or a member. */
export const KINDS = ['browser', 'api'] as const;
export const SURVIVING: readonly string[] = ['api'];

/** Few, so that all that is done collides. */
const USERS = ['ann', 'bob', 'eve'];
const ACCOUNTS = ['acme', 'beta', null];

/** Options of every process. Nothing expires; pruning removes what is over as soon as clocks that are apart allow. */
export const OPTIONS: Omit<SessionsOptions, 'store' | 'clock'> = {
  realm: 'people',
  lifetime: { absolute: '30d', idle: '14d' },
  kinds: { api: { lifetime: { absolute: '365d', idle: null }, survives: ['user', 'member'] } },
  limit: { perUser: PER_USER, overflow: 'end-oldest' },
  touchEvery: 0,
  retention: '1h',
};

/** An idle lifetime that ends again and again while others go on, in ms. */
export const IDLE = 300;

/** Options of every process where sessions expire: all of them have the same clock. */
export const IDLE_OPTIONS: typeof OPTIONS = {
  ...OPTIONS,
  lifetime: { absolute: '30d', idle: IDLE },
  kinds: { api: { lifetime: { absolute: '365d', idle: IDLE }, survives: ['user', 'member'] } },
  limit: { perUser: 1, overflow: 'refuse' },
};

/** What the laws go by. */
export interface Rules {
  readonly perUser: number;
  /** `null` where nothing expires. */
  readonly idle: number | null;
}

export const RULES: Rules = { perUser: PER_USER, idle: null };
/** One too many is refused. */
export const IDLE_RULES: Rules = { perUser: 1, idle: IDLE };

/** Random, and the same for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** One of these. */
  pick<T>(all: readonly T[]): T {
    const one = all[Math.floor(this.next() * all.length)];
    if (one === undefined) throw new Error('there is nothing to pick from');
    return one;
  }

  /** One of these, as often as its weight says. */
  weigh<T>(all: readonly (readonly [one: T, weight: number])[]): T {
    let left = this.next() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [one, weight] of all) {
      left -= weight;
      if (left < 0) return one;
    }
    throw new Error('there is nothing to pick from');
  }
}

/** Somebody of this generation. */
export const aUser = (chance: Chance, generation: number): string => `${chance.pick(USERS)} ${generation}`;

/** An account, or none. */
export const somewhere = (chance: Chance): string | null => chance.pick(ACCOUNTS);

/** An account. */
export const anAccount = (chance: Chance): string => somewhere(chance) ?? 'acme';
