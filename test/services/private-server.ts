import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Account, serverAccount } from './binaries.ts';
import { freePort } from './ports.ts';
import type { Probe } from './probes.ts';
import { entrust, release } from './reaping.ts';

/** How to run one kind of server. */
export interface Recipe {
  /** Part of the folder's name: a short word. */
  readonly name: string;
  readonly program: string;
  /** The arguments of each start. */
  args(place: Place): readonly string[];
  url(place: Place): string;
  readonly probe: Probe;
  /** The signal that ends the server in good order, even if clients are connected. Default `'SIGTERM'`. */
  readonly signal?: NodeJS.Signals;
  /** Creates the files that the server needs, before the first start. */
  prepare?(place: Place): Promise<void>;
  /** Runs once, when the server first answers. */
  populate?(place: Place): Promise<void>;
}

/** The folder, the port and the account of a server. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  readonly account: Account | null;
}

const MAX_START = 120_000;
const MAX_STOP = 30_000;
const ATTEMPTS = 3;

const servers = new Set<PrivateServer>();

/** A server that a test started, on a loopback port and in its own folder. The test may kill it or freeze it. */
export class PrivateServer {
  readonly url: string;
  readonly port: number;
  /** The folder of the server's files. */
  readonly folder: string;
  readonly #recipe: Recipe;
  readonly #place: Place;
  #child: ChildProcess | null = null;

  private constructor(recipe: Recipe, place: Place) {
    this.#recipe = recipe;
    this.#place = place;
    this.url = recipe.url(place);
    this.port = place.port;
    this.folder = place.folder;
  }

  /** Starts a server and waits until it answers. */
  static async start(recipe: Recipe): Promise<PrivateServer> {
    const account = serverAccount();
    for (let attempt = 1; ; attempt++) {
      const folder = mkdtempSync(join(tmpdir(), `session-test-${recipe.name}-`));
      if (account !== null) chownSync(folder, account.uid, account.gid);
      const server = new PrivateServer(recipe, { folder, port: await freePort(), account });
      try {
        await recipe.prepare?.(server.#place);
        servers.add(server);
        await server.#run();
        await recipe.populate?.(server.#place);
        return server;
      } catch (error) {
        await server.stop();
        // Another process may have taken the port in the meantime.
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** The id of the running process. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`the private ${this.#recipe.name} is not running`);
    return pid;
  }

  /**
   * Sends a signal and waits until the server has ended. `'SIGSTOP'` freezes the server and `'SIGCONT'` continues it,
   * both without a wait.
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    child.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    await hasEnded(child);
  }

  /** Restarts the server on the same port and data. Ends it first if it runs, and waits until it answers. */
  async restart(): Promise<void> {
    await this.kill(this.#recipe.signal ?? 'SIGTERM');
    const giveUpAt = Date.now() + MAX_START;
    for (;;) {
      try {
        return await this.#run();
      } catch (error) {
        await this.kill();
        // A killed Postgres leaves child processes, which must first notice its end.
        if (Date.now() > giveUpAt) throw error;
        await wait(100);
      }
    }
  }

  /** Ends the server and removes its folder. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== null) {
      child.kill('SIGCONT');
      child.kill(this.#recipe.signal ?? 'SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), MAX_STOP);
      await hasEnded(child);
      clearTimeout(timer);
    }
    servers.delete(this);
    rmSync(this.#place.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async #run(): Promise<void> {
    const { program, args, probe } = this.#recipe;
    const { folder, account } = this.#place;
    const log = join(folder, 'log.txt');
    const output = openSync(log, 'a');
    const child = spawn(program, args(this.#place), {
      cwd: folder,
      stdio: ['ignore', output, output],
      ...account,
    });
    closeSync(output);
    child.unref();
    await once(child, 'spawn');
    this.#child = child;
    if (child.pid !== undefined) entrust(child.pid, folder);
    child.once('exit', () => {
      if (child.pid !== undefined) release(child.pid);
      if (this.#child === child) this.#child = null;
    });

    const giveUpAt = Date.now() + MAX_START;
    for (;;) {
      const failure = await probe(this.url).then(
        () => null,
        (error: unknown) => error,
      );
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (failure === null && isRunning) return;
      if (!isRunning || Date.now() > giveUpAt) {
        const said = readFileSync(log, 'utf8').slice(-2_000);
        throw new Error(`${program} does not answer at ${this.url}:\n${said}`, { cause: failure });
      }
      await wait(20);
    }
  }
}

async function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  await once(child, 'exit');
}

/** Ends every private server of this process. */
export async function stopAll(): Promise<void> {
  await Promise.all([...servers].map((server) => server.stop()));
}
