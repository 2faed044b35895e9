import { type FoundSession, LastFoundById, type Tag } from '../../../src/index.ts';
import type { Row } from '../sql/row.ts';
import { COLUMNS, recordOf, sessionOf } from '../sql/session-row.ts';

/**
 * A session and the records that it is judged by. The session comes as one array of JSON: drivers take a third less time for it
 * than for as many columns, and it is seen at a glance whether it is the one that was read before.
 */
export const FOUND_COLUMNS: string = `
  json_array(${COLUMNS.map((column) => `s.${column}`).join(', ')}) AS session,
  realm.record AS realm_record, account.record AS account_record, user.record AS user_record`;

/** By position. */
type FoundRow = readonly [session: string, realm: string | null, account: string | null, user: string | null];

/** The session of a row, with its records. `realm` is the realm's tag, where that is known. */
export function foundOf(row: Row, realm?: Tag): FoundSession {
  const [text, realmText, account, user] = row as FoundRow;
  const session = sessionOf(JSON.parse(text));
  const epochs = {
    realm: recordOf(realmText, realm),
    account: recordOf(account, session.accountTag),
    user: recordOf(user, session.userTag),
  };
  return { session, epochs };
}

/** Sessions that were found of late, by their ids. */
const FOUND = new LastFoundById();

/** The same of a session that is asked for by its id, as every check does. */
export function foundById(row: Row, id: string, realm: Tag): FoundSession {
  const [text, realmText, account, user] = row as FoundRow;
  const last = FOUND.of(id);
  return (
    last.get(text, user, account, recordOf(realmText, realm)) ?? last.set(text, user, account, foundOf(row, realm))
  );
}
