import type { Touch } from '../../../../src/adapter.ts';
import type { Contents } from '../contents.ts';

export function touch(contents: Contents, touches: readonly Touch[], now: () => number): void {
  const { rows } = contents;
  for (const { id, user, at } of touches) {
    const slot = contents.slotOf({ id, user });
    if (slot !== undefined && rows.isOpen(slot, Math.max(at, now()))) rows.use(slot, at);
  }
}
