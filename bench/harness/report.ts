import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peerVersions } from './peers.ts';
import { plot, plotLines } from './plot.ts';
import type { SectionResult } from './results.ts';
import type { Table } from './section.ts';
import { goalText, raceTable } from './text.ts';

const DOCS = 'docs';
const PAGE = 'benchmarks.md';
const isPlot = (file: string): boolean => /^benchmarks-.*\.svg$/.test(file);

const METHOD = `<!-- \`npm run bench -- --report\` writes this page. Change the sections in bench/ instead. -->

# Benchmarks

This page is written by \`npm run bench -- --report\`. Its figures come from there and from nowhere else.

## Method

- Each contender has a process of its own, as it would in an app. One contender works at a time.
- The contenders take turns in blocks of about 60 ms, in another random order in each round. Before the first round, each of them works until V8
  has compiled it.
- A ratio compares two blocks of the same round. The tables give the median of the rounds and the quartiles. Garbage collection counts.
- The first row of a table is its floor: the least work that gives the same answer, written out by hand. "Times the floor" is better than a time: it
  hardly depends on the machine.
- Work that waits for nothing is compared by processor time. Work that asks a server is compared by elapsed time, and requests to
  an app by the processor time of the app.
- The servers run on the same machine, so a round trip costs less than in production, and the library's share of it is larger.
`;

/** Writes the report page and its plots. */
export function writeReport(results: readonly SectionResult[]): void {
  for (const file of readdirSync(DOCS).filter(isPlot)) rmSync(join(DOCS, file));
  const chapters = results.map(chapter);
  writeFileSync(join(DOCS, PAGE), [METHOD, environment(results), missed(results), ...chapters].join('\n'));
}

function environment(results: readonly SectionResult[]): string {
  if (results.length === 0) return 'No section is measured yet.\n';
  const installed = (name: string): string => {
    const { version } = JSON.parse(readFileSync(join('node_modules', name, 'package.json'), 'utf8'));
    return `${name} ${version}`;
  };
  const clients = ['pg', 'mysql2', 'ioredis', 'redis', 'libsql', 'express', 'fastify', 'koa'].map(installed);
  const peers = Object.entries(peerVersions).map(([name, version]) => `${name} ${version}`);
  const rows = results.map(({ name, commit, at, seconds, machine }) => [
    ...[name, commit, at.slice(0, 10), machine.node, machine.processor, machine.load, `${seconds} s`],
  ]);
  const columns = ['section', 'commit', 'day', 'Node', 'machine', 'load', 'took'];
  return `## Where and when

${markdown({ title: '', columns, rows })}
Compared with: ${peers.join(', ')}. Clients and frameworks: ${clients.join(', ')}.
`;
}

/** Lists the missed goals. The chapters explain them. */
function missed(results: readonly SectionResult[]): string {
  if (results.length === 0) return '';
  const lines = results.flatMap(({ title, races }) =>
    races.flatMap((race) =>
      race.goals
        .filter(({ ratio, atMost }) => !(ratio.median <= atMost))
        .map((goal) => `- ${title}, ${raceTable(race).title}: ${goalText(goal)}`),
    ),
  );
  return `## Where the library is slower than its goals\n\n${lines.length === 0 ? 'Nowhere.' : lines.join('\n')}\n`;
}

function chapter({ name, title, about, races, tables }: SectionResult): string {
  const parts = races.map((race, nth) => {
    const table = raceTable(race);
    const goals = race.goals.map((goal) => `- ${goalText(goal)}`).join('\n');
    const isPlotted = race.rows.length > 3 && races.findIndex(({ title }) => title === race.title) === nth;
    const file = `benchmarks-${name}-${nth + 1}.svg`;
    if (isPlotted) writeFileSync(join(DOCS, file), plot({ ...race, title: table.title }));
    const image = isPlotted ? `![${table.title}](${file})\n\n` : '';
    return `### ${table.title}\n\n${image}${markdown(table)}\n${goals}\n`;
  });
  const others = tables.map((table, nth) => {
    const file = `benchmarks-${name}-table-${nth + 1}.svg`;
    if (table.lines !== undefined) writeFileSync(join(DOCS, file), plotLines(table.title, table.lines));
    const image = table.lines === undefined ? '' : `![${table.title}](${file})\n\n`;
    return `### ${table.title}\n\n${image}${markdown(table)}`;
  });
  return [`## ${title}\n\n${about}\n`, ...parts, ...others].join('\n');
}

function markdown({ columns, rows }: Table): string {
  const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |\n`;
  return [line(columns), line(columns.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('');
}
