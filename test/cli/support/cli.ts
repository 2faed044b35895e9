import { PassThrough, Writable } from 'node:stream';
import { run } from '../../../adapters/cli/run.ts';
import { aSecondLater } from './time.ts';

/** The output and the exit code of a command. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The environment in which a command runs. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The keys that the user types at a terminal. By default, there is no terminal. */
  readonly keys?: string;
  /** The width of stdout, if it is a terminal. */
  readonly columns?: number;
}

class Collector extends Writable {
  text = '';
  readonly columns: number | undefined;

  constructor(columns?: number) {
    super();
    this.columns = columns;
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs a command in this process, as if it were typed into a shell. */
export async function cli(words: readonly string[], { env = {}, keys, columns }: Surroundings = {}): Promise<Ran> {
  aSecondLater();
  const stdin = new PassThrough();
  const stdout = new Collector(columns);
  const stderr = new Collector();
  if (keys === undefined) stdin.end();
  else stdin.write(keys);
  const code = await run(words, { stdin, stdout, stderr, env, isTty: keys !== undefined });
  return { code, out: stdout.text, err: stderr.text };
}

/** Returns a `cli` with the option `--store`. */
export const cliOf =
  (store: string) =>
  (words: string, surroundings?: Surroundings): Promise<Ran> =>
    cli([...wordsOf(words), '--store', store], surroundings);

/** Splits a line at spaces, as a shell does. Text in double quotes stays together. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
