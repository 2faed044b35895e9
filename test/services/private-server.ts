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

/** How to run a server of some sort. */
export interface Recipe {
  /** For the name of its folder: up to a few letters. */
  readonly name: string;
  readonly program: string;
  /** What it is started with, each time. */
  args(place: Place): readonly string[];
  url(place: Place): string;
  readonly probe: Probe;
  /** Ends it in good order, whoever is connected. Default `'SIGTERM'`. */
  readonly signal?: NodeJS.Signals;
  /** Makes what it needs in its folder before the first start. */
  prepare?(place: Place): Promise<void>;
  /** Done once, when it first answers. */
  populate?(place: Place): Promise<void>;
}

/** Where a server lives. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  readonly account: Account | null;
}

const MAX_START = 120_000;
const MAX_STOP = 30_000;
const ATTEMPTS = 3;

const servers = new Set<PrivateServer>();

/** A server that a test started, on a port of the loopback interface and in a folder of its own. It may be treated badly. */
export class PrivateServer {
  readonly url: string;
  readonly port: number;
  /** Where it keeps what it writes. */
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

  /** Starts one and waits until it answers. */
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
        // Somebody else may have taken the port in the meantime.
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

  /** Sends a signal; of one that ends it, waits until it has. `'SIGSTOP'` makes it silent, `'SIGCONT'` goes on. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    child.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    await hasEnded(child);
  }

  /** Starts it again on the same port and data, after ending it if need be, and waits until it answers. */
  async restart(): Promise<void> {
    await this.kill(this.#recipe.signal ?? 'SIGTERM');
    const giveUpAt = Date.now() + MAX_START;
    for (;;) {
      try {
        return await this.#run();
      } catch (error) {
        await this.kill();
        // What a killed Postgres leaves behind has to notice it first.
        if (Date.now() > giveUpAt) throw error;
        await wait(100);
      }
    }
  }

  /** Ends it and removes its folder. */
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
