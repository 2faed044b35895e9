import type { ChangesPower } from '../../../src/adapter.ts';
import type { Contents } from './contents.ts';

export const changesPower = (open: () => Contents): ChangesPower => ({
  isSynchronous: true,
  since: (position) => open().changes.since(position),
});
