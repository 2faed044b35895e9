import { setTimeout as wait } from 'node:timers/promises';
import { monotonic } from '../concurrency/recorder.ts';
import type { Place } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { Dice } from '../src/freshness/simulation/world.ts';
import type { Member } from './member.ts';
import type { Act } from './member-process.ts';

/** Something that happens to the store or its network, again and again. It waits until the store works again. */
export type Fault = () => Promise<void>;

export interface TrialOptions {
  readonly place: Place;
  readonly members: readonly Member[];
  /** In ms. */
  readonly maxStaleness: number;
  readonly seconds: number;
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly broken?: boolean;
}

/** What came of it. */
export interface Outcome {
  /** Acceptances that came too late, in words. */
  readonly violations: readonly string[];
  readonly checks: number;
  readonly fromMemory: number;
  /** Ends that were acknowledged. */
  readonly ends: number;
  /** Checks that failed, by their code. */
  readonly failures: Readonly<Record<string, number>>;
}

interface Client {
  readonly user: string;
  readonly account: string;
  readonly token: string;
  /** When its end was acknowledged, and after which time it is in force everywhere. */
  ended: { readonly at: number; readonly within: number } | null;
}

const CLIENTS = 60;
const USERS = 25;
const ACCOUNTS = 8;
/** Between two ends, in ms. */
const BETWEEN = 30;
/** The time between two faults, in ms, and the time in which processes are stopped as well. */
const BETWEEN_FAULTS = 1_000;
const HOUR = 3600e3;

/**
 * Several processes, with clocks an hour apart, check all sessions and end some of them, while things fail. None may accept a session later
 * than `maxStaleness`, or `effectiveWithin`, after the end was acknowledged to one of them. What was not acknowledged counts for nothing.
 */
export class Trial {
  readonly #options: TrialOptions;
  readonly #dice: Dice;
  #clients: Client[] = [];
  readonly #over: Client[] = [];
  #ends = 0;
  #isOpen = true;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#dice = new Dice(options.seed);
  }

  async run(): Promise<Outcome> {
    const { place, members, maxStaleness, seconds, broken = false } = this.#options;
    const offsets = [0, HOUR, -HOUR, HOUR / 2];
    await Promise.all(
      members.map((member, at) => member.open({ place, maxStaleness, offset: offsets[at % 4] ?? 0, broken })),
    );
    try {
      await this.#signInAll();
      const until = monotonic() + seconds * 1_000;
      const work = [this.#endAll(), this.#stopMembers(), this.#fail()];
      while (monotonic() < until) await wait(50);
      this.#isOpen = false;
      await Promise.all(work);
      // An acceptance that is too late comes in this time.
      await wait(2 * maxStaleness);
      return await this.#judge();
    } finally {
      this.#isOpen = false;
      await Promise.all(members.map((member) => member.close()));
    }
  }

  async #signInAll(): Promise<void> {
    await until('the first sessions', async () => {
      await Promise.all(Array.from({ length: CLIENTS - this.#clients.length }, () => this.#signIn()));
      return this.#clients.length >= CLIENTS;
    });
    await wait(2 * this.#options.maxStaleness);
  }

  get #member(): Member {
    const { members } = this.#options;
    const awake = members.filter(({ isStopped }) => !isStopped);
    return awake[this.#dice.below(awake.length)] as Member;
  }

  async #signIn(): Promise<void> {
    const [user, account] = [`user ${this.#dice.below(USERS)}`, `account ${this.#dice.below(ACCOUNTS)}`];
    const done = await this.#member.start(user, account);
    if (done?.token) this.#add({ user, account, token: done.token, ended: null });
  }

  #add(client: Client): void {
    this.#clients.push(client);
    this.#tell();
  }

  #tell(): void {
    const now = monotonic();
    const { maxStaleness, broken = false } = this.#options;
    const recent = this.#over.filter(({ ended }) => broken || now - (ended?.at ?? 0) < 3 * maxStaleness);
    const tokens = [...this.#clients, ...recent].map(({ token }) => token);
    for (const member of this.#options.members) member.hear(tokens);
  }

  async #endAll(): Promise<void> {
    while (this.#isOpen) {
      await wait(BETWEEN);
      const client = this.#clients[this.#dice.below(this.#clients.length)];
      if (client !== undefined) void this.#end(client);
      if (this.#clients.length < CLIENTS) void this.#signIn();
    }
  }

  async #end(client: Client): Promise<void> {
    const { user, account } = client;
    const luck = this.#dice.next();
    const [act, isOf]: [Act, (other: Client) => boolean] =
      luck < 0.25
        ? ['end', (other) => other === client]
        : luck < 0.5
          ? ['renew', (other) => other === client]
          : luck < 0.65
            ? ['keep', (other) => other.user === user]
            : luck < 0.95
              ? ['user', (other) => other.user === user]
              : luck < 0.99
                ? ['account', (other) => other.account === account]
                : ['realm', () => true];
    const covered = this.#clients.filter(isOf);
    const done = await this.#member.act(act, client);
    // Without an answer, they may be over or not: both are right.
    this.#clients = this.#clients.filter((other) => !covered.includes(other));
    if (done !== null) {
      this.#ends++;
      const { maxStaleness } = this.#options;
      for (const each of covered) {
        each.ended ??= { at: done.at, within: Math.min(done.effectiveWithin, maxStaleness) };
        this.#over.push(each);
      }
    }
    if (done?.token) this.#add({ user, account, token: done.token, ended: null });
    else this.#tell();
  }

  /** Stops one process after the other, for longer than `maxStaleness`. */
  async #stopMembers(): Promise<void> {
    const { members, maxStaleness } = this.#options;
    for (let at = 0; this.#isOpen; at++) {
      await wait(BETWEEN_FAULTS);
      const member = members[at % members.length] as Member;
      member.stop();
      await wait(2 * maxStaleness);
      member.goOn();
    }
  }

  async #fail(): Promise<void> {
    const { faults } = this.#options;
    for (let at = 0; this.#isOpen && faults.length > 0; at++) {
      await wait(BETWEEN_FAULTS);
      await faults[at % faults.length]?.();
    }
  }

  async #judge(): Promise<Outcome> {
    const reports = await Promise.all(this.#options.members.map((member) => member.report()));
    const violations = reports.flatMap(({ accepted }, process) =>
      this.#over.flatMap(({ token, ended }) => {
        const late = (accepted[token] ?? -Infinity) - (ended?.at ?? Infinity);
        if (!(late > (ended?.within ?? Infinity))) return [];
        return [
          `process ${process} accepted ${late.toFixed(1)} ms after the acknowledgement, and not ${ended?.within}`,
        ];
      }),
    );
    const failures: Record<string, number> = {};
    for (const [code, times] of reports.flatMap((report) => Object.entries(report.failures)))
      failures[code] = (failures[code] ?? 0) + times;
    return {
      violations,
      checks: sum(reports.map(({ checks }) => checks)),
      fromMemory: sum(reports.map(({ fromMemory }) => fromMemory)),
      ends: this.#ends,
      failures,
    };
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
