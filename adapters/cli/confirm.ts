import { createInterface } from 'node:readline';
import type { WouldEnd } from '../../src/index.ts';
import { Refusal } from './errors.ts';
import { counted, type Output } from './output.ts';
import type { TypedName } from './scope.ts';
import { sessionColumns } from './session-columns.ts';
import type { Terminal } from './terminal.ts';

/** Sessions shown before a question. */
const MAX_SHOWN = 5;

/**
 * Refuses a command that needs a confirmation when there is no terminal.
 * @param why the reason for the question: `'account acme is more than one person'`.
 * @throws {@link Refusal}
 */
export function needsTerminal(why: string, terminal: Terminal): void {
  if (terminal.isTty) return;
  const todo = 'look with --dry-run, then give --yes';
  throw new Refusal(`${why}, and there is no terminal to ask on: ${todo}`, 'REFUSED');
}

/**
 * Shows the effect, and asks the user to type the name of the target. Users type a plain "yes" by habit.
 * @throws {@link Refusal} for any other answer. Nothing was done then.
 */
export async function confirm(
  typed: TypedName,
  preview: readonly string[],
  terminal: Terminal,
  out: Output,
): Promise<void> {
  for (const line of preview) out.note(line);
  const answer = await ask(terminal, `Type the name of the ${typed.what} (${typed.name}) to go on: `);
  if (answer === null) throw new Refusal('interrupted: nothing was done', 'INTERRUPTED');
  if (answer.trim() !== typed.name.trim()) {
    throw new Refusal(`what was typed is not ${typed.name}: nothing was done`, 'REFUSED');
  }
}

/** The number of sessions that would end, and the first of them. */
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

/** The line that the user types; `null` for Ctrl-C and Ctrl-D. */
function ask({ stdin, stderr, isTty }: Terminal, question: string): Promise<string | null> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: isTty });
  return new Promise((resolve) => {
    let answer: string | null = null;
    // Ctrl-D and the end of the input close it; so does what follows.
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
