/** An atomic step that an operation waits for: it happens wholly, at the moment when it is taken. */
interface Step {
  readonly process: string;
  readonly verb: string;
  take(): void;
  abandon(): void;
}

// Written behind the caller's back: an operation that is done may have one still to come.
const BACKGROUND = 'touch';

/**
 * Where operations wait for each other. Before `begin`, every step is taken as it is asked for; afterwards, none is
 * before it is chosen.
 */
export class Stepper {
  readonly #onTaken: () => void;
  readonly #failures: unknown[] = [];
  readonly #results: unknown[] = [];
  #pending: Step[] = [];
  #crashed: Step[] = [];
  #begun = false;
  #running = 0;
  #crashes: number;

  /** With `crashes`, so many operations may stop for ever, each where it waits for a step. */
  constructor(onTaken: () => void, crashes = 0) {
    this.#onTaken = onTaken;
    this.#crashes = crashes;
  }

  /** Waits for its turn, then performs the step. */
  request<T>(process: string, verb: string, perform: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        try {
          resolve(perform());
        } catch (error) {
          reject(error as Error);
        }
        if (!this.#begun) this.#onTaken();
      };
      if (!this.#begun) take();
      else this.#pending.push({ process, verb, take, abandon: () => reject(new Error('abandoned')) });
    });
  }

  /** Starts the operations, all at once, and waits until each of them waits for a step. */
  async begin(operations: readonly (() => Promise<unknown>)[]): Promise<void> {
    this.#begun = true;
    for (const [at, operation] of operations.entries()) {
      this.#running++;
      operation()
        .then((result) => {
          this.#results[at] = result;
        })
        .catch((error: unknown) => this.#failures.push(error))
        .finally(() => this.#running--);
    }
    await this.#quiet();
  }

  /** The steps that could be next, by name. Always in the same order for the same history. */
  get enabled(): readonly string[] {
    const steps = this.#pending.map(({ process, verb }) => `${process}: ${verb}`);
    return this.#crashes === 0 ? steps : [...steps, ...this.#waiting.map((process) => `${process}: crash`)];
  }

  get #waiting(): readonly string[] {
    return [...new Set(this.#pending.map(({ process }) => process))];
  }

  /** What operations answered. */
  get results(): readonly unknown[] {
    return this.#results;
  }

  /** What they failed of. */
  get failures(): readonly unknown[] {
    return this.#failures;
  }

  /** Takes down a failure that no operation tells of. */
  fail(error: unknown): void {
    this.#failures.push(error);
  }

  /** Takes one step and lets its operation go on to its next. */
  async take(choice: number): Promise<void> {
    const process = this.#waiting[choice - this.#pending.length];
    if (process !== undefined) return this.#crash(process);
    const [step] = this.#pending.splice(choice, 1);
    if (step === undefined) throw new Error('the schedule is not the one that was recorded');
    step.take();
    await this.#quiet();
    this.#onTaken();
  }

  #crash(process: string): void {
    const crashed = this.#pending.filter((step) => step.process === process);
    this.#pending = this.#pending.filter((step) => step.process !== process);
    this.#crashed.push(...crashed);
    this.#running -= crashed.filter(({ verb }) => verb !== BACKGROUND).length;
    this.#crashes--;
  }

  /** Ends whatever still waits, once nobody looks any more. */
  async abandon(): Promise<void> {
    for (const step of [...this.#pending, ...this.#crashed]) step.abandon();
    this.#pending = [];
    await turn();
  }

  // An operation that was beaten several times waits for some ms by the wall clock before it tries again: it is waited
  // for, so that schedules do not depend on that clock. The second turn is for what goes out in a turn of its own.
  async #quiet(): Promise<void> {
    await turn();
    await turn();
    while (this.#pending.filter(({ verb }) => verb !== BACKGROUND).length < this.#running) await turn();
    this.#pending.sort((a, b) => order(a.process, b.process) || order(a.verb, b.verb));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
