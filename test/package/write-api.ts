/** Writes the reports of the public API: `npm run api`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeApi, reportFolder } from './api-report.ts';

rmSync(reportFolder, { recursive: true, force: true });
mkdirSync(reportFolder);
for (const [file, text] of describeApi()) writeFileSync(join(reportFolder, file), text);
