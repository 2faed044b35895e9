import type { ChangesPower } from '../../../src/adapter.ts';
import type { Context } from './context.ts';

export const changesPower = (open: () => Context): ChangesPower => ({
  isSynchronous: true,
  since(position) {
    const { database, changes } = open();
    const { version, isOwn } = database.standing();
    changes.compare(version, isOwn);
    return changes.since(position);
  },
});
