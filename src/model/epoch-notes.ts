import { deepFreeze } from '../lib/json.ts';
import type { Stamp } from './stamp.ts';
import type { Tag } from './token.ts';

/**
 * Facts that stand beside the epoch in its record. They judge no session. They are in the record because they change in
 * one step with its version: a sign-out must see the note of an adoption, and a revocation must see the time that
 * guards ask for.
 */
export interface EpochNotes {
  /**
   * In a user's record: the ids of adopted sessions, with the time of adoption in Unix ms. 0 stands for a session that must not be
   * adopted. No session in the list is adopted again.
   */
  readonly adopted?: Readonly<Record<string, number>> | undefined;
  /** In a realm's record: how long guards of this realm accept other issuers' tokens. */
  readonly guarded?: Guarded | undefined;
  /**
   * In a realm's record: the highest `maxStaleness` of any process, in ms. No process accepts a session by older knowledge. Left out if
   * no process remembers sessions.
   */
  readonly maxStaleness?: number | undefined;
  /**
   * In a realm's record, while `maxStaleness` is being lowered: the new value, in ms. A process that has read this note remembers its
   * reads for at most this time.
   */
  readonly allowedStaleness?: number | undefined;
  /** In the record of a session or a user at an identity provider: who signed in with it, and its last logout. */
  readonly federated?: FederatedNote | undefined;
}

/** A session or a user at an identity provider. */
export interface FederatedNote {
  /** The users of this realm whose sessions began from it. */
  readonly users: readonly Tag[];
  /** For a session there: the tag of its user, if it is known. */
  readonly sub: Tag | null;
  /**
   * The generation at the last logout: of the provider's record for a user there, and of the own record for a session there.
   * `null` means never.
   */
  readonly loggedOut: Stamp | null;
}

/**
 * How long guards accept other issuers' tokens after the authentication that the tokens state. Revocations are kept for longer.
 */
export interface Guarded {
  /** In ms: the longest of all guards. */
  readonly maxLifetime: number;
  /** Unix ms. Revocations from this time on are kept that long. Earlier ones may be gone after 30 days. */
  readonly since: number;
}

interface Noted {
  readonly notes?: EpochNotes | undefined;
}

export const adoptedIn = ({ notes }: Noted): Readonly<Record<string, number>> => notes?.adopted ?? NONE;

/** Notes in a user's record that a session was adopted at a time (Unix ms), or, with 0, that it must not be adopted. */
export const withAdopted = <Epoch extends Noted>(record: Epoch, id: string, at: number): Epoch =>
  deepFreeze({ ...record, notes: { ...record.notes, adopted: { ...adoptedIn(record), [id]: at } } });

export const withGuarded = <Epoch extends Noted>(record: Epoch, guarded: Guarded): Epoch =>
  deepFreeze({ ...record, notes: { ...record.notes, guarded } });

export const withStaleness = <Epoch extends Noted>(record: Epoch, maxStaleness: number): Epoch =>
  deepFreeze({ ...record, notes: { ...record.notes, maxStaleness } });

export const withAllowedStaleness = <Epoch extends Noted>(record: Epoch, allowedStaleness: number): Epoch =>
  deepFreeze({ ...record, notes: { ...record.notes, allowedStaleness } });

/** States the lower value, and ends the lowering. */
export function withLoweredStaleness<Epoch extends Noted>(record: Epoch, to: number): Epoch {
  const { allowedStaleness: _, maxStaleness = 0, ...notes } = record.notes ?? {};
  return deepFreeze({ ...record, notes: { ...notes, maxStaleness: Math.min(maxStaleness, to) } });
}

const NOBODY: FederatedNote = Object.freeze({ users: [], sub: null, loggedOut: null });

export const federatedIn = ({ notes }: Noted): FederatedNote => notes?.federated ?? NOBODY;

export const withFederated = <Epoch extends Noted>(record: Epoch, federated: FederatedNote): Epoch =>
  deepFreeze({ ...record, notes: { ...record.notes, federated } });

/** Accepts notes with other names: a process of a later version may write them into the same record. */
export function isNotes(value: unknown): value is EpochNotes | undefined {
  if (value === undefined) return true;
  if (!isObject(value)) return false;
  const { adopted, guarded, maxStaleness, allowedStaleness, federated } = value;
  return (
    (adopted === undefined || (isObject(adopted) && Object.values(adopted).every(Number.isFinite))) &&
    (guarded === undefined ||
      (isObject(guarded) && Number.isFinite(guarded.maxLifetime) && Number.isFinite(guarded.since))) &&
    (maxStaleness === undefined || Number.isFinite(maxStaleness)) &&
    (allowedStaleness === undefined || Number.isFinite(allowedStaleness)) &&
    (federated === undefined || isFederatedNote(federated))
  );
}

const isFederatedNote = (value: unknown): boolean =>
  isObject(value) &&
  Array.isArray(value.users) &&
  value.users.every((user) => typeof user === 'string') &&
  isTextOrNull(value.sub) &&
  isTextOrNull(value.loggedOut);

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const NONE: Readonly<Record<string, never>> = Object.freeze({});
