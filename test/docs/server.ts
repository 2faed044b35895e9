import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** A running server program. */
export interface Server {
  readonly port: number;
  /** Returns the output so far. */
  output(): string;
  /** Sends SIGINT, as Ctrl-C does. Resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** Options for the start of a program. */
export interface ServerOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** `true` if `cwd` contains a compiled package. Default `false`: the program runs from the sources. */
  readonly isCompiled?: boolean;
}

/** The results of a program that ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program and waits until it prints its address. */
export async function startServer(file: string, options: ServerOptions): Promise<Server> {
  const child = start(file, options);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    // `close`, not `exit`: the last output may arrive after the exit.
    child.once('close', () => reject(new Error(output)));
    child.stdout.on('data', () => {
      const listening = /Listening on http:\/\/localhost:(\d+)\s/.exec(output);
      if (listening !== null) resolve(Number(listening[1]));
    });
  });
  return { port, output: () => output, stop: () => stop(child) };
}

/** Starts a program and waits until it ends. */
export async function runToEnd(file: string, options: ServerOptions): Promise<Ended> {
  const child = start(file, options);
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status, stdout, stderr };
}

function start(
  file: string,
  { cwd, env, args = [], isCompiled = false }: ServerOptions,
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [...(isCompiled ? [] : ['--import', 'tsx']), file, ...args], {
    cwd,
    // Node 22 and 24 print a warning that their SQLite is experimental.
    env: { ...process.env, NODE_NO_WARNINGS: '1', REDIS_URL: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = await exit;
  return code;
}
