import { createInterface } from 'node:readline';
import type { WouldEnd } from '../../src/index.ts';
import { EXIT, Refusal } from './failure.ts';
import { counted, type Output } from './output.ts';
import type { NamedTarget } from './scope.ts';
import { sessionColumns } from './session-columns.ts';
import type { Terminal } from './terminal.ts';

/** The most sessions that are shown before a question. */
const MOST_SHOWN = 5;

/** @throws {@link Refusal} where a question will have to be answered and nobody is there to do it. */
export function needsTerminal({ name }: NamedTarget, terminal: Terminal): void {
  if (terminal.isTty) return;
  const todo = 'look with --dry-run, then give --yes';
  throw new Refusal(`${name} is more than one person, and there is no terminal to ask on: ${todo}`);
}

/**
 * Shows what would end, and goes on only where somebody types the name of it. A plain "yes" is typed by habit.
 * @throws {@link Refusal} otherwise. Nothing was done then.
 */
export async function confirm(
  { name, typed }: NamedTarget,
  wouldEnd: WouldEnd,
  terminal: Terminal,
  out: Output,
): Promise<void> {
  if (typed === null) return;
  for (const line of previewOf(name, wouldEnd, out)) out.note(line);
  const answer = await ask(terminal, `Type the name of the ${typed.what} (${typed.name}) to go on: `);
  if (answer === null) throw new Refusal('interrupted: nothing was done', EXIT.interrupted);
  if (answer.trim() !== typed.name.trim()) throw new Refusal(`that is not ${typed.name}: nothing was done`);
}

/** How many sessions would end, and the first of them. */
export function previewOf(
  name: string,
  { sessions, more }: WouldEnd,
  out: Output,
  most: number = MOST_SHOWN,
): string[] {
  const count = `${more ? 'more than ' : ''}${counted(sessions.length, 'session')}`;
  const users = counted(new Set(sessions.map(({ user }) => user)).size, 'user');
  const shown = sessions.slice(0, most);
  const hidden = sessions.length - shown.length;
  return [
    `This would end ${count} of ${more ? 'at least ' : ''}${users}: ${name}.`,
    ...(shown.length === 0 ? [] : out.table(sessionColumns(Date.now(), { user: true })).lines(shown)),
    ...(hidden === 0 ? [] : [`… and ${hidden.toLocaleString('en')}${more ? ' and more' : ''}`]),
  ];
}

/** A line that somebody types, or `null` where they leave with Ctrl-C or Ctrl-D. */
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
