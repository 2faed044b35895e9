import {
  type FoundSession,
  parseEpoch,
  type SessionDevice,
  type SessionRecord,
  type VersionedEpoch,
} from '../../../src/index.ts';
import { parseJson } from './json.ts';
import type { Row } from './statement.ts';

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

/** Behind it, the texts of the records that the session is judged by. */
type FoundRow = readonly [
  ...SessionRow,
  realmRecord: string | null,
  accountRecord: string | null,
  userRecord: string | null,
];

/** A session as it is inserted. */
export function rowOf({ stamps, device, ended, ...session }: SessionRecord): SessionRow {
  return [
    session.id,
    session.realm,
    session.user,
    session.account,
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
    device.label,
    device.browser,
    device.os,
    device.type,
    device.ip,
    session.deviceTag,
    ended?.at ?? null,
    ended?.by ?? null,
    ended?.reason ?? null,
    ended?.from ?? null,
  ];
}

/** A session and what it is judged by. Every check makes one. */
export function foundOf(row: Row): FoundSession {
  // biome-ignore format: one line per line of COLUMNS
  const [
    id, realm, user, account, userTag, accountTag, kind, hash, serial,
    realmStamp, userStamp, accountStamp, memberStamp,
    createdAt, authenticatedAt, lastUsedAt, expiresAt, idle,
    amr, attributes, label, browser, os, type, ip, deviceTag,
    endedAt, endedBy, endedReason, endedFrom,
    realmRecord, accountRecord, userRecord,
  ] = row as FoundRow;
  return {
    session: {
      id,
      realm,
      user,
      account,
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
      device: { label, browser, os, type, ip },
      deviceTag,
      attributes: parseJson(attributes) as SessionRecord['attributes'],
      ended: endedAt === null ? null : { at: endedAt, by: endedBy, reason: endedReason, from: endedFrom },
    },
    epochs: {
      realm: realmRecord === null ? null : parseEpoch(realmRecord),
      account: accountRecord === null ? null : parseEpoch(accountRecord),
      user: userRecord === null ? null : parseEpoch(userRecord),
    },
  };
}

/** A record and its version, by position. */
export const epochOf = ([record, version]: Row): VersionedEpoch => ({
  record: parseEpoch(record as string),
  version: version as number,
});
