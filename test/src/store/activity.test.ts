import { expect, test } from 'vitest';
import { Activity } from '../../../src/store/activity.ts';

test('an operation that throws before its first wait throws to its caller, and closing does not wait for it', async () => {
  const activity = new Activity();
  const mistake = new TypeError('user must not be empty');
  const run = () =>
    activity.run(() => {
      throw mistake;
    });
  expect(run).toThrow(mistake);
  await activity.idle();
});
