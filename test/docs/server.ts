import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that serves, from the sources. */
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
}

/** Starts it and waits until it says where it listens. */
export async function startServer(file: string, { cwd, env, args = [] }: ServerOptions): Promise<Server> {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd,
    // Node 22 and 24 say of their SQLite that it is experimental.
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error(output)));
    child.stdout.on('data', () => {
      const listening = /Listening on http:\/\/localhost:(\d+)/.exec(output);
      if (listening !== null) resolve(Number(listening[1]));
    });
  });
  return { port, output: () => output, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = await exit;
  return code;
}
