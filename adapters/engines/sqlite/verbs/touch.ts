import type { Touch } from '../../../../src/adapter.ts';
import type { Context } from '../context.ts';

export function touch({ database, statements }: Context, touches: readonly Touch[], now: () => number): void {
  database.writeSoon(() => {
    for (const { id, user, at } of touches) statements.touch(at, id, user, at, Math.max(at, now()));
  });
}
