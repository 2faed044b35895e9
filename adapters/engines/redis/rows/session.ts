import {
  type Ended,
  formatFederated,
  formatGrant,
  parseFederated,
  parseGrant,
  type SessionRecord,
  type Tag,
} from '../../../../src/adapter.ts';
import type { SessionDevice } from '../../../../src/index.ts';
import { lineOf, numberLine, numberOrNothing, textOrNull } from './text.ts';

/**
 * Returns the stored form of a session. The key contains the id and the user's tag. The value has these lines:
 *
 * 1. Lines that scripts compare and write: credential, serial, creation, last use, expiry, idle lifetime, retention,
 * authentication, tombstone (a JSON array). All times except the creation are relative to it. See `scripts/session.ts`.
 * 2. Lines that a renewal also replaces: methods, attributes, account, its tag, the stamps of account and member, and
 * the client.
 * 3. Lines that never change. Empty lines at the end are left out.
 *
 * Default values are empty lines. A session takes about 180 bytes, half as much as JSON.
 */
export function sessionValue(session: SessionRecord, retention: number): string {
  const { createdAt, ended } = session;
  const since = (time: number | null): string => (time === null ? '' : numberLine(time - createdAt));
  const times = [since(session.lastUsedAt), since(session.expiresAt), numberOrNothing(session.idle)];
  const authenticated = session.authenticatedAt === createdAt ? '' : since(session.authenticatedAt);
  const head = [
    ...[lineOf(session.credential), numberLine(session.serial), String(createdAt), ...times, numberLine(retention)],
    ...[authenticated, ended === null ? '' : endedLine(ended)],
  ];
  return `${head.join('\n')}\n${renewableLines(session)}${fixedLines(session)}`;
}

/**
 * Returns the lines that a renewal replaces. They must not refer to other lines, which may have changed in the store.
 */
export function renewableLines(session: SessionRecord): string {
  const { amr, attributes, account, accountTag, stamps, client } = session;
  const hasAttributes = Object.keys(attributes).length > 0;
  const lines = [amrLine(amr), hasAttributes ? JSON.stringify(attributes) : '', lineOf(account), lineOf(accountTag)];
  const stampLines = [lineOf(stamps.account), lineOf(stamps.member)];
  return `${[...lines, ...stampLines, client === null ? '' : formatGrant(client)].join('\n')}\n`;
}

function fixedLines({ realm, user, kind, stamps, device, deviceTag, federated }: SessionRecord): string {
  const { browser, os, type, ip, label } = device;
  const lines = [
    ...[
      lineOf(realm),
      lineOf(user),
      kind === USUAL_KIND ? '' : lineOf(kind),
      lineOf(stamps.realm),
      lineOf(stamps.user),
    ],
    ...[lineOf(browser), lineOf(os), type === USUAL_TYPE ? '' : lineOf(type), lineOf(ip)],
    ...[label === usualLabel(browser, os) ? '' : lineOf(label), lineOf(deviceTag)],
    federated === null ? '' : formatFederated(federated),
  ];
  return lines.join('\n').replace(/\n+$/, '');
}

const USUAL_KIND = 'browser';
const USUAL_TYPE = 'desktop';
const usualLabel = (browser: string | null, os: string | null): string => `${browser} on ${os}`;

export const endedLine = ({ at, by, reason, fromDevice }: Ended): string =>
  JSON.stringify([at, by, reason, fromDevice]);

const PLAIN_METHODS = /^[\w-]+(?: [\w-]+)*$/;

function amrLine(amr: readonly string[]): string {
  if (amr.length === 0) return '';
  const plain = amr.join(' ');
  return PLAIN_METHODS.test(plain) && !amr.some((method) => method.includes(' ')) ? plain : JSON.stringify(amr);
}

function amrOf(line: string): readonly string[] {
  if (line === '') return [];
  return line.startsWith('[') ? (JSON.parse(line) as string[]) : line.split(' ');
}

/** Parses the stored form of a session. Reads the lines by position and without a closure, for speed. */
export function sessionOf(value: string, id: string, userTag: Tag): SessionRecord {
  const lines = value.split('\n');
  if (lines.length <= USER_STAMP) throw new Error('a session is malformed');
  const createdAt = Number(lines[2]);
  const browser = textOrNull(lines[21]);
  const os = textOrNull(lines[22]);
  return {
    id,
    realm: textOrNull(lines[16]) ?? '',
    user: textOrNull(lines[17]) ?? '',
    account: textOrNull(lines[11]),
    userTag,
    accountTag: textOrNull(lines[12]),
    kind: textOrNull(lines[18]) ?? USUAL_KIND,
    credential: textOrNull(lines[0]) ?? '',
    serial: Number(lines[1]),
    stamps: {
      realm: textOrNull(lines[19]) ?? '',
      user: textOrNull(lines[USER_STAMP]) ?? '',
      account: textOrNull(lines[13]),
      member: textOrNull(lines[14]),
    },
    createdAt,
    authenticatedAt: lines[7] ? createdAt + Number(lines[7]) : createdAt,
    lastUsedAt: createdAt + Number(lines[3]),
    expiresAt: lines[4] ? createdAt + Number(lines[4]) : null,
    idle: lines[5] ? Number(lines[5]) : null,
    amr: amrOf(lines[9] ?? ''),
    device: {
      label: textOrNull(lines[25]) ?? usualLabel(browser, os),
      browser,
      os,
      type: (textOrNull(lines[23]) ?? USUAL_TYPE) as SessionDevice['type'],
      ip: textOrNull(lines[24]),
    },
    deviceTag: textOrNull(lines[26]),
    attributes: lines[10] ? (JSON.parse(lines[10]) as SessionRecord['attributes']) : NONE,
    client: lines[15] ? parseGrant(lines[15]) : null,
    federated: lines[27] ? parseFederated(lines[27]) : null,
    ended: lines[8] ? endedOf(lines[8]) : null,
  };
}

const USER_STAMP = 20;

const NONE: SessionRecord['attributes'] = Object.freeze({});

function endedOf(line: string): Ended {
  const [at, by, reason, from] = JSON.parse(line) as [number, string | null, string | null, string | null];
  return { at, by, reason, fromDevice: from };
}
