import { existsSync } from 'node:fs';

/** Which tests should notice a fault in the files of a folder. */
const ROOMS: readonly (readonly [folder: string, tests: readonly string[]])[] = [
  ['src/jwt/', ['test/src/jwt/']],
  ['src/device/', ['test/src/device/describe-device.test.ts']],
  ['src/testing/', ['test/contract/']],
  ['src/', ['test/src/', 'test/requirements/']],
  ['adapters/engines/sql/', ['test/engines/sqlite', 'test/engines/postgres', 'test/engines/mysql']],
  ...['memory', 'sqlite', 'postgres', 'mysql', 'redis'].map(
    (engine) => [`adapters/engines/${engine}/`, [`test/engines/${engine}`]] as const,
  ),
  ['adapters/bridges/', ['test/bridges/']],
  ['adapters/frameworks/', ['test/frameworks/', 'test/bridges/']],
  ['adapters/cli/', ['test/cli/']],
  ['adapters/ui/', ['test/ui/']],
];

/** Tests of other files that notice much of what goes wrong in this one. */
const NEAR: Readonly<Record<string, readonly string[]>> = {
  'src/lib/timeouts.ts': ['store/guarded'],
  'src/core/walk-sessions.ts': ['operations/dry-run', 'operations/end-idle', 'operations/review'],
  'src/lib/batch-size.ts': ['operations/prune'],
  'src/operations/renew.ts': ['sessions', 'model/limit'],
  'src/operations/revoke.ts': ['dry-run', 'trigger', 'end', 'within', 'forget-user'].map(
    (name) => `operations/${name}`,
  ),
};

/** The tests of a file by turns: first a few that are quick and notice most, last all that should notice its faults. */
export function testsOf(file: string): string[][] {
  const room = ROOMS.find(([folder]) => file.startsWith(folder));
  if (room === undefined) throw new Error(`${file} is in no room that has tests: see test/mutate/rooms.ts`);
  const all = [...room[1]];
  if (!file.startsWith('src/')) return [all];
  const own = file.replace(/^src\/|\.ts$/g, '');
  const first = [own, ...(NEAR[file] ?? [])].map((name) => `test/src/${name}.test.ts`);
  const beside = `test/src/${own.split('/')[0]}/`;
  const quick = [first.filter((test) => existsSync(test)), existsSync(beside) ? [beside] : []];
  return [...quick.filter((tests) => tests.length > 0 && !all.includes(tests[0] ?? '')), all];
}
