import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Held } from './actor.ts';
import type { Order, Told } from './worker.ts';

/** Longer than anything takes that comes to an end, on a machine that stands still in between. */
const WAIT_TIMEOUT = 300_000;

/** A worker, seen from the process that started it. */
export class WorkerProcess {
  /** Is told of every token that it issues. */
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

  /** Another process has issued a token. */
  hear(held: Held): void {
    if (this.#child.connected) this.#child.send({ type: 'hear', held } satisfies Order);
  }

  /** Tells it to do something, and waits until that is done. */
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

  /** Waits until it has ended by itself, as it does where nothing is left open. */
  async leave(): Promise<void> {
    this.#child.send({ type: 'leave' } satisfies Order);
    await inTime(0, this.#closed);
    if (this.#child.exitCode !== 0) throw new Error(`a process ended with ${this.#child.exitCode}`);
  }

  /** Ends it, whatever it does. */
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
