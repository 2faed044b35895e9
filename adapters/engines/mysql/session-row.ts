import {
  type Ended,
  type EpochRecord,
  type FoundSession,
  LastFoundById,
  parseEpoch,
  type SessionRecord,
  type Tag,
} from '../../../src/index.ts';
import type { MysqlRow, Parameter } from './client.ts';
import { blob, key, mediumBlob, orNull } from './parameters.ts';
import { textOf, textOrNull } from './values.ts';

/** What never changes of a session, as it is kept in `born`. */
interface Born
  extends Pick<SessionRecord, 'realm' | 'user' | 'userTag' | 'kind' | 'createdAt' | 'device' | 'deviceTag'> {
  readonly stamps: Pick<SessionRecord['stamps'], 'realm' | 'user'>;
}

/** What renewals change of a session, as it is kept in `renewed`. */
interface Renewed
  extends Pick<
    SessionRecord,
    'account' | 'accountTag' | 'authenticatedAt' | 'expiresAt' | 'idle' | 'amr' | 'attributes'
  > {
  readonly stamps: Pick<SessionRecord['stamps'], 'account' | 'member'>;
}

/**
 * What a session is read from, in the order that {@link foundOf} takes it: its id, and one text of lines with the rest. The hash
 * is the last of them, since it may be any text; the others are numbers, and JSON, which breaks no line. One column costs the
 * driver less than six, and a text that was read before need not be taken apart again.
 */
export const READ_COLUMNS: readonly string[] = [
  's.id',
  "CONCAT_WS(CHAR(10), s.serial, s.last_used_at, s.born, s.renewed, COALESCE(s.ended, ''), s.hash)",
];

/** Behind them, the texts of the realm's, the account's and the user's record. */
const REALM_AT = READ_COLUMNS.length;

/** Behind those, how the connection stands. */
export const STATE_AT: number = REALM_AT + 3;

/** The columns that a session is inserted with, in the order of {@link insertOf}. */
export const INSERT_COLUMNS: readonly string[] = [
  ...['id', 'user_tag', 'account_tag', 'hash', 'serial', 'created_at', 'last_used_at', 'expires_at', 'idle'],
  ...['ended_at', 'born', 'renewed', 'ended'],
];

/** A session as it is inserted. */
export function insertOf(session: SessionRecord): readonly Parameter[] {
  const { realm, user, userTag, kind, createdAt, stamps, device, deviceTag, ended } = session;
  const born: Born = {
    ...{ realm, user, userTag, kind, createdAt },
    stamps: { realm: stamps.realm, user: stamps.user },
    ...{ device, deviceTag },
  };
  return [
    ...[key(session.id), key(userTag), orNull(session.accountTag, key), key(session.hash), session.serial],
    ...[createdAt, session.lastUsedAt, session.expiresAt, session.idle],
    ...[ended === null ? null : ended.at, mediumBlob(JSON.stringify(born)), renewedOf(session), orNull(ended, endedOf)],
  ];
}

/** What renewals change, as it is kept. */
export function renewedOf(session: SessionRecord): Buffer {
  const { account, accountTag, stamps, authenticatedAt, expiresAt, idle, amr, attributes } = session;
  const renewed: Renewed = {
    ...{ account, accountTag, stamps: { account: stamps.account, member: stamps.member } },
    ...{ authenticatedAt, expiresAt, idle, amr, attributes },
  };
  return mediumBlob(JSON.stringify(renewed));
}

/** A tombstone, as it is kept. */
export const endedOf = ({ at, by, reason, from }: Ended): Buffer => blob(JSON.stringify({ at, by, reason, from }));

/** The id in a row that was read. */
export const idOf = (row: MysqlRow): string => textOf(row[0]);

/** The realm's record in a row that was read. */
export const realmOf = (row: MysqlRow): EpochRecord | null => recordOf(row[REALM_AT]);

/** Sessions that were found of late, by their ids. */
const FOUND = new LastFoundById();

/** A session and what it is judged by. Every check asks for one; of many, they all have the same record of the realm. */
export function foundOf(row: MysqlRow, id: string = idOf(row), realm: EpochRecord | null = realmOf(row)): FoundSession {
  const text = textOf(row[1]);
  const [account, user] = [textOrNull(row[REALM_AT + 1]), textOrNull(row[REALM_AT + 2])];
  const last = FOUND.of(id);
  return last.get(text, user, account, realm) ?? last.set(text, user, account, read(id, text, user, account, realm));
}

function read(
  id: string,
  text: string,
  user: string | null,
  account: string | null,
  realm: EpochRecord | null,
): FoundSession {
  const session = sessionOf(id, text);
  const { userTag, accountTag } = session;
  return { session, epochs: { realm, account: recordOf(account, accountTag), user: recordOf(user, userTag) } };
}

function sessionOf(id: string, text: string): SessionRecord {
  const [serial, lastUsedAt, bornText = '', renewedText = '', endedText, ...hash] = text.split('\n');
  const born = JSON.parse(bornText) as Born;
  const renewed = JSON.parse(renewedText) as Renewed;
  return {
    id,
    realm: born.realm,
    user: born.user,
    account: renewed.account,
    userTag: born.userTag,
    accountTag: renewed.accountTag,
    kind: born.kind,
    hash: hash.join('\n'),
    serial: Number(serial),
    stamps: {
      realm: born.stamps.realm,
      user: born.stamps.user,
      account: renewed.stamps.account,
      member: renewed.stamps.member,
    },
    createdAt: born.createdAt,
    authenticatedAt: renewed.authenticatedAt,
    lastUsedAt: Number(lastUsedAt),
    expiresAt: renewed.expiresAt,
    idle: renewed.idle,
    amr: renewed.amr,
    device: born.device,
    deviceTag: born.deviceTag,
    attributes: renewed.attributes,
    ended: endedText ? (JSON.parse(endedText) as Ended) : null,
  };
}

/** A record, or `null` where there is none. */
export const recordOf = (value: unknown, tag?: Tag | null): EpochRecord | null =>
  value === null || value === undefined ? null : parseEpoch(textOf(value), tag ?? undefined);
