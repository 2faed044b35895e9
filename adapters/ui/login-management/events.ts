/** What the element dispatches: it bubbles, and leaves the shadow root. Its detail never holds a token. */
export interface CardEvent<Detail> extends Event {
  readonly detail: Detail;
}

/** One other session was ended. */
export interface SessionEnded {
  readonly id: string;
  /** Such as `'Firefox on Windows'`. */
  readonly label: string;
}

/** All sessions but this one were ended. */
export interface OthersSignedOut {
  /** How many of them were shown; there may have been more. */
  readonly shown: number;
}

/** This session is over. `preventDefault()` on the event keeps the element from leaving the page. */
export interface SignedOut {
  /** By one of its buttons, or `over`: the server answered that the session is no more. */
  readonly how: 'sign-out' | 'everywhere' | 'over';
  /** `ended`, `revoked` or `expired`, where the server says so. */
  readonly reason: string | null;
}

/** The account's setting was changed. */
export interface PolicyChanged {
  readonly account: string | null;
  readonly signOut: 'session' | 'everywhere';
}

/** Something failed, and is shown in the card. */
export interface SessionFailed {
  /** The name of the server's problem, or `offline`, `refused` or `misconfigured`. */
  readonly name: string;
  /** `null` where there was no answer. */
  readonly status: number | null;
  readonly during: 'list' | 'ended' | 'end' | 'sign-out' | 'sign-out-others' | 'sign-out-everywhere' | 'policy';
  /** What the server, or the element, says of it. For developers. */
  readonly detail: string | null;
}

/** The events by name. */
export interface CardEvents {
  'session-ended': CardEvent<SessionEnded>;
  'others-signed-out': CardEvent<OthersSignedOut>;
  'signed-out': CardEvent<SignedOut>;
  'policy-changed': CardEvent<PolicyChanged>;
  'session-error': CardEvent<SessionFailed>;
}
