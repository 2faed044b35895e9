import type { ChangesPower, Tag } from '../../../src/adapter.ts';
import type { Context } from './context.ts';
import { MAX_TOLD } from './statements/changes.ts';

/** The position before every change. */
const UNKNOWN = { xid: '0', id: '00000000-0000-0000-0000-000000000000', running: '' } as const;

const POSITION =
  /^(?<xid>\d{1,20}):(?<id>[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}):(?<running>(?:\d{1,20},)*\d{0,20})$/;

export const changesPower = ({ askReliable, statements }: Context): ChangesPower => ({
  async since(position) {
    const { xid, id, running } = (POSITION.exec(position ?? '')?.groups ?? UNKNOWN) as Record<
      keyof typeof UNKNOWN,
      string
    >;
    const [row] = await askReliable(statements.changesSince, xid, id, running.split(',').filter(Boolean));
    const [newest, newestId, stillRunning, known, told] = row ?? [];
    const tags = JSON.parse(String(told ?? '[]')) as readonly (Tag | null)[];
    const isKnown = Number(known) === 1 && tags.length <= MAX_TOLD;
    return {
      tags: isKnown && tags.every((tag) => tag !== null) ? tags : null,
      position: `${newest ?? 0}:${newestId ?? UNKNOWN.id}:${stillRunning ?? ''}`,
    };
  },
});
