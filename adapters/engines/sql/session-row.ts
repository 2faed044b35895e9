import {
  type Ended,
  type EpochRecord,
  parseEpoch,
  parseJson,
  type SessionDevice,
  type SessionRecord,
  type Tag,
  type VersionedEpoch,
} from '../../../src/index.ts';
import type { Row } from './row.ts';
import { fromColumn, toColumn } from './text.ts';

/** The columns of a session, in the order of {@link SessionRow}. */
export const COLUMNS: readonly string[] = `
  id realm user account user_tag account_tag kind hash serial
  realm_stamp user_stamp account_stamp member_stamp
  created_at authenticated_at last_used_at expires_at idle
  amr attributes device browser os device_type ip device_tag
  ended_at ended_by ended_reason ended_from
`
  .trim()
  .split(/\s+/);

/** A session by position. */
type SessionRow = readonly [
  id: string,
  realm: string,
  user: string,
  account: string | null,
  userTag: string,
  accountTag: string | null,
  kind: string,
  hash: string,
  serial: number,
  realmStamp: string,
  userStamp: string,
  accountStamp: string | null,
  memberStamp: string | null,
  createdAt: number,
  authenticatedAt: number,
  lastUsedAt: number,
  expiresAt: number | null,
  idle: number | null,
  amr: string,
  attributes: string,
  label: string,
  browser: string | null,
  os: string | null,
  type: SessionDevice['type'],
  ip: string | null,
  deviceTag: string | null,
  endedAt: number | null,
  endedBy: string | null,
  endedReason: string | null,
  endedFrom: string | null,
];

/** A session as it is inserted. */
export function rowOf({ stamps, device, ended, ...session }: SessionRecord): SessionRow {
  return [
    session.id,
    toColumn(session.realm),
    toColumn(session.user),
    toColumn(session.account),
    session.userTag,
    session.accountTag,
    session.kind,
    session.hash,
    session.serial,
    stamps.realm,
    stamps.user,
    stamps.account,
    stamps.member,
    session.createdAt,
    session.authenticatedAt,
    session.lastUsedAt,
    session.expiresAt,
    session.idle,
    JSON.stringify(session.amr),
    JSON.stringify(session.attributes),
    toColumn(device.label),
    toColumn(device.browser),
    toColumn(device.os),
    device.type,
    toColumn(device.ip),
    session.deviceTag,
    ended?.at ?? null,
    toColumn(ended?.by ?? null),
    toColumn(ended?.reason ?? null),
    toColumn(ended?.from ?? null),
  ];
}

/** A record from its text, or `null` where there is none. */
export const recordOf = (text: unknown, tag?: Tag | null): EpochRecord | null =>
  text === null ? null : parseEpoch(text as string, tag ?? undefined);

/** A session alone. */
export function sessionOf(row: Row): SessionRecord {
  // biome-ignore format: one line per line of COLUMNS
  const [
    id, realm, user, account, userTag, accountTag, kind, hash, serial,
    realmStamp, userStamp, accountStamp, memberStamp,
    createdAt, authenticatedAt, lastUsedAt, expiresAt, idle,
    amr, attributes, label, browser, os, type, ip, deviceTag,
    endedAt, endedBy, endedReason, endedFrom,
  ] = row as unknown as SessionRow;
  return {
    id,
    realm: fromColumn(realm),
    user: fromColumn(user),
    account: fromColumn(account),
    userTag,
    accountTag,
    kind,
    hash,
    serial,
    stamps: { realm: realmStamp, user: userStamp, account: accountStamp, member: memberStamp },
    createdAt,
    authenticatedAt,
    lastUsedAt,
    expiresAt,
    idle,
    amr: parseJson(amr) as string[],
    device: {
      label: fromColumn(label),
      browser: fromColumn(browser),
      os: fromColumn(os),
      type,
      ip: fromColumn(ip),
    },
    deviceTag,
    attributes: parseJson(attributes) as SessionRecord['attributes'],
    ended:
      endedAt === null
        ? null
        : {
            at: endedAt,
            by: fromColumn(endedBy),
            reason: fromColumn(endedReason),
            from: fromColumn(endedFrom),
          },
  };
}

/** A tombstone, as it is written over a session. */
export const markOf = ({ at, by, reason, from }: Ended): readonly [number, ...(string | null)[]] => [
  at,
  toColumn(by),
  toColumn(reason),
  toColumn(from),
];

/** A record and its version, by position. */
export const epochOf = ([record, version]: Row): VersionedEpoch => ({
  record: parseEpoch(record as string),
  version: version as number,
});
