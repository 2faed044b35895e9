import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { bundle } from '../services/bundle.ts';

const script = await bundle(join(import.meta.dirname, 'support/memory-process.ts'));

test('a memory store warns once in a worker of a cluster, and not in its primary', { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  expect(stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/^worker SessionRevocationWarning: memoryStore\(\) in a worker of node:cluster/),
  ]);
});
