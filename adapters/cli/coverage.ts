import { withTimeout } from '../../src/adapter.ts';
import { isSessionError, type WouldEnd } from '../../src/index.ts';
import { EXIT, messageOf } from './errors.ts';
import type { ExpectOptions } from './options.ts';
import { counted } from './output.ts';
import { realmsHint } from './realms.ts';
import type { Task } from './task.ts';

/** Live sessions that a command covers, counted before it acts. */
export interface Covered {
  readonly sessions: number;
  /** Counting stops at 1,000. */
  readonly more: boolean;
}

export type Count = { readonly covered: Covered } | { readonly covered: null; readonly failure: unknown };

export const countOf = ({ sessions, more }: WouldEnd): Count => ({ covered: { sessions: sessions.length, more } });

/**
 * Counts the sessions that a command will cover, within `--timeout`. A revocation itself reads no session, so it knows no
 * number. A store that does not answer the count never prevents the revocation.
 * @throws errors that would also fail the revocation, such as misuse or missing tables.
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
  if (covered === null) return 'The number of covered live sessions is unknown: counting failed.';
  const { sessions, more } = covered;
  if (sessions === 0) return 'It covered no live session, counted just before.';
  return `It covered ${more ? 'more than ' : ''}${counted(sessions, 'live session')}, counted just before.`;
}

export async function reportCovered(task: Task<ExpectOptions>, name: string, count: Count): Promise<number> {
  if (count.covered === null) {
    const message = `the live sessions of ${name} could not be counted: ${messageOf(count.failure)}`;
    return report(task, 'NOT_COUNTED', message, 'check with `list` or --dry-run');
  }
  if (count.covered.sessions > 0) return EXIT.done;
  return reportNone(task, `no live session was covered: ${name}`);
}

/** Reports that the command covered no session, and returns the exit code. */
export const reportNone = async (task: Task<ExpectOptions>, message: string): Promise<number> =>
  report(task, 'NONE_COVERED', message, await realmsHint(task));

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
