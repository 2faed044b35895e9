import type { Touch } from '../../../src/index.ts';
import type { Ask } from './prepared.ts';
import type { Statements } from './statements.ts';

/** How long those that somebody else has locked are tried again, in ms: each a verb's while. */
const WAITS: readonly number[] = [2, 5, 15, 40, 100, 200];

/**
 * Notes uses. A session that somebody else has locked is tried again a few times, for a third of a second in all; one that
 * is locked for longer (by a transaction of the app's) goes without the note, since nothing hangs on it, and the next use is
 * noted anyway.
 */
export async function touch(ask: Ask, statements: Statements, touches: readonly Touch[]): Promise<void> {
  for (const round of rounds(touches)) {
    let left = round;
    for (let tries = 0; ; tries++) {
      const [ids, users, times] = [
        left.map(({ id }) => id),
        left.map(({ user }) => user),
        left.map(({ at }) => `${at}`),
      ];
      const locked = await ask(statements.touch, ids, users, times);
      left = locked.flatMap(([place]) => left[Number(place) - 1] ?? []);
      const wait = WAITS[tries];
      if (left.length === 0 || wait === undefined) break;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Touches in rounds in which each session stands once, the earlier use before the later: the one may allow the other. */
function rounds(touches: readonly Touch[]): readonly (readonly Touch[])[] {
  const all: Touch[][] = [[]];
  const times = new Map<string, number>();
  for (const each of [...touches].sort((one, other) => one.at - other.at)) {
    const time = times.get(each.id) ?? 0;
    times.set(each.id, time + 1);
    const round = all[time] ?? [];
    round.push(each);
    all[time] = round;
  }
  return all;
}
