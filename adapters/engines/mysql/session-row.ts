import { type Ended, type FoundSession, parseEpoch, Recent, type SessionRecord } from '../../../src/index.ts';
import type { MysqlRow, Parameter } from './client.ts';
import { blob, key, mediumBlob, orNull } from './parameters.ts';
import { numberOf, textOf, textOrNull } from './values.ts';

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

/** The columns that a session is read from, in the order that {@link foundOf} takes them. */
export const READ_COLUMNS: readonly string[] = ['id', 'hash', 'serial', 'last_used_at', 'born', 'renewed', 'ended'];

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

/** A session and what it is judged by. Every check makes one. */
export function foundOf(row: MysqlRow): FoundSession {
  const session = sessionOf(row);
  return {
    session,
    epochs: {
      realm: recordOf(row[REALM_AT]),
      account: recordOf(row[REALM_AT + 1]),
      user: recordOf(row[REALM_AT + 2]),
    },
  };
}

/** A session alone. */
export function sessionOf(row: MysqlRow): SessionRecord {
  const [id, hash, serial, lastUsedAt, bornText, renewedText, endedText] = row;
  const born = partOf(BORN, textOf(bornText));
  const renewed = partOf(RENEWED, textOf(renewedText));
  const ended = textOrNull(endedText);
  return {
    id: textOf(id),
    realm: born.realm,
    user: born.user,
    account: renewed.account,
    userTag: born.userTag,
    accountTag: renewed.accountTag,
    kind: born.kind,
    hash: textOf(hash),
    serial: numberOf(serial),
    stamps: {
      realm: born.stamps.realm,
      user: born.stamps.user,
      account: renewed.stamps.account,
      member: renewed.stamps.member,
    },
    createdAt: born.createdAt,
    authenticatedAt: renewed.authenticatedAt,
    lastUsedAt: numberOf(lastUsedAt),
    expiresAt: renewed.expiresAt,
    idle: renewed.idle,
    amr: renewed.amr,
    device: born.device,
    deviceTag: born.deviceTag,
    attributes: renewed.attributes,
    ended: ended === null ? null : (JSON.parse(ended) as Ended),
  };
}

// Of a session that is read again and again, next to nothing changes.
const BORN = new Recent<Born>(8192, 2048);
const RENEWED = new Recent<Renewed>(8192, 2048);

const partOf = <Part>(recent: Recent<Part>, text: string): Part =>
  recent.get(text) ?? recent.put(text, JSON.parse(text) as Part);

/** A record, or `null` where there is none. */
export const recordOf = (value: unknown): FoundSession['epochs']['user'] =>
  value === null || value === undefined ? null : parseEpoch(textOf(value));
