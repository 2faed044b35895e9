import { CommanderError } from 'commander';
import { describeFailure, EXIT } from './failure.ts';
import { makeProgram } from './program.ts';
import { Secrets } from './secrets.ts';
import { shieldIds } from './session-id.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs a command line, without the name of the program: `run(['list', '--user', 'ann'], terminal)`. Never throws, and
 * ends no process.
 * @returns the exit code: 0 done, 1 failed, 2 misuse or refused, 3 the store is unavailable, 130 interrupted at a
 * question.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const secrets = new Secrets([...argv, terminal.env.SESSION_STORE_URL]);
  const tell = (text: string): void => void terminal.stderr.write(secrets.hide(text));
  let exitCode: number = EXIT.done;
  let trouble: unknown;
  const cli = {
    terminal,
    finish: (code: number): void => {
      exitCode = code;
    },
    trouble: (told: unknown): void => {
      trouble = told;
    },
  };
  try {
    await makeProgram(cli, tell).parseAsync(shieldIds(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said already what was wrong, or printed what was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.refused;
    const failure = describeFailure(error, trouble, argv.includes('--debug'));
    for (const line of failure.lines) tell(`${line}\n`);
    return failure.exitCode;
  }
}
