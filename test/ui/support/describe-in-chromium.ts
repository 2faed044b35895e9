import { describe } from 'vitest';
import { findChromium } from './chromium.ts';
import { TEST_TIMEOUT } from './timeouts.ts';

const missing = findChromium() === null;
if (missing) {
  console.warn(
    '\nTHE BROWSER TESTS ARE SKIPPED: no Chromium was found. Install it (Debian: apt-get install chromium), or give its\n' +
      'path in the environment as CHROMIUM. With REQUIRE_SERVICES=1 they fail instead.\n',
  );
}

/**
 * `describe` for tests in Chromium. Without Chromium, it skips the tests. With `REQUIRE_SERVICES`, they fail instead.
 */
export function describeInChromium(name: string, tests: () => void): void {
  describe.skipIf(missing && !process.env.REQUIRE_SERVICES)(name, { timeout: TEST_TIMEOUT }, tests);
}
