import { createHash } from 'node:crypto';
import {
  type Ended,
  type EpochCache,
  type EpochRecord,
  type FoundSession,
  formatFederated,
  formatGrant,
  type Grant,
  parseFederated,
  parseGrant,
  type SessionRecord,
  type Stamp,
  type Tag,
} from '../../../src/adapter.ts';
import { foundOf } from '../sql/found.ts';
import { sharedRecordOf } from '../sql/session-rows.ts';
import type { MysqlRow, Parameter } from './clients/client.ts';
import { blob, key, mediumBlob, orNull, textOf, textOrNull } from './values.ts';

/** The properties that never change, as stored in `born`. */
interface Born
  extends Pick<SessionRecord, 'realm' | 'user' | 'userTag' | 'kind' | 'createdAt' | 'device' | 'deviceTag'> {
  readonly stamps: Pick<SessionRecord['stamps'], 'realm' | 'user'>;
  /** The text of `formatFederated`; left out for none. */
  readonly federated?: string;
}

/** The properties that renewals change, as stored in `renewed`. */
interface Renewed
  extends Pick<
    SessionRecord,
    'account' | 'accountTag' | 'authenticatedAt' | 'expiresAt' | 'idle' | 'amr' | 'attributes'
  > {
  readonly stamps: Pick<SessionRecord['stamps'], 'account' | 'member'>;
}

/**
 * The columns of a session, as statements read them: the id, and one text of lines with the rest. The credential is the
 * last line, because it may be any text. The other lines are numbers, and JSON without line breaks. The driver reads
 * one column faster than seven, and a text that was read before need not be parsed again.
 */
export const READ_COLUMNS: readonly string[] = [
  's.id',
  "CONCAT_WS(CHAR(10), s.serial, s.last_used_at, s.born, s.renewed, COALESCE(s.ended, ''), COALESCE(s.client, ''), s.credential)",
];

/** Index of the first record: realm, account, user and membership follow each other. */
const REALM_AT = READ_COLUMNS.length;

/** The state of the connection follows the records. */
const STATE_AT: number = REALM_AT + 4;

export const INSERT_COLUMNS: readonly string[] = [
  ...['id', 'user_tag', 'account_tag', 'credential', 'serial', 'created_at', 'last_used_at', 'expires_at', 'idle'],
  ...['ended_at', 'user_born', 'member_born', 'born', 'renewed', 'client', 'ended'],
];

export function insertOf(session: SessionRecord): readonly Parameter[] {
  const { realm, user, userTag, kind, createdAt, stamps, device, deviceTag, federated, ended } = session;
  const born: Born = {
    ...{ realm, user, userTag, kind, createdAt },
    stamps: { realm: stamps.realm, user: stamps.user },
    ...{ device, deviceTag },
    ...(federated === null ? {} : { federated: formatFederated(federated) }),
  };
  return [
    ...[key(session.id), key(userTag), orNull(session.accountTag, key), key(session.credential), session.serial],
    ...[createdAt, session.lastUsedAt, session.expiresAt, session.idle],
    ...[ended === null ? null : ended.at, stampKey(stamps.user), stampKey(stamps.member)],
    ...[mediumBlob(JSON.stringify(born)), renewedOf(session), grantColumn(session.client), orNull(ended, endedOf)],
  ];
}

export const stampKey = (stamp: Stamp | null): Buffer =>
  createHash('sha256').update(JSON.stringify(stamp)).digest().subarray(0, 8);

export function renewedOf(session: SessionRecord): Buffer {
  const { account, accountTag, stamps, authenticatedAt, expiresAt, idle, amr, attributes } = session;
  const renewed: Renewed = {
    ...{ account, accountTag, stamps: { account: stamps.account, member: stamps.member } },
    ...{ authenticatedAt, expiresAt, idle, amr, attributes },
  };
  return mediumBlob(JSON.stringify(renewed));
}

export const grantColumn = (client: Grant | null): Parameter => orNull(client, (grant) => blob(formatGrant(grant)));

export const endedOf = ({ at, by, reason, fromDevice }: Ended): Buffer =>
  blob(JSON.stringify({ at, by, reason, fromDevice }));

export const idOf = (row: MysqlRow): string => textOf(row[0]);

/** Returns the record of the realm from the first row of an answer. All rows have the same one. */
export const realmOf = (epochs: EpochCache, row: MysqlRow | undefined, realm: Tag): EpochRecord | null =>
  sharedRecordOf(epochs, textOrNull(row?.[REALM_AT] ?? null), realm);

export function foundIn(epochs: EpochCache, row: MysqlRow, realm: EpochRecord | null): FoundSession {
  const [account = null, user = null, member = null] = row.slice(REALM_AT + 1, STATE_AT).map(textOrNull);
  return foundOf(epochs, sessionOf(idOf(row), textOf(row[1])), { account, user, member }, realm);
}

function sessionOf(id: string, text: string): SessionRecord {
  const [serial, lastUsedAt, bornText = '', renewedText = '', endedText, grantText, ...credential] = text.split('\n');
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
    credential: credential.join('\n'),
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
    client: grantText ? parseGrant(grantText) : null,
    federated: born.federated === undefined ? null : parseFederated(born.federated),
    ended: endedText ? (JSON.parse(endedText) as Ended) : null,
  };
}
