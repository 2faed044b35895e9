import type { Overtaken, ScopeName, SessionView } from './session.ts';

/** Who did it, and why; `null` where nobody said. */
export interface Cause {
  readonly by: string | null;
  readonly reason: string | null;
}

/** Why a token was refused. */
export type CheckRefusal = 'malformed' | 'unknown' | 'superseded' | 'ended' | 'expired' | 'revoked';
/** Why a sign-in got no session. */
export type StartRefusal = 'superseded' | 'limit' | 'suspended';

/** A scope by name, as an event or a revocation tells it. */
export interface NamedScope {
  readonly scope: ScopeName;
  readonly user: string | null;
  readonly account: string | null;
}

/** What happens, by name. Every event also has `type`, `realm` and `at` (Unix ms). None ever holds a token or a secret. */
export interface SessionEventDetails {
  'session.started': { readonly session: SessionView };
  /** A sign-in that got no session, or a token that was refused. `session` is an id that was claimed, not proved. */
  'session.refused': {
    readonly during: 'start' | 'check';
    readonly reason: StartRefusal | CheckRefusal;
    readonly user: string | null;
    readonly session: string | null;
    readonly revocation: Overtaken | null;
  };
  'session.renewed': { readonly session: SessionView; readonly reauthenticated: boolean };
  'session.ended': Cause & { readonly session: string; readonly user: string };
  'sessions.revoked': Cause &
    NamedScope & {
      readonly note: string | null;
      /** The kinds that were named, `'all'`, or `null` for all that do not survive this scope. */
      readonly kinds: readonly string[] | 'all' | null;
      /** The session that was kept. */
      readonly kept: string | null;
      /** `'suspended'` or `'resumed'` where the revocation came with one. */
      readonly change: 'suspended' | 'resumed' | null;
    };
  'sessions.pruned': { readonly sessions: number; readonly epochs: number };
  /** Something that nobody waits for failed: noting a use, a pruning, another listener. */
  'background.failed': { readonly operation: string; readonly error: unknown };
}

/** The name of an event. */
export type SessionEventType = keyof SessionEventDetails;
/** An event, by its name. */
export type SessionEvent<Type extends SessionEventType = SessionEventType> = {
  [T in Type]: SessionEventDetails[T] & { readonly type: T; readonly realm: string; readonly at: number };
}[Type];
/** Is told of events. An error of its own, thrown or rejected, fails nothing but itself. */
export type SessionListener<Type extends SessionEventType> = (event: SessionEvent<Type>) => unknown;

/** Tells listeners; a listener's failure is told as `background.failed`, or as a process warning if nobody listens. */
export class Events {
  readonly #realm: string;
  readonly #now: () => number;
  readonly #listeners = new Map<string, Set<(event: never) => unknown>>();

  constructor(realm: string, now: () => number) {
    this.#realm = realm;
    this.#now = now;
  }

  on<Type extends SessionEventType>(type: Type, listener: SessionListener<Type>): () => void {
    if (typeof listener !== 'function') throw new TypeError('a listener must be a function');
    if (!EVENT_TYPES.has(type)) {
      throw new TypeError(`there is no event ${JSON.stringify(type)}; there are ${[...EVENT_TYPES].join(', ')}`);
    }
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // A wrapper of its own, so that the same function may listen twice and stop once.
    const entry = (event: never): unknown => listener(event);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  emit<Type extends SessionEventType>(type: Type, details: SessionEventDetails[Type]): void {
    const listeners = this.#listeners.get(type);
    if (listeners === undefined || listeners.size === 0) {
      if (type === 'background.failed') warn(details as SessionEventDetails['background.failed']);
      return;
    }
    const event = Object.freeze({ ...details, type, realm: this.#realm, at: this.#now() });
    for (const listener of [...listeners]) {
      try {
        const answer = listener(event as never);
        // Also one of another context, or of a library.
        if (isThenable(answer)) answer.then(undefined, (error: unknown) => this.#failed(type, error));
      } catch (error) {
        this.#failed(type, error);
      }
    }
  }

  #failed(type: SessionEventType, error: unknown): void {
    const failure = { operation: `listener of ${type}`, error };
    if (type === 'background.failed') warn(failure);
    else this.emit('background.failed', failure);
  }
}

const isThenable = (answer: unknown): answer is PromiseLike<unknown> =>
  typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';

const EVENT_TYPES: ReadonlySet<string> = new Set<SessionEventType>([
  'session.started',
  'session.refused',
  'session.renewed',
  'session.ended',
  'sessions.revoked',
  'sessions.pruned',
  'background.failed',
]);

function warn({ operation, error }: SessionEventDetails['background.failed']): void {
  const text = error instanceof Error ? error.message : String(error);
  process.emitWarning(`${operation} failed: ${text}`, 'SessionRevocationWarning');
}
