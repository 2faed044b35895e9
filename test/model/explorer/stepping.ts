/** An atomic step that an operation waits for. It happens completely when the schedule takes it. */
interface Step {
  readonly process: string;
  readonly verb: string;
  take(): void;
  abandon(): void;
}

// The library writes touches in the background. A finished operation may still have a pending touch.
const BACKGROUND = 'touch';

/**
 * Holds the steps of all operations. Before `begin`, a step is taken as soon as it is requested. Afterwards, a step
 * waits until the schedule chooses it.
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

  /** With `crashes`, that many operations may stop for ever, each at a step that it waits for. */
  constructor(onTaken: () => void, crashes = 0) {
    this.#onTaken = onTaken;
    this.#crashes = crashes;
  }

  /** Waits until the step is chosen, then performs it. */
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

  /** Starts all operations at once, and waits until each of them waits for a step. */
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

  /** Names of the steps that can come next. The order is the same for the same history. */
  get enabled(): readonly string[] {
    const steps = this.#pending.map(({ process, verb }) => `${process}: ${verb}`);
    return this.#crashes === 0 ? steps : [...steps, ...this.#waiting.map((process) => `${process}: crash`)];
  }

  get #waiting(): readonly string[] {
    return [...new Set(this.#pending.map(({ process }) => process))];
  }

  /** The operations' answers. */
  get results(): readonly unknown[] {
    return this.#results;
  }

  /** The errors of the operations and of background work. */
  get failures(): readonly unknown[] {
    return this.#failures;
  }

  /** Records an error that no operation reports. */
  fail(error: unknown): void {
    this.#failures.push(error);
  }

  /** Takes one step and lets its operation run on to its next step. */
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

  /** Rejects all pending steps, so that no operation of this schedule waits for ever. */
  async abandon(): Promise<void> {
    for (const step of [...this.#pending, ...this.#crashed]) step.abandon();
    this.#pending = [];
    await turn();
  }

  // After several conflicts an operation waits some ms of real time before it retries. Waiting for it here keeps the
  // schedules independent of real time. The second turn lets a step go out that the library sends in its own turn.
  async #quiet(): Promise<void> {
    await turn();
    await turn();
    while (this.#pending.filter(({ verb }) => verb !== BACKGROUND).length < this.#running) await turn();
    this.#pending.sort((a, b) => order(a.process, b.process) || order(a.verb, b.verb));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
