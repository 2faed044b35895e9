import type { RaceResult } from './race.ts';
import type { Lines } from './section.ts';
import { digits } from './text.ts';

const ROW = 26;
const [LABELS, BARS, FIGURES] = [250, 400, 90];

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
rect { fill: #8c959f }
path { stroke: #d0d7de; fill: none }
.line { stroke: #0969da; stroke-width: 2 }
circle, .ours { fill: #0969da }
.title { font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
rect { fill: #6e7681 }
path { stroke: #3d444d }
.line { stroke: #4493f8 }
circle, .ours { fill: #4493f8 }
}
</style>`;

/** Draws a bar for each ratio to the floor. The scale is logarithmic, because ratios range from under 1 to hundreds. */
export function plot({ title, rows }: RaceResult): string {
  const ratios = rows.map(({ ratio }) => ratio.median);
  const [from, to] = [Math.min(...ratios, 1) / 2, Math.max(...ratios)];
  const lengthOf = (ratio: number): number => Math.round((BARS * Math.log(ratio / from)) / Math.log(to / from));
  const bars = rows.map(({ name, ratio }, nth) => {
    const [y, length] = [nth * ROW + 40, lengthOf(ratio.median)];
    const isOurs = name.startsWith('ours');
    return [
      `<text x="${LABELS - 8}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${LABELS}" y="${y + 3}" width="${length}" height="${ROW - 9}" rx="2"${isOurs ? ' class="ours"' : ''}/>`,
      `<text x="${LABELS + length + 6}" y="${y + 15}">${digits(ratio.median)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LABELS + BARS + FIGURES} ${rows.length * ROW + 50}" role="img">
<title>${escaped(title)}: times the floor, on a logarithmic scale; less is better</title>
${STYLE}
<text x="${LABELS}" y="22" class="title">${escaped(title)}: times the floor (logarithmic, less is better)</text>
${bars.join('\n')}
</svg>
`;
}

const [WIDTH, HEIGHT, LEFT, TOP] = [440, 260, 90, 50];
/** The least distance between the names of two lines. */
const APART = 16;

/** Draws a line for each series. Each line has its name at its end. */
export function plotLines(title: string, { of, at, unit, series }: Lines): string {
  const values = Object.values(series).flat();
  const decades = (all: readonly number[]): readonly [number, number] => [
    Math.floor(Math.log10(Math.min(...all))),
    Math.ceil(Math.log10(Math.max(...all))),
  ];
  const [[fromX, toX], [fromY, toY]] = [decades(at), decades(values)];
  const xOf = (value: number): number => Math.round(LEFT + (WIDTH * (Math.log10(value) - fromX)) / (toX - fromX));
  const yOf = (value: number): number =>
    Math.round(TOP + HEIGHT - (HEIGHT * (Math.log10(value) - fromY)) / (toY - fromY));
  const grid = Array.from({ length: toY - fromY + 1 }, (_, more) => 10 ** (fromY + more)).flatMap((value) => [
    `<path d="M${LEFT} ${yOf(value)}h${WIDTH}"/>`,
    `<text x="${LEFT - 8}" y="${yOf(value) + 4}" text-anchor="end">${value.toLocaleString('en')} ${unit}</text>`,
  ]);
  const points = at.map(
    (value) =>
      `<text x="${xOf(value)}" y="${TOP + HEIGHT + 22}" text-anchor="middle">${value.toLocaleString('en')}</text>`,
  );
  let above = Number.POSITIVE_INFINITY;
  const lines = Object.entries(series)
    .sort(([, a], [, b]) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0))
    .flatMap(([name, ys]) => {
      const places = ys.map((value, nth) => [xOf(at[nth] ?? 1), yOf(value)] as const);
      above = Math.min(above - APART, (places.at(-1)?.[1] ?? 0) + 4);
      return [
        `<path class="line" d="M${places.map((place) => place.join(' ')).join('L')}"/>`,
        ...places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3"/>`),
        `<text x="${LEFT + WIDTH + 10}" y="${above}">${escaped(name)}</text>`,
      ];
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 190} ${TOP + HEIGHT + 55}" role="img">
<title>${escaped(title)}; both axes are logarithmic</title>
${STYLE}
<text x="${LEFT}" y="22" class="title">${escaped(title)} (logarithmic, less is better)</text>
${[...grid, ...points, ...lines].join('\n')}
<text x="${LEFT + WIDTH / 2}" y="${TOP + HEIGHT + 44}" text-anchor="middle">${escaped(of)}</text>
</svg>
`;
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
