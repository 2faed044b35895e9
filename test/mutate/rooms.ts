/** Tests that cover several engines. */
const ENGINES = ['closing', 'revoked-sessions', 'stores-model'].map((name) => `test/engines/${name}`);

/** The tests that should notice a fault, for each folder of sources. */
const ROOMS: readonly (readonly [folder: string, tests: readonly string[]])[] = [
  ['src/jwt/', ['test/src/jwt/']],
  ['src/device/', ['test/src/device/describe-device.test.ts']],
  ['src/testing/', ['test/contract/']],
  ['src/', ['test/src/', 'test/requirements/']],
  ['adapters/engines/sql/', ['test/engines/sqlite', 'test/engines/postgres', 'test/engines/mysql']],
  ...['memory', 'sqlite'].map(
    (engine) =>
      [
        `adapters/engines/${engine}/`,
        [`test/engines/${engine}`, 'test/contract/contract.test.ts', ...ENGINES],
      ] as const,
  ),
  ...['postgres', 'mysql', 'redis'].map(
    (engine) => [`adapters/engines/${engine}/`, [`test/engines/${engine}`, ...ENGINES]] as const,
  ),
  ['adapters/bridges/', ['test/bridges/']],
  ['adapters/frameworks/', ['test/frameworks/', 'test/bridges/']],
  ['adapters/cli/', ['test/cli/']],
  ['adapters/ui/', ['test/ui/']],
];

/** Returns the tests that should notice a fault in this file. */
export function testsOf(file: string): readonly string[] {
  const room = ROOMS.find(([folder]) => file.startsWith(folder));
  if (room === undefined) throw new Error(`${file} is in no room that has tests: see test/mutate/rooms.ts`);
  return room[1];
}
