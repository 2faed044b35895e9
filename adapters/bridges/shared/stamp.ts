/** The data that the inner session layer keeps for a session. */
export type InnerData = object;

/** The one field that a bridge adds to the data: the token of our session. */
export const STAMP = 'sessionRevocation';

/** A stamp that names no session. It marks data of a sign-in past the bridge, and ids that their client no longer uses. */
export const UNSTAMPED = '';

/** The stamp of the data. A value that is no text matches no token. */
export function stampOf(data: InnerData): string | undefined {
  const stamp: unknown = Reflect.get(data, STAMP);
  return stamp === undefined || stamp === null ? undefined : String(stamp);
}

export function putStamp(data: InnerData, stamp: string): void {
  Reflect.set(data, STAMP, stamp);
}

export function restamp(data: InnerData, stamp: string | undefined): void {
  if (stamp === undefined) Reflect.deleteProperty(data, STAMP);
  else putStamp(data, stamp);
}

/** A copy of the data with another stamp; `null` for none. */
export function withStamp<Data extends InnerData>(data: Data, stamp: string | null): Data {
  const copy: Data = Object.assign(Object.create(Object.getPrototypeOf(data)), data);
  restamp(copy, stamp ?? undefined);
  return copy;
}

/**
 * The record that stays under an id which its client no longer uses. It holds no data of a user; by its stamp, every process recognises
 * such an id. The stamp of a session that is over also tells why it is over.
 */
export const tombstone = (stamp: string = UNSTAMPED): InnerData => ({ [STAMP]: stamp });

/** Field of the record under a new id that its client may have before the session is saved there. */
const AWAITED = '_sessionRevocationAwaited';

/** Marks a record: the request that has made its id is about to replace it. */
export const awaited = <Data extends InnerData>(record: Data): Data => Object.assign(record, { [AWAITED]: true });

export const isAwaited = (data: InnerData): boolean => AWAITED in data;

export function endWait(data: InnerData): void {
  Reflect.deleteProperty(data, AWAITED);
}

/** The data hold nothing of the app, only fields of the inner layer and of the bridge. */
export const isBlank = (data: InnerData): boolean =>
  Object.keys(data).every((key) => key === STAMP || key === 'cookie' || key.startsWith('_'));
