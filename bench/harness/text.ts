import type { GoalReached, RaceResult } from './race.ts';
import type { Table } from './section.ts';

/** Formats a number with three significant digits. */
export const digits = (value: number): string => {
  if (!Number.isFinite(value)) return '-';
  const rounded = Number(value.toPrecision(3));
  return rounded >= 1000 ? rounded.toLocaleString('en') : `${rounded}`;
};

/** Turns a race into a table. */
export function raceTable({ title, inFlight, clock, rows }: RaceResult): Table {
  return {
    title: inFlight === 1 ? title : `${title}, ${inFlight} in flight`,
    columns: [
      '',
      'µs',
      'µs of processor',
      `times the floor${clock === 'processor' ? ' (processor)' : ''}`,
      'quartiles',
    ],
    rows: rows.map(({ name, wall, ratio, processor }) => [
      ...[name, digits(wall.median), digits(processor.median), digits(ratio.median)],
      `${digits(ratio.low)} to ${digits(ratio.high)}`,
    ]),
  };
}

export function goalText({ of, to, atMost, ratio }: GoalReached): string {
  const met = ratio.median <= atMost ? 'met' : 'MISSED';
  // "6 times faster" says more than "0.167 times".
  return atMost < 0.5
    ? `${of}: ${digits(1 / ratio.median)} times as fast as ${to}; goal ${digits(1 / atMost)}: ${met}`
    : `${of}: ${digits(ratio.median)} times ${to}; goal ${digits(atMost)}: ${met}`;
}

export function tableText({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const lines = cells.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

export const raceText = (result: RaceResult): string =>
  [tableText(raceTable(result)), ...result.goals.map((goal) => `  ${goalText(goal)}`)].join('\n');
