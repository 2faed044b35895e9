/** Entry point of a section's process. It runs the section, prints its figures and saves them. */
import { pathToFileURL } from 'node:url';
import { stopServices } from '../../test/services/index.ts';
import { installPeers } from './peers.ts';
import { type RaceResult, runRace } from './race.ts';
import { saveResult } from './results.ts';
import type { Section, Table } from './section.ts';
import { raceText, tableText } from './text.ts';

const [file = '', name = '', only = ''] = process.argv.slice(2);
const { default: section } = (await import(pathToFileURL(file).href)) as { default: Section };
const began = performance.now();
console.log(`\n${name}: ${section.title} (about ${section.minutes} min)`);
if (section.peers) installPeers();
const races: RaceResult[] = [];
const all = section.races ?? [];
for (const [nth, race] of all.entries()) {
  if (!race.title.includes(only)) continue;
  const results = await runRace(file, nth, race, (section.minutes * 60) / all.length);
  for (const result of results) console.log(`\n${raceText(result)}`);
  races.push(...results);
}
const tables: readonly Table[] = only === '' ? ((await section.tables?.()) ?? []) : [];
for (const table of tables) console.log(`\n${tableText(table)}`);
const seconds = Math.round((performance.now() - began) / 1000);
console.log(`\n${name} took ${seconds} s`);
if (only === '') saveResult(name, { title: section.title, about: section.about, seconds, races, tables });
await stopServices();
