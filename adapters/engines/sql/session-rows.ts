import {
  type Ended,
  type EpochCache,
  type EpochRecord,
  formatFederated,
  formatGrant,
  parseEpoch,
  parseFederated,
  parseGrant,
  type SessionRecord,
  type Tag,
  type VersionedEpoch,
} from '../../../src/adapter.ts';
import type { SessionDevice } from '../../../src/index.ts';
import { fromColumn, type Row, toColumn } from './values.ts';

/** Columns of a session, in the order of {@link SessionRow}. */
export const COLUMNS: readonly string[] = `
  id realm user account user_tag account_tag kind credential serial
  realm_stamp user_stamp account_stamp member_stamp
  created_at authenticated_at last_used_at expires_at idle
  amr attributes client federated device browser os device_type ip device_tag
  ended_at ended_by ended_reason ended_from
`
  .trim()
  .split(/\s+/);

type SessionRow = readonly [
  id: string,
  realm: string,
  user: string,
  account: string | null,
  userTag: string,
  accountTag: string | null,
  kind: string,
  credential: string,
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
  client: string | null,
  federated: string | null,
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

export function rowOf({ stamps, device, ended, ...session }: SessionRecord): SessionRow {
  return [
    session.id,
    toColumn(session.realm),
    toColumn(session.user),
    toColumn(session.account),
    session.userTag,
    session.accountTag,
    session.kind,
    session.credential,
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
    session.client && formatGrant(session.client),
    session.federated && formatFederated(session.federated),
    toColumn(device.label),
    toColumn(device.browser),
    toColumn(device.os),
    device.type,
    toColumn(device.ip),
    session.deviceTag,
    ended?.at ?? null,
    toColumn(ended?.by ?? null),
    toColumn(ended?.reason ?? null),
    toColumn(ended?.fromDevice ?? null),
  ];
}

export const recordOf = (text: unknown): EpochRecord | null =>
  text === null || text === undefined ? null : parseEpoch(text as string);

/** Parses the record of a realm or an account. Many sessions share it, so `epochs` remembers the result. */
export const sharedRecordOf = (epochs: EpochCache, text: unknown, tag: Tag | null): EpochRecord | null =>
  text === null || text === undefined ? null : epochs.get(text as string, tag ?? '');

export function sessionOf(row: Row): SessionRecord {
  // biome-ignore format: one line per line of COLUMNS
  const [
    id, realm, user, account, userTag, accountTag, kind, credential, serial,
    realmStamp, userStamp, accountStamp, memberStamp,
    createdAt, authenticatedAt, lastUsedAt, expiresAt, idle,
    amr, attributes, client, federated, label, browser, os, type, ip, deviceTag,
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
    credential,
    serial,
    stamps: { realm: realmStamp, user: userStamp, account: accountStamp, member: memberStamp },
    createdAt,
    authenticatedAt,
    lastUsedAt,
    expiresAt,
    idle,
    amr: JSON.parse(amr) as string[],
    device: {
      label: fromColumn(label),
      browser: fromColumn(browser),
      os: fromColumn(os),
      type,
      ip: fromColumn(ip),
    },
    deviceTag,
    attributes: JSON.parse(attributes) as SessionRecord['attributes'],
    client: client === null ? null : parseGrant(client),
    federated: federated === null ? null : parseFederated(federated),
    ended:
      endedAt === null
        ? null
        : {
            at: endedAt,
            by: fromColumn(endedBy),
            reason: fromColumn(endedReason),
            fromDevice: fromColumn(endedFrom),
          },
  };
}

export const markOf = ({ at, by, reason, fromDevice }: Ended): readonly [number, ...(string | null)[]] => [
  at,
  toColumn(by),
  toColumn(reason),
  toColumn(fromDevice),
];

export const epochOf = ([record, version]: Row): VersionedEpoch => ({
  record: parseEpoch(record as string),
  version: version as number,
});
