import type { Tag } from '../../../../src/adapter.ts';
import type { Server } from '../connection.ts';
import { Call } from '../scripts/script.ts';
import { NOTE_DATE, SET_DATE } from '../scripts/upkeep.ts';
import { type Position, positionsOf } from './scan.ts';

/**
 * Records the date on which pruning looks at a user or at a record. Before a user's date, none of their sessions is
 * over by itself. A record is kept at least until its date. Dates are never too late, and often too early; pruning then
 * sets them again. If a process dies before it records a date, the server's own expiry removes the data.
 *
 * Returns some members that were already due at `longDue`; none for `null`.
 */
export async function noteDate(
  server: Server,
  dates: string,
  member: Tag,
  date: number,
  longDue: number | null,
): Promise<readonly Position[]> {
  const call = new Call().key(dates).arg(member, Math.floor(date), longDue === null ? '-inf' : Math.floor(longDue));
  return positionsOf(await server.run(NOTE_DATE, call));
}

/** Replaces a date; `null` removes it. Does nothing if another date was recorded since the caller read this one. */
export async function setDate(
  server: Server,
  dates: string,
  { member, score }: Position,
  next: number | null,
): Promise<void> {
  await server.run(SET_DATE, new Call().key(dates).arg(member, score, next === null ? '' : Math.floor(next)));
}

export async function dueAt(server: Server, dates: string, time: number, limit: number): Promise<readonly Position[]> {
  const range = ['-inf', String(time), 'BYSCORE', 'LIMIT', '0', String(limit), 'WITHSCORES'];
  return positionsOf(await server.ask(dates, 'ZRANGE', dates, ...range));
}
