// Prints the notes of a version from CHANGELOG.md: node .ci/release-notes.js v0.1.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const tag = process.argv[2] ?? '';
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, and package.json has the version ${version}`);

const sections = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m);
const notes = sections.find((section) => section.startsWith(`[${version}]`));
if (notes === undefined) throw new Error(`CHANGELOG.md has no heading "## [${version}]"`);
process.stdout.write(notes.slice(notes.indexOf('\n')).trim());
