import type { EpochRecord, FoundSession, RecordCache, Tag } from '../../../src/adapter.ts';
import { COLUMNS, recordOf, sessionOf } from '../sql/session-rows.ts';
import type { Row } from '../sql/values.ts';

/**
 * SQL for a session as one JSON array. Drivers read it a third faster than separate columns, and the cache can compare
 * it with the text that was read before.
 */
const SESSION = `json_array(${COLUMNS.map((column) => `s.${column}`).join(', ')}) AS session`;
export const FOUND_COLUMNS: string = `
  ${SESSION}, realm.record AS realm_record, account.record AS account_record, user.record AS user_record,
  member.record AS member_record`;

/** Columns of a page. All rows share the records of the realm and the user, so these are not repeated. */
export const LISTED_COLUMNS: string = `${SESSION}, account.record AS account_record, member.record AS member_record`;

type FoundRow = readonly [
  session: string,
  realm: string | null,
  account: string | null,
  user: string | null,
  member: string | null,
];

/** Returns the session of a row, with its records. `realm` is the realm's tag, if the caller knows it. */
export function foundOf(records: RecordCache, row: Row, realm?: Tag): FoundSession {
  const [text, realmText, account, user, member] = row as FoundRow;
  const session = sessionOf(records, JSON.parse(text));
  const epochs = {
    realm: recordOf(records, realmText, realm),
    account: recordOf(records, account, session.accountTag),
    user: recordOf(records, user, session.userTag),
    member: recordOf(records, member),
  };
  return { session, epochs };
}

export function listedOf(
  records: RecordCache,
  row: Row,
  realm: EpochRecord | null,
  user: EpochRecord | null,
): FoundSession {
  const [text, account, member] = row as readonly [session: string, account: string | null, member: string | null];
  const session = sessionOf(records, JSON.parse(text));
  return {
    session,
    epochs: { realm, account: recordOf(records, account, session.accountTag), user, member: recordOf(records, member) },
  };
}

/** Like `foundOf`, for a session that is looked up by its id, as every check does. Uses the cache. */
export function foundById(records: RecordCache, row: Row, id: string, realm: Tag): FoundSession {
  const [text, realmText, account, user, member] = row as FoundRow;
  const last = records.session(id);
  const texts = { user, account, member };
  return (
    last.get(text, texts, recordOf(records, realmText, realm)) ?? last.set(text, texts, foundOf(records, row, realm))
  );
}
