import { type Channel, channel } from 'node:diagnostics_channel';

/** A message of the channel `session-revocation:check`: a token was checked, or an attempt failed. */
export interface CheckMessage {
  /** The name of the realm. */
  readonly realm: string;
  /** `'check'` of an opaque or an access token; `'refresh'` of a refresh token. */
  readonly during: 'check' | 'refresh';
  /** `'accepted'`, the reason of the refusal, or `'outage'` if the store failed. */
  readonly outcome: string;
  /** Where the answer comes from: the memory of checked sessions, or the store. */
  readonly source: 'memory' | 'store';
  /** In ms: the age of the knowledge that accepted. 0 from the store. */
  readonly age: number;
}

/** A message of the channel `session-revocation:store`: a call of the store has ended. */
export interface StoreMessage {
  /** The verb of the store, such as `'find'` or `'advance'`. */
  readonly verb: string;
  /** In ms. */
  readonly took: number;
  /** False if the call failed, timed out or returned a malformed answer. */
  readonly ok: boolean;
}

/** A message of the channel `session-revocation:changes`: the store was asked what changed, in the background. */
export interface ChangesMessage {
  /** False if the store did not answer. */
  readonly ok: boolean;
  /** The number of tags that changed. `null` if any tag may have changed, or the question failed. */
  readonly tags: number | null;
  /** In ms: the age of the previous answer when this one arrived. `null` for the first one. */
  readonly lag: number | null;
}

/** Messages cost nothing while a channel has no subscriber. */
interface Channels {
  readonly check: Channel<unknown, CheckMessage>;
  readonly store: Channel<unknown, StoreMessage>;
  readonly changes: Channel<unknown, ChangesMessage>;
  /** Messages are the events of `sessions.on`. */
  readonly event: Channel;
}

export const channels: Channels = {
  check: channel('session-revocation:check') as Channel<unknown, CheckMessage>,
  store: channel('session-revocation:store') as Channel<unknown, StoreMessage>,
  changes: channel('session-revocation:changes') as Channel<unknown, ChangesMessage>,
  event: channel('session-revocation:event'),
};
