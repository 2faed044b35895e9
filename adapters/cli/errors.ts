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

/** Error codes that the library does not have. They are stable, like the library's. */
export type FailureCode =
  | SessionErrorCode
  | RefusalCode
  | 'FAILED'
  | 'NONE_COVERED'
  | 'NOT_COUNTED'
  | 'ANSWER_NOT_WRITTEN';

/** `MISUSE`: the command line is wrong. `REFUSED`: a question was not answered with yes. */
export type RefusalCode = 'MISUSE' | 'REFUSED' | 'INTERRUPTED';

/** Misuse, or a question that was not confirmed. Nothing was done. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;

  constructor(message: string, code: RefusalCode = 'MISUSE') {
    super(message);
    this.code = code;
  }
}

/** Advice for codes whose messages give none. */
const ADVICE: Partial<Record<SessionErrorCode, string>> = {
  SESSION_STORE_UNAVAILABLE:
    'see that the server runs, that the URL names it, and that it answers within --timeout; then do it again',
  SESSION_STORE_NOT_SET_UP: 'run `session-revocation setup`, or apply the schema with your migration tool',
  SESSION_STORE_TOO_NEW: 'use the version of session-revocation that wrote it, or a later one',
  SESSION_STORE_NAME_CONFLICT: 'name another file, or another ?schema= or ?prefix= in the URL',
  SESSION_STORE_DENIED:
    'see that the user and the password are right, and that the user has the rights that the store needs',
  SESSION_STORE_UNSAFE: '`session-revocation doctor` tells what is unsafe, and what to do',
  SESSION_STORE_UNCONFIRMED: 'see that the replicas are connected, and do it again',
};

/** Advice for errors that another attempt cannot solve. */
const ADVICE_FOR_GOOD =
  'another try will not help: see that --store names the right file or server, with the scheme that belongs to it';

/** Codes of errors that another attempt may solve. */
const PASSING: readonly string[] = ['SESSION_STORE_UNAVAILABLE', 'SESSION_STORE_UNCONFIRMED'];

/** An error to show: what happened, why, and what to do. */
export interface Failure {
  readonly code: FailureCode;
  readonly exitCode: number;
  readonly message: string;
  readonly causes: readonly string[];
  readonly advice: string | null;
  /** Stack traces, if requested. */
  readonly stacks: readonly string[];
}

/** `trouble` is the last error that a driver emitted. For some drivers, only that says why the server does not answer. */
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

/** The text for people. Shows a code only if the library's documentation explains it. */
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
  // The library's word for misuse.
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

/** The cluster client of ioredis has its own property for the cause. */
function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return error.cause ?? (error as { readonly lastNodeError?: unknown }).lastNodeError ?? undefined;
}

/** Codes of errors that stay until an operator changes a file, its rights, or a certificate. */
const FOR_GOOD =
  /^(SQLITE_(AUTH|CORRUPT|PERM|READONLY)|CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_SSL_|ERR_TLS_|SELF_SIGNED_CERT|UNABLE_TO_)/;

/** The same as numbers, from `node:sqlite`: PERM, READONLY, CORRUPT, AUTH. */
const SQLITE_FOR_GOOD: readonly number[] = [3, 8, 11, 23];

/** Another attempt would fail, too. */
function isForGood(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: unknown };
  // The lower byte is the primary code; the rest is an extended code.
  if (typeof errcode === 'number' && SQLITE_FOR_GOOD.includes(errcode & 0xff)) return true;
  return typeof code === 'string' && FOR_GOOD.test(code);
}

/** The message on one line. For an error that only collects others (a host with several addresses), their messages. */
export function messageOf(error: unknown): string {
  const own = error instanceof Error ? withoutCall(error) : String(error);
  const gathered = error instanceof AggregateError && own === '' ? error.errors.map(messageOf).join('; ') : own;
  const code = (error as { readonly code?: unknown } | null)?.code;
  const text = gathered === '' && typeof code === 'string' ? code : gathered;
  return text.trim().replace(/\s*\n\s*/g, '; ');
}

/** Only messages: drivers attach statements and options to the error objects. */
const stacksOf = (error: unknown): string[] =>
  chainOf(error).map((one) => (one instanceof Error && one.stack) || messageOf(one));
