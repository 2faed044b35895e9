import { CommanderError } from 'commander';
import { describeFailure, EXIT, Refusal } from './errors.ts';
import { Output } from './output.ts';
import { makeProgram } from './program.ts';
import { Secrets } from './secrets.ts';
import { shieldIds } from './session-id.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs a command line such as `run(['list', '--user', 'ann'], terminal)`. Never throws, and never ends the process.
 * @returns the exit code: 0 done, 1 failed, 2 misuse or refused, 3 the store is unavailable, 4 `--expect-some` was
 * given and no session was covered, 130 interrupted at a question.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { SESSION_STORE_URL } = terminal.env;
  const secrets = new Secrets([...argv, SESSION_STORE_URL]);
  const hide = (text: string): string => secrets.hide(text);
  const out = new Output(terminal, argv.includes('--json'), hide);
  let exitCode: number = EXIT.done;
  let trouble: unknown;
  const cli = {
    terminal,
    hide,
    finish: (code: number): void => {
      exitCode = code;
    },
    trouble: (error: unknown): void => {
      trouble = error;
    },
  };
  // With --json, messages of commander have the form of all other errors.
  const writeError = (text: string): void => void (out.isJson || terminal.stderr.write(hide(text)));
  try {
    await makeProgram(cli, writeError).parseAsync(shieldIds(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      if (out.isJson) out.fail(describeFailure(misuseOf(error), undefined, false));
      return EXIT.refused;
    }
    const failure = describeFailure(error, trouble, argv.includes('--debug'));
    out.fail(failure);
    return failure.exitCode;
  }
}

/** Without a command, commander shows the help, and its error has no message. */
function misuseOf({ code, message }: CommanderError): Refusal {
  if (code === 'commander.help') return new Refusal('the command is missing; --help lists all commands');
  return new Refusal(message.replace(/^error: /, ''));
}
