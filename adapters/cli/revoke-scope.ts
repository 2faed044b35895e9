import type { RevokeResult, Sessions } from '../../src/index.ts';
import { confirm, needsTerminal, previewOf } from './confirm.ts';
import { type Count, countBefore, countOf, coveredLine, reportCovered } from './coverage.ts';
import { EXIT } from './errors.ts';
import type { ExpectOptions } from './options.ts';
import { type NamedTarget, type ScopeOptions, targetOf } from './scope.ts';
import type { SessionsSettings, Task } from './task.ts';

export interface EndingOptions extends ScopeOptions, ExpectOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export interface Revoking {
  readonly settings: SessionsSettings;
  act(sessions: Sessions, dryRun: boolean): Promise<RevokeResult>;
  /** Returns the sentence about the result. `since` says when the revocation is in force, such as `'from now on'`. */
  done(since: string): string;
}

/** Counts the live sessions, asks for confirmation if they belong to several users, and ends them. Returns the exit code. */
export async function revokeScope(
  task: Task<EndingOptions>,
  target: NamedTarget,
  { settings, act, done }: Revoking,
): Promise<number> {
  const { options, terminal, out } = task;
  const typed = options.yes || options.dryRun ? null : target.typed;
  if (typed !== null) needsTerminal(`${target.name} has several users`, terminal);
  const sessions = await task.sessions(settings);
  if (options.dryRun) {
    const result = await act(sessions, true);
    if (!('wouldEnd' in result)) throw new Error('the library has returned no result for the dry run');
    const { wouldEnd } = result;
    out.answer({ realm: options.realm, ...publicPart(result) }, () =>
      previewOf(target.name, wouldEnd, out, Number.POSITIVE_INFINITY),
    );
    return reportCovered(task, target.name, countOf(wouldEnd));
  }

  const preview = async (): Promise<Count> => {
    const result = await act(sessions, true);
    if (!('wouldEnd' in result)) throw new Error('the library has returned no result for the dry run');
    if (typed !== null) await confirm(typed, previewOf(target.name, result.wouldEnd, out), terminal, out);
    return countOf(result.wouldEnd);
  };
  // If the user is asked, the count has no time limit, because the user may take long to answer.
  const count = typed === null ? await countBefore(task, preview) : await preview();
  const result = await act(sessions, false);
  out.answer({ realm: options.realm, ...publicPart(result), covered: count.covered }, () => [
    ...linesOf(target, result, done),
    coveredLine(count.covered),
  ]);
  return reportCovered(task, target.name, count);
}

export async function resumeScope(
  task: Task<ScopeOptions>,
  target: NamedTarget,
  { settings, act, done }: Revoking,
): Promise<number> {
  const sessions = await task.sessions(settings);
  const result = await act(sessions, false);
  task.out.answer({ realm: task.options.realm, ...publicPart(result) }, () => linesOf(target, result, done));
  return EXIT.done;
}

/** Returns the result without the kept session and its token, because no command acts for a session. */
function publicPart({ kept: _, token: __, ...answer }: RevokeResult): object {
  return answer;
}

function linesOf({ name }: NamedTarget, result: RevokeResult, done: Revoking['done']): readonly string[] {
  if (!result.revoked) return [`Nothing was done: ${name} is ${result.reason.replace('-', ' ')}.`];
  return [done(since(result.effectiveWithin))];
}

/** Tells in words when a revocation is in force everywhere. */
export const since = (effectiveWithin: number): string =>
  effectiveWithin === 0 ? 'from now on' : `after ${effectiveWithin} ms at the latest`;

export const targetOfTask = ({ options }: Task<ScopeOptions>): NamedTarget => targetOf(options, options.realm);
