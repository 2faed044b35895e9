import { expect, test } from 'vitest';

/** `.ci/run` sets this version. The test fails if another version of Node runs it. */
const { EXPECTED_NODE } = process.env;

test.skipIf(EXPECTED_NODE === undefined)(`Node ${EXPECTED_NODE} runs the tests`, () => {
  expect(process.versions.node.split('.')[0]).toBe(EXPECTED_NODE);
});
