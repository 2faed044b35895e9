import { expect, test } from 'vitest';

/** `.ci/run` tells it, so that a run under another Node than was meant fails. */
const { EXPECTED_NODE } = process.env;

test.skipIf(EXPECTED_NODE === undefined)(`Node ${EXPECTED_NODE} runs the tests`, () => {
  expect(process.versions.node.split('.')[0]).toBe(EXPECTED_NODE);
});
