import type { RevokeResult, Sessions } from '../../src/index.ts';
import { confirm, needsTerminal, previewOf } from './confirm.ts';
import { type NamedTarget, type ScopeOptions, targetOf } from './scope.ts';
import type { SessionsSettings, Task } from './task.ts';

/** How a command that may end many sessions goes on. */
export interface RevokingOptions extends ScopeOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** What a command does to a scope. */
export interface Revoking {
  /** Whether it ends what lives: then it is shown, and asked about, where it is more than one person's. */
  readonly ends: boolean;
  readonly settings: SessionsSettings;
  /** Asks the library. */
  act(sessions: Sessions, dryRun: boolean): Promise<RevokeResult>;
  /** What was done, in words; `since` says from when on: `'from now on'`. */
  done(since: string): string;
}

/** Asks, where that is needed, and does it; or, with `--dry-run`, only shows what would end. */
export async function revokeScope(
  task: Task<RevokingOptions>,
  target: NamedTarget,
  { ends, settings, act, done }: Revoking,
): Promise<void> {
  const { options, terminal, out } = task;
  const asks = ends && target.typed !== null && !options.yes && !options.dryRun;
  if (asks) needsTerminal(target, terminal);
  const sessions = await task.sessions(settings);
  if (asks) {
    const preview = await act(sessions, true);
    if ('wouldEnd' in preview) await confirm(target, preview.wouldEnd, terminal, out);
  }
  const result = await act(sessions, options.dryRun);
  // Neither a kept session nor a token can be in it: no command speaks for a session.
  const { kept: _, token: __, ...answer } = result;
  out.answer(answer, () => linesOf(task, target, result, done));
}

function linesOf(
  { out }: Task<RevokingOptions>,
  { name }: NamedTarget,
  result: RevokeResult,
  done: Revoking['done'],
): readonly string[] {
  if ('wouldEnd' in result) return previewOf(name, result.wouldEnd, out, Number.POSITIVE_INFINITY);
  if (!result.revoked) return [`Nothing was done: ${name} is ${result.reason.replace('-', ' ')}.`];
  const { effectiveWithin } = result;
  const since = effectiveWithin === 0 ? 'from now on' : `after ${effectiveWithin} ms at the latest`;
  return [done(since)];
}

/** The target of a command. */
export const targetOfTask = ({ options }: Task<RevokingOptions>): NamedTarget => targetOf(options, options.realm);
