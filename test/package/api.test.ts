import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeApi, reportFolder } from './api-report.ts';

const reports = describeApi();

describe('the public API', () => {
  test('has one report for each entry', () => {
    expect(readdirSync(reportFolder).sort()).toEqual([...reports.keys()].sort());
  });

  test.each([...reports])('%s is as it was reported; run `npm run api` after a change that is meant', (file, text) => {
    expect(text).toBe(readFileSync(join(reportFolder, file), 'utf8'));
  });

  test('has at most 65 names in the root entry', () => {
    expect(reports.get('index.md')?.match(/^## /gm)?.length).toBeLessThanOrEqual(65);
  });
});
