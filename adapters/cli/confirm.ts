import { createInterface } from 'node:readline';
import type { WouldEnd } from '../../src/index.ts';
import { Refusal } from './errors.ts';
import { counted, type Output } from './output.ts';
import type { TypedName } from './scope.ts';
import { sessionColumns } from './session-columns.ts';
import type { Terminal } from './terminal.ts';

const MAX_SHOWN = 5;

/**
 * Throws a `Refusal` if there is no terminal on which the user could confirm.
 * @param why the reason for the question, such as `'account acme has several users'`.
 */
export function needsTerminal(why: string, terminal: Terminal): void {
  if (terminal.isTty) return;
  const todo = 'check with --dry-run, then add --yes';
  throw new Refusal(`${why}, and there is no terminal to ask on: ${todo}`, 'REFUSED');
}

/** Asks the user to confirm. The user types the name of the target, because a plain "yes" becomes a habit. */
export async function confirm(
  typed: TypedName,
  preview: readonly string[],
  terminal: Terminal,
  out: Output,
): Promise<void> {
  for (const line of preview) out.note(line);
  const answer = await ask(terminal, `Type the name of the ${typed.what} (${typed.name}) to continue: `);
  if (answer === null) throw new Refusal('interrupted: nothing was done', 'INTERRUPTED');
  if (answer.trim() !== typed.name.trim()) {
    throw new Refusal(`the answer is not ${typed.name}: nothing was done`, 'REFUSED');
  }
}

export function previewOf(name: string, { sessions, more }: WouldEnd, out: Output, max: number = MAX_SHOWN): string[] {
  const count = `${more ? 'more than ' : ''}${counted(sessions.length, 'session')}`;
  const users = counted(new Set(sessions.map(({ user }) => user)).size, 'user');
  const shown = sessions.slice(0, max);
  const hidden = sessions.length - shown.length;
  return [
    `This would end ${count} of ${more ? 'at least ' : ''}${users}: ${name}.`,
    ...(shown.length === 0 ? [] : out.table(sessionColumns(Date.now(), { user: true })).lines(shown)),
    ...(hidden === 0 ? [] : [`… and ${hidden.toLocaleString('en')}${more ? ' and more' : ''}`]),
  ];
}

/** Asks a question. Returns the typed line, or `null` after Ctrl-C or Ctrl-D. */
function ask({ stdin, stderr, isTty }: Terminal, question: string): Promise<string | null> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: isTty });
  return new Promise((resolve) => {
    let answer: string | null = null;
    // Ctrl-D, the end of the input, and both calls of `close` below emit this event.
    lines.once('close', () => {
      if (answer === null) stderr.write('\n');
      resolve(answer);
    });
    lines.once('SIGINT', () => lines.close());
    lines.question(question, (line) => {
      answer = line;
      lines.close();
    });
  });
}
