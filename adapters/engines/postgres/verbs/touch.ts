import type { Touch } from '../../../../src/adapter.ts';
import { retryLocked } from '../../sql/retry-locked.ts';
import type { Context } from '../context.ts';

export async function touch({ ask, statements }: Context, touches: readonly Touch[], now: () => number): Promise<void> {
  for (const round of rounds(touches)) {
    await retryLocked(round, async (uses) => {
      const [ids, users] = [uses.map(({ id }) => id), uses.map(({ user }) => user)];
      const locked = await ask(
        statements.touch,
        ids,
        users,
        uses.map(({ at }) => `${at}`),
        `${now()}`,
      );
      return locked.flatMap(([place]) => uses[Number(place) - 1] ?? []);
    });
  }
}

/** Splits uses into rounds. Each round has a session once, earlier uses first: one use may make the next valid. */
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
