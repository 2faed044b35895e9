import type { EpochRecord, Keep, KeptExternal, KeptSession } from '../model/epoch.ts';
import { isNotes } from '../model/epoch-notes.ts';
import { type Grant, isGrant } from '../model/grant.ts';

/**
 * Formats a record for stores that keep text.
 * @param record the record, with its notes.
 */
export const formatEpoch = (record: EpochRecord): string => JSON.stringify(record);

/**
 * Parses the text of {@link formatEpoch}.
 * @param text the stored text.
 * @throws `Error` for text that is not an epoch record. The check then fails as an outage, not as a sign-out.
 */
export function parseEpoch(text: string): EpochRecord {
  const record: unknown = JSON.parse(text);
  if (!isEpochRecord(record) || !isNotes(record.notes)) throw new Error('an epoch record is malformed');
  return record;
}

/** Tells whether a value is an epoch record. Checks only the fields that judge sessions, not the notes. */
export function isEpochRecord(value: unknown): value is EpochRecord {
  if (!isObject(value)) return false;
  const { incarnation, counter, base, initial, kinds, keep } = value as Partial<EpochRecord>;
  return (
    typeof incarnation === 'string' &&
    typeof counter === 'number' &&
    typeof base === 'string' &&
    typeof initial === 'string' &&
    isObject(kinds) &&
    isObject(keep) &&
    areAll(kinds, isText) &&
    areAll(keep, isKeep)
  );
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isText = (value: unknown): boolean => typeof value === 'string';

/** Tells whether all values are sound. Makes no array of them: every check of a token runs this on three or four records. */
function areAll<Value>(values: Readonly<Record<string, Value>>, isSound: (value: Value) => boolean): boolean {
  for (const name in values) if (!isSound(values[name] as Value)) return false;
  return true;
}

/** Tells whether a value is a keep. It names either a session of this library or a session of another issuer, never both. */
function isKeep(value: Keep): boolean {
  if (!isObject(value)) return false;
  const { id, stamp, externalId, since } = value as Partial<KeptSession & KeptExternal>;
  return externalId === undefined && since === undefined
    ? isText(id) && isText(stamp)
    : isText(externalId) && typeof since === 'number' && id === undefined && stamp === undefined;
}

/**
 * Formats the OAuth client of a session for stores that keep text. The text has at most 4,096 bytes.
 * @param grant the client and its grant.
 */
export const formatGrant = ({ id, name, scope, kept }: Grant): string => JSON.stringify({ id, name, scope, kept });

/**
 * Parses the text of {@link formatGrant}.
 * @param text the stored text.
 * @throws `Error` for text that is not a grant. The check then fails as an outage, not as a sign-out.
 */
export function parseGrant(text: string): Grant {
  const grant: unknown = JSON.parse(text);
  if (!isGrant(grant)) throw new Error('the client of a session is malformed');
  return grant;
}
