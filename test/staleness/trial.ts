import { setTimeout as wait } from 'node:timers/promises';
import { createSessions, type Sessions } from 'session-revocation';
import { monotonic } from '../concurrency/recorder.ts';
import { openStore, type Place } from '../services/stores.ts';
import { until } from '../services/until.ts';
import { Dice } from '../src/freshness/simulation/world.ts';
import type { Member } from './member.ts';
import type { Act } from './member-process.ts';

/** Causes a fault of the store or its network. Resolves when the store can work again. The trial repeats its faults. */
export type Fault = (trial: Trial) => Promise<unknown>;

/** How a server is replaced by its standby. */
export interface Failover {
  /** Ends the server. No connection reaches any server afterwards. */
  kill(): Promise<void>;
  /** Makes the standby the new server. Returns its place. */
  promote(): Promise<Place>;
  /** Leads the processes to the new server. */
  resume(): void;
}

export interface TrialOptions {
  readonly place: Place;
  readonly members: readonly Member[];
  /** In ms. */
  readonly maxStaleness: number;
  /** The minimum length of the trial. */
  readonly seconds: number;
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly broken?: boolean;
  /** Memory is never stale. Then `maxStaleness` only sets the length of the trial's pauses. */
  readonly strict?: boolean;
}

/** The outcome of a trial. */
export interface Outcome {
  /** Descriptions of acceptances that came too late. */
  readonly violations: readonly string[];
  readonly checks: number;
  readonly fromMemory: number;
  /** Ends that were acknowledged. */
  readonly ends: number;
  /** Sessions that lived again after a failover, because the new server lacked the acknowledged end. */
  readonly lost: number;
  readonly faults: number;
  /** Checks that failed, by their code. */
  readonly failures: Readonly<Record<string, number>>;
}

interface Client {
  readonly user: string;
  readonly account: string;
  readonly token: string;
  /** When its end was acknowledged, and how many ms later it is in force everywhere. */
  ended: { readonly at: number; readonly within: number } | null;
}

const CLIENTS = 60;
const USERS = 25;
const ACCOUNTS = 8;
/** `BETWEEN`: the pause between two ends, in ms. `LEAST_ENDS`: the minimum number of ends in a trial. */
const [BETWEEN, LEAST_ENDS] = [60, 40];
/** About how many ends a failover loses, and how many a stopped process misses during the failover. */
const SOME = 8;
/** The time between two faults, and between two stops of a process, in ms. */
const BETWEEN_FAULTS = 1_000;
/** Processes check an ended session for this many times `maxStaleness`, and for as long after a fault. */
const TRIED = 3;
const HOUR = 3600e3;

/**
 * Several processes, with clocks an hour apart, check all sessions and end some of them while faults happen. After the
 * end of a session was acknowledged, no process may accept the session for longer than `maxStaleness` or
 * `effectiveWithin`. An end without an acknowledgement does not count.
 */
export class Trial {
  readonly #options: TrialOptions;
  readonly #dice: Dice;
  #clients: Client[] = [];
  #over: Client[] = [];
  readonly #underWay = new Set<Promise<void>>();
  /** Processes check sessions that ended after this time. */
  #triedFrom = Infinity;
  #ends = 0;
  #lost = 0;
  #faults = 0;
  #isPaused = false;
  #isLate = false;
  #isOpen = true;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#dice = new Dice(options.seed);
  }

  async run(): Promise<Outcome> {
    const { place, members, maxStaleness, seconds, broken = false, strict = false } = this.#options;
    const offsets = [0, HOUR, -HOUR, HOUR / 2];
    await Promise.all(
      members.map((member, at) =>
        member.open({ place, maxStaleness: strict ? null : maxStaleness, offset: offsets[at % 4] ?? 0, broken }),
      ),
    );
    try {
      await this.#signInAll();
      const end = monotonic() + seconds * 1_000;
      const work = Promise.all([this.#endAll(), this.#stopMembers(), this.#fail()]);
      const isOver = async (): Promise<void> => {
        while (this.#isOpen && (monotonic() < end || !this.#hasSeenEnough)) await wait(50);
      };
      // `work` ends early only if a fault cannot be undone. Then the trial ends.
      await Promise.race([isOver(), work]);
      this.#isOpen = false;
      await work;
      // A late acceptance would happen during this time.
      await wait(2 * maxStaleness);
      return await this.#judge();
    } finally {
      this.#isOpen = false;
      await Promise.all(members.map((member) => member.close()));
    }
  }

  /** On a busy machine, this takes longer than `seconds`. */
  get #hasSeenEnough(): boolean {
    return this.#ends >= LEAST_ENDS && this.#faults >= this.#options.faults.length;
  }

  async #signInAll(): Promise<void> {
    await until('the first sessions', async () => {
      await Promise.all(this.#options.members.map(() => this.#signIn()));
      return this.#clients.length >= CLIENTS;
    });
    await wait(2 * this.#options.maxStaleness);
  }

  /**
   * Replaces the server by a standby that may lack the last acknowledged writes. From the end of the old server on, the
   * state of the new server counts. An end that it lacks does not count, and a session that it refuses has ended.
   */
  async failOver({ kill, promote, resume }: Failover): Promise<void> {
    await this.#endSome();
    await kill();
    const at = monotonic();
    this.#isPaused = true;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    const late = this.#member;
    this.#isLate = true;
    late.stop();
    await this.#compare(await promote(), at);
    this.#tell();
    resume();
    this.#isPaused = false;
    // The stopped process still has its memory of the old server. Meanwhile, others end sessions on the new server.
    await this.#endSome();
    late.goOn();
    this.#isLate = false;
  }

  /** Waits until some sessions have ended. */
  async #endSome(): Promise<void> {
    const ends = this.#ends + SOME;
    while (this.#isOpen && this.#ends < ends) await wait(BETWEEN);
  }

  /** From this time on, the state of this server counts as the truth. */
  async #compare(place: Place, at: number): Promise<void> {
    const { store, end } = openStore(place);
    try {
      const sessions = createSessions({ store, touchEvery: '1d' });
      const all = [...this.#clients, ...this.#over];
      this.#clients = [];
      this.#over = [];
      for (const client of all) {
        const isOld = client.ended !== null && client.ended.at < this.#triedFrom;
        if (!isOld && (await this.#isLive(sessions, client))) {
          if (client.ended !== null) this.#lost++;
          client.ended = null;
          this.#clients.push(client);
        } else {
          client.ended ??= { at, within: this.#options.maxStaleness };
          this.#over.push(client);
        }
      }
    } finally {
      await store.close?.();
      await end();
    }
  }

  /** Checks a session on a newly promoted server. Retries until the server answers. */
  async #isLive(sessions: Sessions, { token }: Client): Promise<boolean> {
    let isLive = false;
    await until('the new server answers', () =>
      sessions.check(token).then(
        ({ ok }) => {
          isLive = ok;
          return true;
        },
        () => false,
      ),
    );
    return isLive;
  }

  /** Registers work, so that a failover can wait for it. */
  #begin(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
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
    const { maxStaleness, broken = false } = this.#options;
    const from = broken ? 0 : Math.min(monotonic() - TRIED * maxStaleness, this.#triedFrom);
    const recent = this.#over.filter(({ ended }) => (ended?.at ?? 0) > from);
    const tokens = [...this.#clients, ...recent].map(({ token }) => token);
    for (const member of this.#options.members) member.hear(tokens);
  }

  async #endAll(): Promise<void> {
    while (this.#isOpen) {
      await wait(BETWEEN);
      if (this.#isPaused) continue;
      const client = this.#clients[this.#dice.below(this.#clients.length)];
      if (client !== undefined) this.#begin(this.#end(client));
      for (let some = 0; some < 2 && this.#clients.length < CLIENTS; some++) this.#begin(this.#signIn());
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
    // Without an answer, the sessions may have ended or not. Both are right.
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
      if (this.#isLate) continue;
      const member = members[at % members.length] as Member;
      member.stop();
      await wait(2 * maxStaleness);
      member.goOn();
    }
  }

  async #fail(): Promise<void> {
    const { faults, maxStaleness } = this.#options;
    while (this.#isOpen && faults.length > 0) {
      await wait(BETWEEN_FAULTS);
      this.#triedFrom = monotonic() - TRIED * maxStaleness;
      await faults[this.#faults++ % faults.length]?.(this);
      await wait(TRIED * maxStaleness);
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
      lost: this.#lost,
      faults: this.#faults,
      failures,
    };
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
