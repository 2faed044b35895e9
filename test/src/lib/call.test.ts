import { afterEach, expect, test } from 'vitest';
import { inCall } from '../../../src/lib/call.ts';

const { prepareStackTrace } = Error;

afterEach(() => {
  Error.prepareStackTrace = prepareStackTrace;
});

const misuse = (): Error => {
  try {
    inCall('sessions.fence({ user })', () => {
      throw new TypeError('the argument must be an object');
    });
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

test('the stack of an error names the call once', () => {
  expect(misuse().stack?.split('\n')[0]).toBe('TypeError: sessions.fence({ user }): the argument must be an object');
});

test('so does a stack that is formatted when it is first read, as with source maps', () => {
  Error.prepareStackTrace = (error) => `${error}\n    at its place`;
  expect(misuse().stack).toBe('TypeError: sessions.fence({ user }): the argument must be an object\n    at its place');
});
