import type { RaceResult } from './race.ts';
import { digits } from './text.ts';

const ROW = 26;
const [LABELS, BARS, FIGURES] = [250, 400, 90];

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
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
rect { fill: #8c959f }
.ours { fill: #0969da }
.title { font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
rect { fill: #6e7681 }
.ours { fill: #4493f8 }
}
</style>
<text x="${LABELS}" y="22" class="title">${escaped(title)}: times the floor (logarithmic, less is better)</text>
${bars.join('\n')}
</svg>
`;
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
