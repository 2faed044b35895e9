/** The data that the inner session layer keeps for a session. */
export type InnerData = object;

/** Field that a bridge adds to the data: the session token. */
export const STAMP = 'sessionRevocation';

/** A stamp without a session. Marks data of a sign-in past the bridge, and ids that their client no longer uses. */
export const UNSTAMPED = '';

/** Returns the stamp in the data, or `undefined`. A stamp that is not text is converted, and then matches no token. */
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

/** Copies the data with another stamp; `undefined` for none. */
export function withStamp<Data extends InnerData>(data: Data, stamp: string | undefined): Data {
  const copy: Data = Object.assign(Object.create(Object.getPrototypeOf(data)), data);
  restamp(copy, stamp);
  return copy;
}

/** Makes the record for an id that its client no longer uses. The stamp of an ended session also tells why it ended. */
export const tombstone = (stamp: string = UNSTAMPED): InnerData => ({ [STAMP]: stamp });

/** Marks the record under a new id before its session is saved there. The client may already use the id. */
const PENDING = '_sessionRevocationAwaited';

export const markPending = <Data extends InnerData>(record: Data): Data => Object.assign(record, { [PENDING]: true });

export const isPending = (data: InnerData): boolean => PENDING in data;

export function clearPending(data: InnerData): void {
  Reflect.deleteProperty(data, PENDING);
}

/** Tells whether the data hold only fields of the inner layer and of the bridge, and none of the app. */
export const isBlank = (data: InnerData): boolean =>
  Object.keys(data).every((key) => key === STAMP || key === 'cookie' || key.startsWith('_'));
