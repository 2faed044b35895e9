import type { EndState, ListedSession } from '../../src/index.ts';
import type { Column } from './table.ts';
import { relativeTime, timeCell } from './times.ts';

export interface SessionColumns {
  readonly user?: boolean;
  readonly account?: boolean;
  readonly ended?: boolean;
}

/** The columns of a table of sessions. The id is never cut, because users pass it to `end`. */
export function sessionColumns(now: number, columns: SessionColumns): readonly Column<ListedSession>[] {
  const only = (wanted: boolean | undefined, column: Column<ListedSession>) => (wanted === true ? [column] : []);
  return [
    { title: 'ID', cell: ({ id }) => id },
    ...only(columns.user, { title: 'USER', cell: ({ user }) => user, cut: true }),
    ...only(columns.account, { title: 'ACCOUNT', cell: ({ account }) => account, cut: true }),
    { title: 'KIND', cell: ({ kind }) => kind },
    {
      title: 'DEVICE',
      cell: ({ client, device }) => (client === null ? device.label : `${client.name}, ${device.label}`),
      cut: true,
    },
    { title: 'IP', cell: ({ device }) => device.ip, wideOnly: true },
    {
      title: 'SIGNED IN',
      cell: ({ createdAt }) => timeCell(createdAt, now),
      short: ({ createdAt }) => relativeTime(createdAt, now),
    },
    {
      title: 'LAST USED',
      cell: ({ lastUsedAt }) => timeCell(lastUsedAt, now),
      short: ({ lastUsedAt }) => relativeTime(lastUsedAt, now),
    },
    ...only(columns.ended, { title: 'STATE', cell: ({ end }) => stateOf(end, now), cut: true }),
  ];
}

function stateOf(end: EndState | null, now: number): string {
  if (end === null) return 'live';
  if (end.reason === 'expired') return `expired ${relativeTime(end.at, now)}`;
  const mark = end.reason === 'ended' ? end.ended : end.revocation;
  if (mark === null) return end.reason;
  const said = [mark.reason === null ? '' : `: ${mark.reason}`, mark.by === null ? '' : `, by ${mark.by}`];
  const scope = end.reason === 'revoked' && end.revocation !== null ? ` (${end.revocation.scope})` : '';
  return `${end.reason}${scope} ${relativeTime(mark.at, now)}${said.join('')}`;
}
