import {
  type Advance,
  type AuditRecord,
  type Ended,
  type EndRef,
  endOf,
  formatEpoch,
  memberTag,
  type Renewal,
  type SessionRecord,
  type Tag,
  type UserWrite,
} from '../../../../src/adapter.ts';
import type { Context } from '../context.ts';
import type { Keys } from '../keys.ts';
import { keepLine } from '../rows/epoch.ts';
import { endedLine, renewableLines, sessionValue } from '../rows/session.ts';
import { lineOf, numberLine, numberOrNothing } from '../rows/text.ts';
import { Call } from '../scripts/script.ts';
import { ADD, ADVANCE, ADVANCE_FOR, END, REMOVE, RENEW } from '../scripts/verbs.ts';

export async function add(context: Context, session: SessionRecord, write: UserWrite): Promise<'added' | 'conflict'> {
  const { server, keys, journal, upkeep } = context;
  const { id, userTag } = session;
  const { now, retention, ifVersion, keepUntil, audit, ending } = write;
  const call = new Call()
    .key(keys.record(userTag), keys.marker(userTag), keys.session(userTag, id), keys.sessions(userTag))
    .arg(now, ifVersion ?? '', keepLine(keepUntil), sessionValue(session, retention), id);
  enterMembership(call, keys, userTag, session.accountTag);
  enter(call, context, userTag, write);

  await upkeep.announce(session, now, retention);
  const run = () => (ending.length === 0 ? server.run(ADD, call) : server.runForGood(ADD, call));
  const [[added, ids = []]] = (await Promise.all([
    journal.write(userTag, [...audit, ...ending.flatMap((one) => one.audit)], run),
    upkeep.noteSession(userTag, earliest(endOf(session), write), now, retention),
  ])) as [[unknown, string[]?], unknown];
  upkeep.tidy(userTag, ids);
  return Number(added) === 1 ? 'added' : 'conflict';
}

export async function renew(context: Context, renewal: Renewal): Promise<'renewed' | 'not-live' | 'conflict'> {
  const { server, keys, journal, upkeep } = context;
  const { session, ifCredential, ifVersion, now, retention, moves, keepUntil, audit, ending } = renewal;
  const { id, userTag } = session;
  const call = new Call()
    .key(keys.record(userTag), keys.marker(userTag), keys.session(userTag, id), keys.sessions(userTag))
    .arg(now, lineOf(ifCredential), ifVersion ?? '', keepLine(keepUntil), moves ? '1' : '0')
    .arg(lineOf(session.credential), numberLine(session.serial), session.lastUsedAt)
    .arg(session.expiresAt ?? '', numberOrNothing(session.idle), numberLine(retention))
    .arg(session.authenticatedAt, renewableLines(session));
  enterMembership(call, keys, userTag, session.accountTag);
  enter(call, context, userTag, renewal);

  // A renewal may move the session to another account and extend it, so announce it again.
  await upkeep.announce(session, now, retention);
  const [outcome] = await Promise.all([
    journal.write(userTag, [...audit, ...ending.flatMap((one) => one.audit)], () => server.runForGood(RENEW, call)),
    upkeep.noteSession(userTag, earliest(endOf(session), renewal), now, retention),
  ]);
  return outcome as 'renewed' | 'not-live' | 'conflict';
}

export async function end(
  { server, keys, journal, upkeep }: Context,
  { id, user, account, ifUnusedSince }: EndRef,
  ended: Ended,
  audit: readonly AuditRecord[],
): Promise<boolean> {
  const call = new Call()
    .key(keys.record(user), keys.marker(user), keys.session(user, id))
    .arg(endedLine(ended), account === undefined ? '1' : '0', lineOf(account ?? null), ifUnusedSince ?? '');
  journal.enter(call, user, audit);
  const [done] = await Promise.all([
    journal.write(user, audit, () => server.runForGood(END, call)),
    upkeep.noteSession(user, ended.at, ended.at, null),
  ]);
  return Number(done) === 1;
}

export async function advance(
  { server, keys, journal }: Context,
  tag: Tag,
  { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit }: Advance,
): Promise<'advanced' | 'conflict' | 'not-live'> {
  const call = new Call()
    .key(keys.record(tag), keys.marker(tag))
    .arg(now, ifVersion, keepLine(keepUntil), formatEpoch(record));
  enterMembership(call, keys, tag, member ?? null);
  call.arg(ifMemberVersion ?? '');
  if (initiator !== undefined) {
    call.key(keys.session(tag, initiator.id));
    call.arg(lineOf(initiator.ifCredential), lineOf(initiator.credential), numberLine(initiator.serial));
  }
  journal.enter(call, tag, audit);
  const script = initiator === undefined ? ADVANCE : ADVANCE_FOR;
  const outcome = await journal.write(tag, audit, () => server.runForGood(script, call));
  return outcome as 'advanced' | 'conflict' | 'not-live';
}

export async function deleteSessions({ server, keys }: Context, user: Tag, limit: number): Promise<number> {
  const indexes = [keys.sessions(user), keys.aside(user)];
  let removed = 0;
  for (const index of indexes) {
    while (removed < limit) {
      const ids = (await server.ask(index, 'ZRANGE', index, '0', String(limit - removed - 1))) as string[];
      if (ids.length === 0) break;
      const call = new Call().key(keys.record(user), keys.marker(user), ...indexes).arg(...ids);
      call.key(...ids.map((id) => keys.session(user, id)));
      removed += Number(await server.runForGood(REMOVE, call));
    }
  }
  return removed;
}

function enterMembership(call: Call, keys: Keys, user: Tag, account: Tag | null): void {
  call.arg(account ?? '');
  if (account !== null) call.key(keys.record(memberTag(user, account)), keys.memberships(user));
}

function enter(call: Call, { keys, journal }: Context, user: Tag, { audit, ending }: UserWrite): void {
  journal.enter(call, user, audit);
  call.arg(ending.length);
  for (const { id, ended, audit: told } of ending) {
    call.key(keys.session(user, id)).arg(endedLine(ended));
    journal.enter(call, user, told);
  }
}

/** Returns the earliest end of the written session and of the sessions that this write ends; `null` for never. */
function earliest(over: number | null, { ending }: UserWrite): number | null {
  const times = [over, ...ending.map(({ ended }) => ended.at)].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}
