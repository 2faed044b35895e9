import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';

describe('a clock that tells no time', () => {
  test.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'undefined'],
    [[], ''],
    [true, 'true'],
    ['0', '0'],
    [Promise.resolve(0), '[object Promise]'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [-1, '-1'],
  ])('%j: no session is judged by it, and none begins', async (told, shown) => {
    let now: unknown = 0;
    const sessions = createSessions({ store: memoryStore(), clock: { now: () => now as number } });
    const fence = await sessions.fence({ user: 'ann' });
    const started = await sessions.start({ user: 'ann', fence });
    const token = started.ok ? started.token : null;
    now = told;
    const why = `clock.now() gave ${shown}, which is no Unix time in ms`;
    const checked = new TypeError(`sessions.check(token): ${why}`);
    await expect(async () => sessions.check(token)).rejects.toEqual(checked);
    const refused = new TypeError(`sessions.start({ user, fence }): ${why}`);
    await expect(async () => sessions.start({ user: 'ann', fence })).rejects.toEqual(refused);
  });
});
