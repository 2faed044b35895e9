import type { EpochCache, EpochRecord, FoundSession, SessionRecord, Tag } from '../../../src/adapter.ts';
import { foundOf } from '../sql/found.ts';
import { COLUMNS, recordOf, sessionOf, sharedRecordOf } from '../sql/session-rows.ts';
import type { Row } from '../sql/values.ts';

/**
 * A session as one column. Drivers read one array a third faster than columns, and the cache can compare it with the
 * text that was read before.
 */
const SESSION = `json_array(${COLUMNS.map((column) => `s.${column}`).join(', ')}) AS session`;
export const FOUND_COLUMNS: string = `
  ${SESSION}, realm.record AS realm_record, account.record AS account_record, user.record AS user_record,
  member.record AS member_record`;

/**
 * Columns of a session in a list. All rows of a page share the records of the realm and the user, so these are not
 * repeated.
 */
export const LISTED_COLUMNS: string = `${SESSION}, account.record AS account_record, member.record AS member_record`;

type FoundRow = readonly [
  session: string,
  realm: string | null,
  account: string | null,
  user: string | null,
  member: string | null,
];

const sessionIn = (text: string): SessionRecord => sessionOf(JSON.parse(text));

export function foundIn(epochs: EpochCache, row: Row): FoundSession {
  const [text, realm, account, user, member] = row as FoundRow;
  return foundOf(epochs, sessionIn(text), { user, account, member }, recordOf(realm));
}

export function foundInRealm(epochs: EpochCache, row: Row, realm: Tag): FoundSession {
  const [text, realmText, account, user, member] = row as FoundRow;
  return foundOf(epochs, sessionIn(text), { user, account, member }, sharedRecordOf(epochs, realmText, realm));
}

export function listedIn(
  cache: EpochCache,
  row: Row,
  realm: EpochRecord | null,
  user: EpochRecord | null,
): FoundSession {
  const [text, account, member] = row as readonly [session: string, account: string | null, member: string | null];
  const { session, epochs } = foundOf(cache, sessionIn(text), { user: null, account, member }, realm);
  return { session, epochs: { ...epochs, user } };
}
