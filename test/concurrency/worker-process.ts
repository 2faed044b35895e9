import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Held } from './actor.ts';
import type { Order, Told } from './worker.ts';

/** Time limit of an order in ms, on top of its duration. Long enough for a machine that stalls in between. */
const WAIT_TIMEOUT = 300_000;

/** The parent's handle of a worker process. */
export class WorkerProcess {
  /** Called with every token that the worker issues. */
  issued: (held: Held) => void = () => {};
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #done: (() => void) | null = null;

  /** `script` is the compiled `worker.ts`. By default, the process compiles it. */
  constructor(script?: string) {
    const compiles = script === undefined ? ['--import', 'tsx'] : [];
    this.#child = fork(script ?? join(import.meta.dirname, 'worker.ts'), { execArgv: ['--no-warnings', ...compiles] });
    this.#closed = once(this.#child, 'close');
    this.#child.on('message', (told: Told) => {
      if ('issued' in told) this.issued(told.issued);
      else this.#done?.();
    });
  }

  /** Sends the worker a token that another process issued. */
  hear(held: Held): void {
    if (this.#child.connected) this.#child.send({ type: 'hear', held } satisfies Order);
  }

  /** Sends an order and waits until it is done. */
  async does(order: Exclude<Order, { type: 'hear' | 'leave' }>): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.#child.send(order);
    const failed = this.#closed.then(() => {
      throw new Error(`a process ended with ${this.#child.exitCode} where it was to ${order.type}`);
    });
    await inTime(order.type === 'run' ? order.ms : 0, Promise.race([done, failed]));
  }

  /** Waits until the process ends by itself, which it does only if no handle is left open. */
  async leave(): Promise<void> {
    this.#child.send({ type: 'leave' } satisfies Order);
    await inTime(0, this.#closed);
    if (this.#child.exitCode !== 0) throw new Error(`a process ended with ${this.#child.exitCode}`);
  }

  /** Kills the process immediately. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

async function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('a process hangs')), ms + WAIT_TIMEOUT);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
