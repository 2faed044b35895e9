import type { ScopeName } from 'session-revocation/adapter';

/** What every operation has. */
interface Taken {
  /** Which process did it. */
  readonly process: number;
  /** When it was called, and when its answer was there: ms of the clock that all processes of a machine share. */
  readonly call: number;
  readonly answer: number;
  /** The code of the error that it ended with: it may have been done, then or at any time later. `null` is an answer. */
  readonly failed: string | null;
}

/** When the fence of a sign-in was asked for, and when it was there. */
export interface Fenced {
  readonly fenceCall: number;
  readonly fenceAnswer: number;
}

/** A session as an answer told of it. */
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
  /** The name that the token has in a history: its last letters. */
  readonly token: string | null;
}

/** A check of a token. */
export interface Check extends Taken {
  readonly type: 'check';
  /** Whose token it is, as was known before. */
  readonly id: string;
  readonly token: string;
  readonly session: Seen | null;
  readonly refused: string | null;
}

/** A list of a user's living sessions. */
export interface List extends Taken {
  readonly type: 'list';
  readonly user: string;
  /** Whether it is all of them. */
  readonly whole: boolean;
  readonly sessions: readonly Seen[];
}

/** A renewal, a switch of account, or a new authentication. */
export interface Rotate extends Taken {
  readonly type: 'rotate';
  readonly from: string;
  /** The session that was judged. */
  readonly judged: Seen;
  /** With a switch: the account, and the fence. */
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

/** A revocation, a suspension, or the end of one. */
export interface Revoke extends Taken {
  readonly type: 'revoke';
  readonly scope: ScopeName;
  readonly user: string | null;
  readonly account: string | null;
  /** The kinds that it covers. */
  readonly covers: readonly string[];
  readonly change: 'suspended' | 'resumed' | null;
  /** In whose name it was asked for; under which token. */
  readonly initiator: Seen | null;
  readonly from: string | null;
  /** Whether the initiator is to be kept. */
  readonly keeps: boolean;
  readonly done: boolean;
  /** Whom it kept under a new token. */
  readonly kept: string | null;
  readonly token: string | null;
}

/** A pruning. */
export interface Prune extends Taken {
  readonly type: 'prune';
  readonly removed: number;
}

/** A fence that was not there in the end: nothing followed. */
export interface Fence extends Taken {
  readonly type: 'fence';
}

/** Uses that were noted: what a check leaves to be written behind its answer. */
export interface Noted extends Taken {
  readonly type: 'note';
  readonly uses: readonly { readonly id: string; readonly at: number }[];
  /** When the store last asked the time, before it wrote; its call, where it never did. */
  readonly asked: number;
}

/** What a process did, and what it was told. */
export type Operation = Start | Check | List | Rotate | End | Revoke | Prune | Fence | Noted;

/** An operation, before it is known when it was and how it went. */
export type Outcome = Operation extends infer One ? (One extends Operation ? Omit<One, keyof Taken> : never) : never;

/** What a count of operations calls one: `expired` is a check that was refused since the session had expired. */
export const nameOf = (one: Operation): string =>
  one.type === 'check' && one.refused === 'expired' ? 'expired' : one.type;
