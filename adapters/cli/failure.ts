import { isSessionError, type SessionErrorCode } from '../../src/index.ts';

/** How a command ended. */
export const EXIT: {
  readonly done: 0;
  readonly failed: 1;
  readonly refused: 2;
  readonly unavailable: 3;
  readonly interrupted: 130;
} = { done: 0, failed: 1, refused: 2, unavailable: 3, interrupted: 130 };

/** Misuse, or a question that was not answered with yes: nothing was done. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.refused) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What to do about a code, where its message does not say so itself. */
const ADVICE: Partial<Record<SessionErrorCode, string>> = {
  SESSION_STORE_UNAVAILABLE:
    'see that the server runs, that the URL names it, and that it answers within --timeout; then do it again',
  SESSION_STORE_NOT_SET_UP: 'run `session-revocation setup`, or apply the schema with your migration tool',
  SESSION_STORE_TOO_NEW: 'use the version of session-revocation that wrote it, or a later one',
  SESSION_STORE_FOREIGN: 'name another file, or another ?schema= or ?prefix= in the URL',
  SESSION_STORE_DENIED: 'see that the user and the password are right, and that the user has the rights it needs',
  SESSION_STORE_UNSAFE: '`session-revocation doctor` tells what is unsafe, and what to do',
  SESSION_STORE_UNCONFIRMED: 'see that the replicas are connected, and do it again',
};

/** Codes that another try may do away with. */
const PASSING: readonly string[] = ['SESSION_STORE_UNAVAILABLE', 'SESSION_STORE_UNCONFIRMED'];

/** An error as it is told: what, why, and what to do. */
export interface Failure {
  readonly exitCode: number;
  readonly lines: readonly string[];
}

/** `trouble` is what a driver reported on the side; some say only there why nothing answers. */
export function describeFailure(error: unknown, trouble: unknown, debug: boolean): Failure {
  const code = isSessionError(error) ? error.code : null;
  const lines = [`error: ${messageOf(error)}${code === null ? '' : ` (${code})`}`];
  const causes = chainOf(error).slice(1).map(messageOf);
  if (trouble !== undefined && code !== null && PASSING.includes(code)) causes.push(...chainOf(trouble).map(messageOf));
  for (const cause of new Set(causes)) lines.push(`cause: ${cause}`);
  const advice = code === null ? undefined : ADVICE[code];
  if (advice !== undefined) lines.push(`what to do: ${advice}`);
  if (debug) lines.push(...stacksOf(error));
  return { exitCode: exitCodeOf(error, code), lines };
}

function exitCodeOf(error: unknown, code: string | null): number {
  if (code !== null) return PASSING.includes(code) ? EXIT.unavailable : EXIT.failed;
  if (error instanceof Refusal) return error.exitCode;
  // The library's word for misuse.
  return error instanceof TypeError ? EXIT.refused : EXIT.failed;
}

const MOST_CAUSES = 8;

/** An error, why, and why that. */
export function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && chain.length <= MOST_CAUSES; at = causeOf(at)) chain.push(at);
  return chain;
}

/** The cluster of ioredis has a name of its own for it. */
function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return error.cause ?? (error as { readonly lastNodeError?: unknown }).lastNodeError ?? undefined;
}

/** On one line. Of an error that only gathers others (a host with several addresses), what those say. */
export function messageOf(error: unknown): string {
  const own = error instanceof Error ? error.message : String(error);
  const gathered = error instanceof AggregateError && own === '' ? error.errors.map(messageOf).join('; ') : own;
  const code = (error as { readonly code?: unknown } | null)?.code;
  const text = gathered === '' && typeof code === 'string' ? code : gathered;
  return text.trim().replace(/\s*\n\s*/g, '; ');
}

/** Never the errors themselves: drivers hang statements and options on them. */
const stacksOf = (error: unknown): string[] =>
  chainOf(error).map((one) => (one instanceof Error && one.stack) || messageOf(one));
