import { withTimeout } from '../../src/adapter.ts';
import { isSessionError, type WouldEnd } from '../../src/index.ts';
import { EXIT, messageOf } from './errors.ts';
import type { ExpectOptions } from './options.ts';
import { counted } from './output.ts';
import { realmsHint } from './realms.ts';
import type { Task } from './task.ts';

/** The number of live sessions that a command covers, counted before it acts. */
export interface Covered {
  readonly sessions: number;
  /** There are more: counting stops at 1,000. */
  readonly more: boolean;
}

/** The result of a count. `failure` says why there is none. */
export type Count = { readonly covered: Covered } | { readonly covered: null; readonly failure: unknown };

export const countOf = ({ sessions, more }: WouldEnd): Count => ({ covered: { sessions: sessions.length, more } });

/**
 * Counts within `--timeout`. A revocation itself reads no session, and so knows no number. A count that fails or takes too long never
 * prevents the revocation.
 * @throws errors that would fail the revocation, too, such as misuse or missing tables.
 */
export async function countBefore({ options }: Task, count: () => Promise<Count>): Promise<Count> {
  try {
    return await withTimeout(count(), options.timeout);
  } catch (failure) {
    const alsoActs = failure instanceof TypeError || isSessionError(failure);
    if (alsoActs && !isSessionError(failure, 'SESSION_STORE_UNAVAILABLE')) throw failure;
    return { covered: null, failure };
  }
}

export function coveredLine(covered: Covered | null): string {
  if (covered === null) return 'How many living sessions it covered is not known: they could not be counted.';
  const { sessions, more } = covered;
  if (sessions === 0) return 'It covered no living session, as counted just before.';
  return `It covered ${more ? 'more than ' : ''}${counted(sessions, 'living session')}, as counted just before.`;
}

/** Warns if no session was covered, or if that is unknown. Returns the exit code. */
export async function reportCovered(task: Task<ExpectOptions>, name: string, count: Count): Promise<number> {
  if (count.covered === null) {
    const message = `the living sessions of ${name} could not be counted: ${messageOf(count.failure)}`;
    return report(task, 'NOT_COUNTED', message, 'look with `list` or --dry-run');
  }
  if (count.covered.sessions > 0) return EXIT.done;
  return reportNone(task, `no living session was covered: ${name}`);
}

/** The same for a command that knows that no session was covered. */
export const reportNone = async (task: Task<ExpectOptions>, message: string): Promise<number> =>
  report(task, 'NONE_COVERED', message, await realmsHint(task));

/** An error with `--expect-some`, else a warning. */
function report(
  { options, out }: Task<ExpectOptions>,
  code: 'NONE_COVERED' | 'NOT_COUNTED',
  message: string,
  advice: string,
): number {
  if (!options.expectSome) {
    out.warn({ code, message, advice });
    return EXIT.done;
  }
  out.fail({ code, exitCode: EXIT.none, message, causes: [], advice, stacks: [] });
  return EXIT.none;
}
