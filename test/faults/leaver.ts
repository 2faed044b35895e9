import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Place } from '../services/stores.ts';

/** How long a process may take to end by itself, in ms. */
const WAIT_TIMEOUT = 120_000;

/** A process that must end by itself while its store is unreachable. */
export class Leaver {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, 'exit');
  }

  /** Starts the process, and waits until it has signed a user in. */
  static async start(place: Place): Promise<Leaver> {
    const script = join(import.meta.dirname, 'leaver-process.ts');
    const child = fork(script, [JSON.stringify(place)], { execArgv: ['--no-warnings', '--import', 'tsx'] });
    const leaver = new Leaver(child);
    const failed = leaver.#exited.then(([exit]) => {
      throw new Error(`a process that was to sign somebody in ended with ${exit}`);
    });
    await Promise.race([once(child, 'message'), failed]);
    return leaver;
  }

  /**
   * Makes the process check its token and leave. Returns the result of the check and the exit code. The exit code is
   * `null` if the process had to be killed.
   */
  async checkAndLeave(): Promise<{ readonly code: string; readonly exit: number | null }> {
    const answered = once(this.#child, 'message');
    this.#child.send({});
    const [{ code }] = (await answered) as [{ readonly code: string }];
    const timer = setTimeout(() => this.kill(), WAIT_TIMEOUT);
    const [exit] = (await this.#exited) as [number | null];
    clearTimeout(timer);
    return { code, exit };
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
