import type { Tag } from '../../../src/index.ts';
import { NOTE_DATE, SET_DATE } from './lua/upkeep.ts';
import { Call } from './script.ts';
import type { Server } from './server.ts';
import { type Place, placesOf } from './walk.ts';

/**
 * Dates are what pruning goes by: for each user a time before which none of their sessions is over by itself, for each
 * record one until which it is kept at least. Uses only ever move the truth to later, so a date is never too late, and
 * often too early: then it is set anew. Where one is lost with the process that was about to note it, the server's own
 * expiry removes what it stood for. Answers some that were due at `longDue` already, none for `null`.
 */
export async function noteDate(
  server: Server,
  dates: string,
  member: Tag,
  date: number,
  longDue: number | null,
): Promise<readonly Place[]> {
  const call = new Call().key(dates).arg(member, Math.floor(date), longDue === null ? '-inf' : Math.floor(longDue));
  return placesOf(await server.run(NOTE_DATE, call));
}

/** Sets the next date of a member, none for `null`, unless somebody noted another one since it was seen. */
export async function setDate(
  server: Server,
  dates: string,
  { member, score }: Place,
  next: number | null,
): Promise<void> {
  await server.run(SET_DATE, new Call().key(dates).arg(member, score, next === null ? '' : Math.floor(next)));
}

/** Whose dates are at this time or before, the earliest first. */
export async function dueAt(server: Server, dates: string, time: number, limit: number): Promise<readonly Place[]> {
  const range = ['-inf', String(time), 'BYSCORE', 'LIMIT', '0', String(limit), 'WITHSCORES'];
  return placesOf(await server.ask(dates, 'ZRANGE', dates, ...range));
}
