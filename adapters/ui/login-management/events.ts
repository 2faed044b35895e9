/** An event of the element. It bubbles and leaves the shadow root. Its detail never holds a token. */
export interface CardEvent<Detail> extends Event {
  /** The details of the event, by its name. */
  readonly detail: Detail;
}

/** The user ended one other session. */
export interface SessionEnded {
  /** The public id of the session. */
  readonly id: string;
  /** Label of its device, such as `'Firefox on Windows'`. */
  readonly label: string;
  /** After so many ms, no process of the server accepts it. 0: it is refused from now on. */
  readonly effectiveWithin: number;
}

/** The user ended all sessions but this one. */
export interface OthersSignedOut {
  /** How many of them the card showed. There may have been more. */
  readonly shown: number;
  /** After so many ms, no process of the server accepts them. 0: they are refused from now on. */
  readonly effectiveWithin: number;
}

/** This session has ended. `preventDefault()` keeps the element from leaving the page. */
export interface SignedOut {
  /** The button that ended it. `ended`: the server found that the session has ended. */
  readonly how: 'sign-out' | 'everywhere' | 'ended';
  /** A reason code, or `ended`, `revoked` or `expired`. `null` if the server gives none, or after a button. */
  readonly reason: string | null;
  /** After so many ms, no process of the server accepts what was ended. 0: it is refused from now on. */
  readonly effectiveWithin: number;
}

/** An administrator changed the policy of the account. */
export interface PolicyChanged {
  /** The account (tenant); `null` if the administrator's session has none. */
  readonly account: string | null;
  /**
   * The policy from now on. `'session'`: a sign-out ends one session. `'everywhere'`: it ends all of the user's
   * sessions in the account.
   */
  readonly signOut: 'session' | 'everywhere';
}

/** A request failed, or an attribute is wrong. The card shows it. */
export interface SessionFailed {
  /** Last part of the problem type (RFC 9457), such as `forbidden`; or `offline`, `refused` or `misconfigured`. */
  readonly name: string;
  /** HTTP status. `null` if there was none. */
  readonly status: number | null;
  /**
   * The work of the card at that time. `'list'` and `'ended'` load rows, `'end'` ends another session, `'policy'` saves the policy,
   * and the others are sign-outs. A wrong attribute is `'list'`.
   */
  readonly during: 'list' | 'ended' | 'end' | 'sign-out' | 'sign-out-others' | 'sign-out-everywhere' | 'policy';
  /** Detail from the server, or name of the mistake. For developers. */
  readonly detail: string | null;
}

/** The events of the element, by name. */
export interface CardEvents {
  /** The user ended one other session. */
  'session-ended': CardEvent<SessionEnded>;
  /** The user ended all other sessions. */
  'others-signed-out': CardEvent<OthersSignedOut>;
  /** This session has ended. `preventDefault()` keeps the element from leaving the page. */
  'signed-out': CardEvent<SignedOut>;
  /** An administrator changed the policy of the account. */
  'policy-changed': CardEvent<PolicyChanged>;
  /** A request failed, or an attribute is wrong. */
  'session-error': CardEvent<SessionFailed>;
}
