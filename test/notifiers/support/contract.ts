import { memoryStore } from 'session-revocation/memory';
import { type NotifierPlace, notifierContract } from 'session-revocation/testing';
import { describe, test } from 'vitest';

/** Timeout of a case, in ms. Many times as long as the longest case takes. */
const TEST_TIMEOUT = 60_000;

/** Runs the contract of notifiers. Skips it if the server is missing. */
export function playNotifierContract(
  name: string,
  isThere: boolean,
  create: () => Promise<NotifierPlace> | NotifierPlace,
) {
  describe.skipIf(!isThere)(name, { timeout: TEST_TIMEOUT }, () => {
    for (const { id, title, run } of notifierContract({ create, createStore: memoryStore })) {
      test(`${id}: ${title}`, run);
    }
  });
}

let channels = 0;

/** Returns two channels that only this test uses. */
export const newChannels = (): { readonly own: string; readonly foreign: string } => {
  const name = `test-${process.pid}-${Date.now()}-${channels++}`;
  return { own: name, foreign: `${name}-foreign` };
};
