import type { AuditLog } from './audit.ts';
import type { Cause } from './cause.ts';
import type { Policy } from './policy.ts';
import type { AuditEntry, AuditRecord } from './powers.ts';
import type { Overtaken, ScopeName, SessionDevice, SessionView } from './session.ts';
import type { SessionClient } from './session-client.ts';

/** Why a token was refused. */
export type CheckRefusal = 'malformed' | 'unknown' | 'superseded' | 'ended' | 'expired' | 'revoked';
/** Why an access token was refused; `'invalid'` where its signature, or what it says of whom it is for, is not right. */
export type AccessRefusal = CheckRefusal | 'invalid';
/**
 * Why a refresh token was refused. `'reused'`: it was used before, and the session is ended now. `'retry'`: it was used a moment
 * ago, which is within the grace interval. `'client'`, `'scope'`: it was given to another client, or for less.
 */
export type RefreshRefusal =
  | 'malformed'
  | 'unknown'
  | 'reused'
  | 'retry'
  | 'ended'
  | 'expired'
  | 'revoked'
  | 'client'
  | 'scope';
/** Why a sign-in got no session. */
export type StartRefusal = 'superseded' | 'limit' | 'suspended';

/** A scope by name, as an event or a revocation tells it. */
export interface NamedScope {
  readonly scope: ScopeName;
  readonly user: string | null;
  readonly account: string | null;
}

/**
 * What may be a sign of an attack: a first sign-in from a device that the user's other sessions do not know, another
 * browser or system in mid-session, a secret that was renewed since, or many refused tokens from one address.
 */
export type SuspiciousSign = 'new-device' | 'device-changed' | 'superseded-token' | 'many-refusals';

/** What happens, by name. Every event also has `type`, `realm` and `at` (Unix ms). None ever holds a token or a secret. */
export interface SessionEventDetails {
  'session.started': { readonly session: SessionView };
  /** A session of another layer was taken over: nobody has signed in. */
  'session.adopted': { readonly session: SessionView };
  /**
   * A sign-in that got no session, a session that got no other account (`account` is the one it was refused) or no new secret,
   * or a token that was refused. Of a token, `session` and `user` are what the store says of it; where nothing stands there
   * under its name, `session` is an id that was claimed and `user` is `null`.
   */
  'session.refused': {
    readonly during: 'start' | 'renew' | 'check' | 'refresh';
    readonly reason: StartRefusal | AccessRefusal | RefreshRefusal;
    readonly user: string | null;
    readonly account: string | null;
    readonly session: string | null;
    readonly revocation: Overtaken | null;
    /** The device that it came from. */
    readonly device: SessionDevice | null;
  };
  'session.renewed': { readonly session: SessionView; readonly reauthenticated: boolean };
  'session.ended': Cause & {
    readonly session: string;
    readonly user: string;
    readonly account: string | null;
    readonly device: SessionDevice;
  };
  /** A refresh token that had been used before was used again: somebody else has it, and the session was ended. */
  'session.reused': {
    readonly session: string;
    readonly user: string;
    readonly account: string | null;
    readonly client: SessionClient | null;
    /** The device that it came from this time. */
    readonly device: SessionDevice | null;
  };
  /** A risk signal: nothing was done about it. */
  'session.suspicious': {
    readonly sign: SuspiciousSign;
    readonly user: string | null;
    readonly account: string | null;
    readonly session: string | null;
    /** What the request says that it comes from. */
    readonly device: SessionDevice | null;
  };
  'sessions.revoked': Cause &
    NamedScope & {
      /** The kinds that were named, `'all'`, or `null` for all that do not survive this scope. */
      readonly kinds: readonly string[] | 'all' | null;
      /** The session that was kept. */
      readonly kept: string | null;
      /** `'suspended'` or `'resumed'` where the revocation came with one. */
      readonly change: 'suspended' | 'resumed' | null;
      /** The trigger that it was done for, by name. */
      readonly trigger: string | null;
    };
  /** A token of another issuer, or all of one session there, was denied. The value is an id, and proves nothing. */
  'token.revoked': Cause & {
    readonly claim: 'jti' | 'sid';
    readonly issuer: string;
    readonly value: string;
  };
  'policy.changed': Cause & { readonly account: string; readonly before: Policy; readonly after: Policy };
  /** Somebody with a session, or a page of another site, asked for something that they may not. */
  'request.refused': {
    readonly reason: 'forbidden' | 'cross-origin';
    readonly action: string;
    /** Who asked; `null` where nobody knows. */
    readonly by: string | null;
    /** Whom and what it was about. */
    readonly user: string | null;
    readonly account: string | null;
    readonly device: SessionDevice | null;
  };
  /** A user's personal data was erased: it does not say whose. */
  'user.forgotten': Cause & { readonly sessions: number; readonly entries: number };
  'sessions.pruned': { readonly sessions: number; readonly epochs: number; readonly entries: number };
  /** Something that nobody waits for failed: noting a use, a pruning, another listener. */
  'background.failed': { readonly operation: string; readonly error: unknown };
}

/** A refusal, as it is told. */
export type ToldRefusal = SessionEventDetails['session.refused'];

/** The name of an event. */
export type SessionEventType = keyof SessionEventDetails;
/** An event, by its name. */
export type SessionEvent<Type extends SessionEventType = SessionEventType> = {
  [T in Type]: SessionEventDetails[T] & { readonly type: T; readonly realm: string; readonly at: number };
}[Type];
/** Is told of events. An error of its own, thrown or rejected, fails nothing but itself. */
export type SessionListener<Type extends SessionEventType> = (event: SessionEvent<Type>) => unknown;

/** Something that is about to be done: the records that are written in its own step, and what is told once it is done. */
export interface Happening {
  readonly event: SessionEvent;
  readonly entry: AuditEntry | null;
  /** For the store's write; empty where no log is kept there. */
  readonly audit: readonly AuditRecord[];
}

type Listeners = Map<string, Set<(event: never) => unknown>>;

/** Tells listeners; a listener's failure is told as `background.failed`, or as a process warning if nobody listens. */
export class Events {
  readonly #realm: string;
  readonly #now: () => number;
  readonly #log: AuditLog | null;
  readonly #listeners: Listeners;

  constructor(
    realm: string,
    now: () => number,
    log: AuditLog | null = null,
    listeners: Listeners = new Map<string, never>(),
  ) {
    this.#realm = realm;
    this.#now = now;
    this.#log = log;
    this.#listeners = listeners;
  }

  /** For the same listeners and the same log, which hear of nothing before it is released. */
  hold(): HeldEvents {
    return new HeldEvents(this.#realm, this.#now, this.#log, this.#listeners);
  }

  on<Type extends SessionEventType>(type: Type, listener: SessionListener<Type>): () => void {
    if (typeof listener !== 'function') throw new TypeError('a listener must be a function');
    if (!EVENT_TYPES.includes(type)) {
      throw new TypeError(`there is no event ${JSON.stringify(type)}; there are ${EVENT_TYPES.join(', ')}`);
    }
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // A wrapper of its own, so that the same function may listen twice and stop once.
    const entry = (event: never): unknown => listener(event);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  /** Whether anybody would hear of such an event, or read it in the log. */
  matters(type: SessionEventType): boolean {
    return this.#log !== null || this.#isHeard(type);
  }

  /** What is about to be done: to be written, and then told. */
  about<Type extends SessionEventType>(type: Type, details: SessionEventDetails[Type]): Happening {
    const event = Object.freeze({ ...details, type, realm: this.#realm, at: this.#now() }) as unknown as SessionEvent;
    const record = this.#log?.record(event) ?? null;
    return { event, entry: record?.entry ?? null, audit: record === null || !this.#log?.isStored ? [] : [record] };
  }

  /** Tells what was done and written. */
  tell({ event, entry }: Happening): void {
    if (entry !== null) this.#guarded('audit.sink', () => this.#log?.sink?.(entry));
    const listeners = this.#listeners.get(event.type) ?? [];
    for (const listener of [...listeners]) this.#guarded(`listener of ${event.type}`, () => listener(event as never));
    if (event.type === 'background.failed' && !this.#isHeard(event.type)) warn(event);
  }

  /** Tells what has no write of its own. The log, if there is one, gets it in the background. */
  emit<Type extends SessionEventType>(type: Type, details: SessionEventDetails[Type]): void {
    if (!this.matters(type) && type !== 'background.failed') return;
    const happening = this.about(type, details);
    this.tell(happening);
    this.#log?.note(happening.audit);
  }

  #isHeard(type: SessionEventType): boolean {
    return (this.#listeners.get(type)?.size ?? 0) > 0;
  }

  #guarded(operation: string, call: () => unknown): void {
    const failed = (error: unknown): void => {
      // A listener of failures that fails itself is not asked about that.
      if (operation === 'listener of background.failed') warn({ operation, error });
      else this.emit('background.failed', { operation, error });
    };
    try {
      const answer = call();
      // Also one of another context, or of a library.
      if (isThenable(answer)) answer.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** What happens in a transaction: nobody hears of it before the commit. */
export class HeldEvents extends Events {
  #waiting: (() => void)[] = [];
  #releasing = false;

  override tell(happening: Happening): void {
    if (this.#releasing) super.tell(happening);
    else this.#waiting.push(() => super.tell(happening));
  }

  override emit<Type extends SessionEventType>(type: Type, details: SessionEventDetails[Type]): void {
    if (this.#releasing) super.emit(type, details);
    else this.#waiting.push(() => super.emit(type, details));
  }

  /** Tells what was held back. */
  release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#releasing = true;
    try {
      for (const tell of waiting) tell();
    } finally {
      this.#releasing = false;
    }
  }
}

const isThenable = (answer: unknown): answer is PromiseLike<unknown> =>
  typeof (answer as { then?: unknown } | null | undefined)?.then === 'function';

const NAMES: Record<SessionEventType, true> = {
  'session.started': true,
  'session.adopted': true,
  'session.refused': true,
  'session.renewed': true,
  'session.ended': true,
  'session.reused': true,
  'session.suspicious': true,
  'sessions.revoked': true,
  'token.revoked': true,
  'policy.changed': true,
  'request.refused': true,
  'user.forgotten': true,
  'sessions.pruned': true,
  'background.failed': true,
};
/** Every event by name. */
export const EVENT_TYPES: readonly SessionEventType[] = Object.keys(NAMES) as SessionEventType[];

function warn({ operation, error }: SessionEventDetails['background.failed']): void {
  const text = error instanceof Error ? error.message : String(error);
  process.emitWarning(`${operation} failed: ${text}`, 'SessionRevocationWarning');
}
