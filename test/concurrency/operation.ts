import type { ScopeName } from 'session-revocation/adapter';

/** The members that every operation has. */
interface Taken {
  /** The number of the process that did it. */
  readonly process: number;
  /** The times of the call and of the answer, in ms of a clock that all processes of a machine share. */
  readonly call: number;
  readonly answer: number;
  /** The error code, or `null` if it was answered. A failed operation may take effect then or at any time later. */
  readonly failed: string | null;
}

/** The times of the call and of the answer for a sign-in's fence. */
export interface Fenced {
  readonly fenceCall: number;
  readonly fenceAnswer: number;
}

/** A session as it appeared in an answer. */
export interface Seen {
  readonly id: string;
  readonly user: string;
  readonly account: string | null;
  readonly kind: string;
  readonly expiresAt: number | null;
}

/** A sign-in. */
export interface Start extends Taken, Fenced {
  readonly type: 'start';
  readonly user: string;
  readonly account: string | null;
  readonly kind: string;
  readonly session: Seen | null;
  readonly refused: string | null;
  /** The last characters of the token, which identify it in a history. */
  readonly token: string | null;
}

/** A check of a token. */
export interface Check extends Taken {
  readonly type: 'check';
  /** The session that the token belongs to. */
  readonly id: string;
  readonly token: string;
  readonly session: Seen | null;
  readonly refused: string | null;
}

/** A list of a user's live sessions. */
export interface List extends Taken {
  readonly type: 'list';
  readonly user: string;
  /** Whether the list is complete. */
  readonly whole: boolean;
  readonly sessions: readonly Seen[];
}

/** A renewal, a switch of account, or a new authentication. */
export interface Rotate extends Taken {
  readonly type: 'rotate';
  readonly from: string;
  /** The session that was judged. */
  readonly judged: Seen;
  /** For a switch: the new account and its fence. Otherwise `null`. */
  readonly into: (Fenced & { readonly account: string }) | null;
  readonly reauthenticated: boolean;
  readonly session: Seen | null;
  readonly refused: string | null;
  readonly token: string | null;
}

/** The ending of one session. */
export interface End extends Taken {
  readonly type: 'end';
  readonly judged: Seen;
  readonly ended: boolean;
}

/** A revocation, a suspension, or a resumption. */
export interface Revoke extends Taken {
  readonly type: 'revoke';
  readonly scope: ScopeName;
  readonly user: string | null;
  readonly account: string | null;
  /** The kinds that it covers. */
  readonly covers: readonly string[];
  readonly change: 'suspended' | 'resumed' | null;
  /** The session in whose name it was asked for, and the name of its token. */
  readonly initiator: Seen | null;
  readonly from: string | null;
  /** Whether the initiator is to be kept. */
  readonly keeps: boolean;
  readonly done: boolean;
  /** The id of the session that was kept, and the name of its new token. */
  readonly kept: string | null;
  readonly token: string | null;
}

/** A pruning. */
export interface Prune extends Taken {
  readonly type: 'prune';
  readonly removed: number;
}

/** The taking of a fence. No law judges it. */
export interface Fence extends Taken {
  readonly type: 'fence';
}

/** Uses that the library recorded in the background after checks. */
export interface Noted extends Taken {
  readonly type: 'note';
  readonly uses: readonly { readonly id: string; readonly at: number }[];
  /** When the store last read the clock before it wrote. Equals `call` if it never did. */
  readonly asked: number;
}

/** One operation of a process, and its answer. */
export type Operation = Start | Check | List | Rotate | End | Revoke | Prune | Fence | Noted;

/** An operation without its times and its failure. */
export type Outcome = Operation extends infer One ? (One extends Operation ? Omit<One, keyof Taken> : never) : never;

/** Returns the name under which an operation is counted. `expired` is a check of an expired session. */
export const nameOf = (one: Operation): string =>
  one.type === 'check' && one.refused === 'expired' ? 'expired' : one.type;
