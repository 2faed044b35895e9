import {
  type Advance,
  type AuditRecord,
  type Ended,
  type EndRef,
  endOf,
  expiryOf,
  formatEpoch,
  formatGrant,
  memberTag,
  type Renewal,
  type SessionRecord,
  type Tag,
  type UserWrite,
} from '../../../../src/adapter.ts';
import { markOf, rowOf } from '../../sql/session-rows.ts';
import { toColumn } from '../../sql/values.ts';
import type { Context } from '../context.ts';
import { isDuplicate } from '../errors.ts';
import { windowOf } from '../statements/fragments.ts';
import { endingsOf, entriesOf, parameter, parameters } from '../values.ts';

export async function add(
  { ask, statements }: Context,
  session: SessionRecord,
  { ifVersion, ending, keepUntil, audit }: UserWrite,
): Promise<'added' | 'conflict'> {
  try {
    const [row] = await ask(
      statements.add,
      ...parameters(rowOf(session)),
      ...[parameter(windowOf(endOf(session))), endingsOf(ending), entriesOf(audit, ending)],
      ...[parameter(ifVersion), parameter(keepUntil)],
    );
    return Number(row?.[0]) > 0 ? 'added' : 'conflict';
  } catch (error) {
    if (isDuplicate(error)) return 'conflict';
    throw error;
  }
}

export async function renew(
  { ask, statements }: Context,
  renewal: Renewal,
): Promise<'renewed' | 'not-live' | 'conflict'> {
  const { session, ifCredential, ifVersion, now, moves, ending, keepUntil, audit } = renewal;
  const { id, userTag, stamps } = session;
  const [row] = await ask(
    statements.renew,
    ...[id, userTag, ifCredential, parameter(now), parameter(ifVersion), moves ? '1' : '0'],
    ...[endingsOf(ending), entriesOf(audit, ending), parameter(keepUntil), parameter(windowOf(expiryOf(session)))],
    ...[session.credential, parameter(session.serial), toColumn(session.account), session.accountTag],
    ...[stamps.account, stamps.member],
    ...parameters([session.authenticatedAt, session.lastUsedAt, session.expiresAt, session.idle]),
    ...[JSON.stringify(session.amr), JSON.stringify(session.attributes)],
    session.client && formatGrant(session.client),
  );
  const [renewed, matched, living] = (row ?? []).map(Number);
  if (renewed === 1) return 'renewed';
  return matched === 0 && living === 1 ? 'conflict' : 'not-live';
}

export async function end(
  { ask, statements }: Context,
  { id, user, account, ifUnusedSince }: EndRef,
  ended: Ended,
  audit: readonly AuditRecord[],
): Promise<boolean> {
  const [row] = await ask(
    statements.end,
    ...[id, user, account === undefined ? '1' : '0', account ?? null],
    ...[...parameters(markOf(ended)), parameter(windowOf(ended.at)), entriesOf(audit)],
    parameter(ifUnusedSince),
  );
  return Number(row?.[0]) > 0;
}

export async function advance(
  { ask, statements }: Context,
  tag: Tag,
  { record, member, ifMemberVersion, ifVersion, now, keepUntil, initiator, audit }: Advance,
): Promise<'advanced' | 'conflict' | 'not-live'> {
  const values = [tag, parameter(ifVersion), formatEpoch(record), parameter(keepUntil), entriesOf(audit)];
  if (member !== undefined) values.push(memberTag(tag, member), parameter(ifMemberVersion));
  const rotation = initiator && [initiator.id, initiator.ifCredential, now, initiator.credential, initiator.serial];
  const [row] = await ask(
    statements[`advance${member === undefined ? '' : 'Member'}${initiator === undefined ? '' : 'For'}`],
    ...values,
    ...parameters(rotation ?? []),
  );
  const [matched, advanced] = row ?? [];
  if (Number(advanced) > 0) return 'advanced';
  return Number(matched) > 0 ? 'not-live' : 'conflict';
}

export async function deleteSessions({ ask, statements }: Context, user: Tag, limit: number): Promise<number> {
  const [row] = await ask(statements.removeOf, user, parameter(limit));
  return Number(row?.[0]);
}
