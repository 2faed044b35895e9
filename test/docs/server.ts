import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** A program that serves. */
export interface Server {
  readonly port: number;
  /** What it printed so far. */
  output(): string;
  /** Ctrl-C, and the exit code. */
  stop(): Promise<number | null>;
}

/** How it is started. */
export interface ServerOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Whether `cwd` holds a compiled package. Default `false`: the program runs from the sources. */
  readonly isCompiled?: boolean;
}

/** What became of a program that ended by itself. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts it and waits until it says where it listens. */
export async function startServer(file: string, options: ServerOptions): Promise<Server> {
  const child = start(file, options);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    // Not at its exit: what it said last may still be on its way then.
    child.once('close', () => reject(new Error(output)));
    child.stdout.on('data', () => {
      const listening = /Listening on http:\/\/localhost:(\d+)\s/.exec(output);
      if (listening !== null) resolve(Number(listening[1]));
    });
  });
  return { port, output: () => output, stop: () => stop(child) };
}

/** Starts it and waits until it ends. */
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
    // Node 22 and 24 say of their SQLite that it is experimental.
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
