import { CommanderError } from 'commander';
import { describeFailure, EXIT, Refusal } from './errors.ts';
import { Output } from './output.ts';
import { makeProgram } from './program.ts';
import { Secrets } from './secrets.ts';
import { shieldIds } from './session-id.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs a command line, without the name of the program: `run(['list', '--user', 'ann'], terminal)`. Never throws, and never ends the
 * process.
 * @returns the exit code: 0 done, 1 failed, 2 misuse or refused, 3 the store is unavailable, 4 `--expect-some` was given and no session
 * was covered, 130 interrupted at a question.
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
  // With --json, commander's messages have the form of every other error.
  const writeError = (text: string): void => void (out.isJson || terminal.stderr.write(hide(text)));
  try {
    await makeProgram(cli, writeError).parseAsync(shieldIds(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has printed the help or the version.
      if (error.exitCode === 0) return EXIT.done;
      if (out.isJson) out.fail(describeFailure(misuseOf(error), undefined, false));
      return EXIT.refused;
    }
    const failure = describeFailure(error, trouble, argv.includes('--debug'));
    out.fail(failure);
    return failure.exitCode;
  }
}

/** Without a command, commander shows the help, and its error says only that. */
function misuseOf({ code, message }: CommanderError): Refusal {
  if (code === 'commander.help') return new Refusal('no command is named; --help tells which there are');
  return new Refusal(message.replace(/^error: /, ''));
}
