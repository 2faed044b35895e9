import { type ChildProcess, fork } from 'node:child_process';
import type { Act, Done, Order, Report, Settings } from './member-process.ts';

/** The parent's handle of a process that checks and ends sessions. */
export class Member {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (done: unknown) => void>();
  #orders = 0;
  isStopped = false;

  /** `script` is the compiled `member-process.ts`. */
  constructor(script: string) {
    this.#child = fork(script, { execArgv: ['--no-warnings'], serialization: 'advanced' });
    this.#child.on('message', ({ id, done }: { id: number; done: unknown }) => {
      this.#waiting.get(id)?.(done);
      this.#waiting.delete(id);
    });
    this.#child.on('exit', () => {
      for (const resolve of this.#waiting.values()) resolve(null);
    });
  }

  async open(settings: Settings): Promise<void> {
    await this.#tell({ type: 'open', settings });
  }

  start(user: string, account: string): Promise<Done | null> {
    return this.#tell({ type: 'start', user, account }) as Promise<Done | null>;
  }

  act(
    act: Act,
    client: { readonly token: string; readonly user: string; readonly account: string },
  ): Promise<Done | null> {
    const { token, user, account } = client;
    return this.#tell({ type: 'act', act, token, user, account }) as Promise<Done | null>;
  }

  hear(tokens: readonly string[]): void {
    this.#child.send({ id: 0, order: { type: 'hear', tokens } });
  }

  async report(): Promise<Report> {
    const report = (await this.#tell({ type: 'report' })) as Report | null;
    if (report === null) throw new Error('a process has ended');
    return report;
  }

  async close(): Promise<void> {
    await this.#tell({ type: 'close' });
  }

  /** Freezes the process. */
  stop(): void {
    this.isStopped = true;
    this.#child.kill('SIGSTOP');
  }

  goOn(): void {
    this.isStopped = false;
    this.#child.kill('SIGCONT');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #tell(order: Order): Promise<unknown> {
    const id = ++this.#orders;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, order });
    });
  }
}
