import { type Ended, parseJson, Recent, type SessionDevice, type SessionRecord, type Tag } from '../../../src/index.ts';
import { lineOf, numberLine, numberOrNothing, textOrNull } from './text.ts';

/**
 * A session is one string of lines. Where it stands says its id and its user's tag.
 *
 * 1. What scripts compare and write: hash, serial, creation, last use, expiry, idle lifetime, retention, authentication,
 *    tombstone (a JSON array). All times but the creation count from it. See `lua/session.ts`.
 * 2. What a renewal may change beside these: methods, attributes, account, its tag, the stamps of account and member.
 * 3. What never changes. Empty lines at its end are left out.
 *
 * What is usual is an empty line: a session takes about 180 bytes, half of what JSON would.
 */
export function sessionValue(session: SessionRecord, retention: number): string {
  const { createdAt, ended, stamps } = session;
  const since = (time: number | null): string => (time === null ? '' : numberLine(time - createdAt));
  const times = [since(session.lastUsedAt), since(session.expiresAt), numberOrNothing(session.idle)];
  const authenticated = session.authenticatedAt === createdAt ? '' : since(session.authenticatedAt);
  const head = [
    ...[lineOf(session.hash), numberLine(session.serial), String(createdAt), ...times, numberLine(retention)],
    ...[authenticated, ended === null ? '' : endedLine(ended)],
  ];
  const isUsual = stamps.member !== null && stamps.member === stamps.user;
  return `${head.join('\n')}\n${renewableLines(session, isUsual ? SAME_AS_USER : null)}${fixedLines(session)}`;
}

/** Stands for a member's stamp that is the user's. A text is never just that: its quotes would be escaped. */
const SAME_AS_USER = '"';

/** The lines that a renewal replaces. Nothing in them refers to the others: those may differ from what the renewal says. */
export function renewableLines(session: SessionRecord, memberLine: string | null = null): string {
  const { amr, attributes, account, accountTag, stamps } = session;
  const hasAttributes = Object.keys(attributes).length > 0;
  const lines = [amrLine(amr), hasAttributes ? JSON.stringify(attributes) : '', lineOf(account), lineOf(accountTag)];
  return `${[...lines, lineOf(stamps.account), memberLine ?? lineOf(stamps.member)].join('\n')}\n`;
}

function fixedLines({ realm, user, kind, stamps, device, deviceTag }: SessionRecord): string {
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
  ];
  return lines.join('\n').replace(/\n+$/, '');
}

const USUAL_KIND = 'browser';
const USUAL_TYPE = 'desktop';
const usualLabel = (browser: string | null, os: string | null): string => `${browser} on ${os}`;

/** A tombstone, as scripts write it. */
export const endedLine = ({ at, by, reason, from }: Ended): string => JSON.stringify([at, by, reason, from]);

const PLAIN_METHODS = /^[\w-]+(?: [\w-]+)*$/;

function amrLine(amr: readonly string[]): string {
  if (amr.length === 0) return '';
  const plain = amr.join(' ');
  return PLAIN_METHODS.test(plain) && !amr.some((method) => method.includes(' ')) ? plain : JSON.stringify(amr);
}

const METHODS = new Recent<readonly string[]>(512, 256);

function amrOf(line: string): readonly string[] {
  if (line.startsWith('[')) return parseJson(line) as string[];
  return METHODS.get(line) ?? METHODS.put(line, line === '' ? [] : line.split(' '));
}

/**
 * A session from its value. By position, and without a closure.
 * @throws `Error` for a value that is none: the store cannot find out who is signed in.
 */
export function sessionOf(value: string, id: string, userTag: Tag): SessionRecord {
  const lines = value.split('\n');
  if (lines.length <= USER_STAMP) throw new Error('a session is malformed');
  const createdAt = Number(lines[2]);
  const browser = textOrNull(lines[20]);
  const os = textOrNull(lines[21]);
  const stamp = textOrNull(lines[USER_STAMP]) ?? '';
  return {
    id,
    realm: textOrNull(lines[15]) ?? '',
    user: textOrNull(lines[16]) ?? '',
    account: textOrNull(lines[11]),
    userTag,
    accountTag: textOrNull(lines[12]),
    kind: textOrNull(lines[17]) ?? USUAL_KIND,
    hash: textOrNull(lines[0]) ?? '',
    serial: Number(lines[1]),
    stamps: {
      realm: textOrNull(lines[18]) ?? '',
      user: stamp,
      account: textOrNull(lines[13]),
      member: lines[14] === SAME_AS_USER ? stamp : textOrNull(lines[14]),
    },
    createdAt,
    authenticatedAt: lines[7] ? createdAt + Number(lines[7]) : createdAt,
    lastUsedAt: createdAt + Number(lines[3]),
    expiresAt: lines[4] ? createdAt + Number(lines[4]) : null,
    idle: lines[5] ? Number(lines[5]) : null,
    amr: amrOf(lines[9] ?? ''),
    device: {
      label: textOrNull(lines[24]) ?? usualLabel(browser, os),
      browser,
      os,
      type: (textOrNull(lines[22]) ?? USUAL_TYPE) as SessionDevice['type'],
      ip: textOrNull(lines[23]),
    },
    deviceTag: textOrNull(lines[25]),
    attributes: lines[10] ? (parseJson(lines[10]) as SessionRecord['attributes']) : NONE,
    ended: lines[8] ? endedOf(lines[8]) : null,
  };
}

const USER_STAMP = 19;

const NONE: SessionRecord['attributes'] = Object.freeze({});

function endedOf(line: string): Ended {
  const [at, by, reason, from] = JSON.parse(line) as [number, string | null, string | null, string | null];
  return { at, by, reason, from };
}
