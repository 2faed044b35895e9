import { withoutCall } from '../../src/adapter.ts';
import { isSessionError, type SessionErrorCode } from '../../src/index.ts';

export const EXIT: {
  readonly done: 0;
  readonly failed: 1;
  readonly refused: 2;
  readonly unavailable: 3;
  readonly none: 4;
  readonly interrupted: 130;
} = { done: 0, failed: 1, refused: 2, unavailable: 3, none: 4, interrupted: 130 };

export type FailureCode =
  | SessionErrorCode
  | RefusalCode
  | 'FAILED'
  | 'NONE_COVERED'
  | 'NOT_COUNTED'
  | 'ANSWER_NOT_WRITTEN';

/** `MISUSE`: the command line is wrong. `REFUSED`: the user did not confirm. `INTERRUPTED`: the user pressed Ctrl-C. */
export type RefusalCode = 'MISUSE' | 'REFUSED' | 'INTERRUPTED';

/** Error of a command that was refused before it did anything. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;

  constructor(message: string, code: RefusalCode = 'MISUSE') {
    super(message);
    this.code = code;
  }
}

/** What to do, for codes whose messages give no advice. */
const ADVICE: Partial<Record<SessionErrorCode, string>> = {
  SESSION_STORE_UNAVAILABLE:
    'check that the server runs, that the URL names it, and that it answers within --timeout; then try again',
  SESSION_STORE_NOT_SET_UP: 'run `session-revocation setup`, or apply the schema with your migration tool',
  SESSION_STORE_TOO_NEW: 'use the version of session-revocation that wrote it, or a later one',
  SESSION_STORE_NAME_CONFLICT: 'use another file, or another ?schema= or ?prefix= in the URL',
  SESSION_STORE_DENIED: 'check the user, the password, and the rights that the store needs',
  SESSION_STORE_UNSAFE: '`session-revocation doctor` shows what is unsafe, and what to do',
  SESSION_STORE_UNCONFIRMED: 'check that the replicas are connected, then try again',
};

const ADVICE_FOR_GOOD =
  'another attempt will not help: check that --store names the right file or server, with the right scheme';

/** Codes after which another attempt may succeed. */
const PASSING: readonly string[] = ['SESSION_STORE_UNAVAILABLE', 'SESSION_STORE_UNCONFIRMED'];

export interface Failure {
  readonly code: FailureCode;
  readonly exitCode: number;
  readonly message: string;
  readonly causes: readonly string[];
  readonly advice: string | null;
  readonly stacks: readonly string[];
}

/**
 * Describes an error for the user. `trouble` is the last error that a driver emitted. With some drivers, only this
 * error tells why the server does not answer.
 */
export function describeFailure(error: unknown, trouble: unknown, debug: boolean): Failure {
  const code = codeOf(error);
  const passing = PASSING.includes(code);
  const chain = passing && trouble !== undefined ? [...chainOf(error), ...chainOf(trouble)] : chainOf(error);
  const message = messageOf(error);
  const causes = new Set(chain.slice(1).map(messageOf));
  const lasts = passing && chain.some(isForGood);
  return {
    code,
    exitCode: exitCodeOf(code, lasts),
    message,
    causes: [...causes],
    advice: lasts ? ADVICE_FOR_GOOD : (ADVICE[code as SessionErrorCode] ?? null),
    stacks: debug ? stacksOf(error) : [],
  };
}

/** Returns the lines that describe a failure. They show only codes that the library's documentation explains. */
export const linesOf = ({ code, message, causes, advice, stacks }: Failure): readonly string[] => [
  `error: ${message}${code.startsWith('SESSION_') ? ` (${code})` : ''}`,
  ...causes.map((cause) => `cause: ${cause}`),
  ...(advice === null ? [] : [adviceLine(advice)]),
  ...stacks,
];

export const adviceLine = (advice: string): string => `what to do: ${advice}`;

export const documentOf = ({ stacks, ...members }: Failure): object => ({
  error: stacks.length === 0 ? members : { ...members, stacks },
});

function codeOf(error: unknown): FailureCode {
  if (isSessionError(error)) return error.code;
  if (error instanceof Refusal) return error.code;
  // The library throws a `TypeError` for misuse.
  return error instanceof TypeError ? 'MISUSE' : 'FAILED';
}

function exitCodeOf(code: FailureCode, lasts: boolean): number {
  if (PASSING.includes(code)) return lasts ? EXIT.failed : EXIT.unavailable;
  if (code === 'INTERRUPTED') return EXIT.interrupted;
  return code === 'MISUSE' || code === 'REFUSED' ? EXIT.refused : EXIT.failed;
}

const MAX_CAUSES = 8;

export function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && chain.length <= MAX_CAUSES; at = causeOf(at)) chain.push(at);
  return chain;
}

/** Returns the cause of an error. The cluster client of ioredis has its own property for it. */
function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return error.cause ?? (error as { readonly lastNodeError?: unknown }).lastNodeError ?? undefined;
}

/** Errors that stay until an operator changes a file, its rights, or a certificate. */
const FOR_GOOD =
  /^(SQLITE_(AUTH|CORRUPT|PERM|READONLY)|CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_SSL_|ERR_TLS_|SELF_SIGNED_CERT|UNABLE_TO_)/;

/** The same errors as numbers of `node:sqlite`: PERM, READONLY, CORRUPT, AUTH. */
const SQLITE_FOR_GOOD: readonly number[] = [3, 8, 11, 23];

function isForGood(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: unknown };
  // The lower byte is the primary code.
  if (typeof errcode === 'number' && SQLITE_FOR_GOOD.includes(errcode & 0xff)) return true;
  return typeof code === 'string' && FOR_GOOD.test(code);
}

/**
 * Returns the message of an error on one line. An error without a message that collects other errors (for a host with
 * several addresses) gets their messages.
 */
export function messageOf(error: unknown): string {
  const own = error instanceof Error ? withoutCall(error) : String(error);
  const gathered = error instanceof AggregateError && own === '' ? error.errors.map(messageOf).join('; ') : own;
  const code = (error as { readonly code?: unknown } | null)?.code;
  const text = gathered === '' && typeof code === 'string' ? code : gathered;
  return text.trim().replace(/\s*\n\s*/g, '; ');
}

/** Returns only the stacks, never whole error objects: drivers attach statements and options to them. */
const stacksOf = (error: unknown): string[] =>
  chainOf(error).map((one) => (one instanceof Error && one.stack) || messageOf(one));
