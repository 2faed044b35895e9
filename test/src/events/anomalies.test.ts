import { adapterHandle } from 'session-revocation/adapter';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deviceOf } from '../../../src/device/client-info.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, MINUTE, Realm, SECOND, settle } from '../support/realm.ts';

const MAC = { userAgent: CHROME_ON_MAC, ip: '192.0.2.7' };
const WINDOWS = { userAgent: FIREFOX_ON_WINDOWS, ip: '198.51.100.4' };
const NEWER_CHROME = CHROME_ON_MAC.replace('140', '141');
const unknown = (id: number): string => `sr1.${'A'.repeat(22)}..${String(id).padStart(22, 'B')}.${'C'.repeat(43)}`;

afterEach(() => vi.restoreAllMocks());

describe('what a request says of its client', () => {
  test('is its device, and an address that looks like one', () => {
    expect(deviceOf(MAC)).toEqual({
      ...{ label: 'Chrome on Mac OS', browser: 'Chrome', os: 'Mac OS', type: 'desktop', ip: '192.0.2.7' },
    });
    for (const ip of ['2001:db8::7', '::ffff:192.0.2.7', 'fe80::1%eth0', '192.0.2.7:443', 'unknown', '_hidden']) {
      expect(deviceOf({ ip }).ip).toBe(ip);
    }
    for (const ip of [
      undefined,
      null,
      '',
      7,
      {},
      ['192.0.2.7'],
      '192.0.2.7, 10.0.0.1',
      'a\nb',
      'x'.repeat(65),
      '<b>',
    ]) {
      expect(deviceOf({ ip: ip as string }).ip).toBeNull();
    }
  });

  test('is told by describe; nothing of one that says nothing', () => {
    const { sessions } = new Realm();
    expect(adapterHandle(sessions).describe(MAC)).toEqual(deviceOf(MAC));
    expect(adapterHandle(sessions).describe(MAC)).toEqual(deviceOf(MAC));
    expect(adapterHandle(sessions).describe({ ...MAC, ip: '192.0.2.8' })).toEqual(
      deviceOf({ ...MAC, ip: '192.0.2.8' }),
    );
    expect(adapterHandle(sessions).describe({})).toBeNull();
    expect(adapterHandle(sessions).describe({ ip: '192.0.2.7' })).toMatchObject({
      label: 'Unknown device',
      ip: '192.0.2.7',
    });
    expect(adapterHandle(sessions).describe({ userAgent: null })).toMatchObject({ label: 'Unknown device' });
  });

  test('is read once for the same text, of however many texts', () => {
    const { sessions } = new Realm();
    for (let at = 0; at < 5000; at++) adapterHandle(sessions).describe({ userAgent: `Robot/${at}` });
    expect(adapterHandle(sessions).describe(MAC)).toEqual(deviceOf(MAC));
    const huge = `${CHROME_ON_MAC} ${'x'.repeat(100_000)}`;
    expect(adapterHandle(sessions).describe({ userAgent: huge })).toEqual(deviceOf({ userAgent: huge }));
  });
});

describe('D6: a new device', () => {
  test('is told where the user’s other sessions know of no such one', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.suspicious');
    await realm.signIn('ann', MAC);
    const { session } = await realm.signIn('ann', WINDOWS);
    await settle();
    expect(heard).toMatchObject([
      {
        ...{ sign: 'new-device', user: 'ann', account: null, session: session.id },
        device: { label: 'Firefox on Windows', ip: '198.51.100.4' },
      },
    ]);
  });

  test.each(['api', 'mcp'])('is no %s token that somebody makes and names', async (kind) => {
    const realm = new Realm();
    const heard = realm.hear('session.suspicious');
    await realm.signIn('ann', MAC);
    await realm.signIn('ann', { kind, userAgent: 'nightly-job/1' });
    await settle();
    expect(heard).toEqual([]);
  });

  test('is not the first of all, nor one that was there before, be it over', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.suspicious');
    const { session } = await realm.signIn('ann', MAC);
    await realm.sessions.end(session.id, { user: 'ann' });
    await realm.signIn('ann', { ...MAC, ip: '198.51.100.9', account: 'acme' });
    await realm.signIn('bob', WINDOWS);
    await settle();
    expect(heard).toEqual([]);
  });

  test('is not one with a device cookie that was there before', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.suspicious');
    await realm.signIn('ann', { ...MAC, deviceId: 'd1' });
    await realm.signIn('ann', { ...WINDOWS, deviceId: 'd1' });
    await settle();
    expect(heard).toEqual([]);
    await realm.signIn('ann', { userAgent: 'Robot/1', deviceId: 'd2' });
    await settle();
    expect(heard).toMatchObject([{ sign: 'new-device' }]);
  });

  test('is looked for among the latest hundred, and nobody waits for it', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.suspicious');
    const asked: unknown[] = [];
    await realm.signIn('ann', MAC);
    realm.around = (call, ask, given) => {
      if (call !== 'list') return ask();
      asked.push(given[2]);
      return new Promise(() => {});
    };
    await realm.signIn('ann', WINDOWS);
    await settle();
    expect(asked).toMatchObject([{ ended: true, limit: 100 }]);
    expect(heard).toEqual([]);
  });

  test('that cannot be looked for fails no sign-in: it is told', async () => {
    const realm = new Realm();
    realm.hear('session.suspicious');
    const failed = realm.hear('background.failed');
    realm.around = (call, ask) => (call === 'list' ? Promise.reject(new Error('down')) : ask());
    await realm.signIn();
    await settle();
    expect(failed).toMatchObject([{ operation: 'anomalies', error: { code: 'SESSION_STORE_UNAVAILABLE' } }]);
  });

  test('is looked for to the end where the sessions are closed', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.suspicious');
    await realm.signIn('ann', MAC);
    realm.around = async (call, ask) => {
      if (call === 'list') await new Promise((resolve) => setImmediate(resolve));
      return ask();
    };
    await realm.signIn('ann', WINDOWS);
    await realm.sessions.close();
    expect(heard).toHaveLength(1);
  });
});

describe('D6: a device that changed in mid-session', () => {
  test('is told once for each change', async () => {
    const realm = new Realm();
    const { session, token } = await realm.signIn('ann', { ...MAC, account: 'acme' });
    const heard = realm.hear('session.suspicious');
    for (const client of [MAC, WINDOWS, WINDOWS, MAC, WINDOWS]) await realm.sessions.check(token, client);
    expect(heard).toMatchObject([
      {
        ...{ sign: 'device-changed', user: 'ann', account: 'acme', session: session.id },
        device: { label: 'Firefox on Windows', ip: '198.51.100.4' },
      },
    ]);
    await realm.sessions.check(token, {
      userAgent: CHROME_ON_MAC.replace('Macintosh; Intel Mac OS X 10_15_7', 'X11; Linux x86_64'),
    });
    expect(heard).toHaveLength(2);
    expect(heard[1]).toMatchObject({ sign: 'device-changed', device: { label: 'Chrome on Linux' } });
  });

  test('is no other version, no other address, and nothing that is unknown', async () => {
    const realm = new Realm();
    const { token } = await realm.signIn('ann', MAC);
    const nobody = await realm.signIn('bob');
    const heard = realm.hear('session.suspicious');
    for (const client of [{ userAgent: NEWER_CHROME }, { ...MAC, ip: '203.0.113.9' }, { userAgent: '' }, {}]) {
      expect(await realm.sessions.check(token, client)).toMatchObject({ ok: true });
    }
    await realm.sessions.check(nobody.token, MAC);
    expect(heard).toEqual([]);
  });

  test('ends nothing: the verdict is the same', async () => {
    const realm = new Realm();
    realm.hear('session.suspicious');
    const { token } = await realm.signIn('ann', MAC);
    expect(await realm.sessions.check(token, WINDOWS)).toMatchObject({ ok: true });
    expect(await realm.word(token)).toBe('live');
  });
});

describe('D6: a token that was renewed since', () => {
  test('is told each time, with whose it was', async () => {
    const realm = new Realm();
    const { session, token } = await realm.signIn('ann', { ...MAC, account: 'acme' });
    await realm.sessions.renew(session);
    const heard = realm.hear('session.suspicious');
    await realm.sessions.check(token, WINDOWS);
    await realm.sessions.check(token);
    const who = { sign: 'superseded-token', user: 'ann', account: 'acme', session: session.id };
    expect(heard).toMatchObject([
      { ...who, device: { label: 'Firefox on Windows' } },
      { ...who, device: null },
    ]);
  });
});

describe('OPS-6: many refused tokens from one address', () => {
  test('are told once a minute, at the twentieth', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.suspicious');
    const guess = async (times: number, ip = '192.0.2.7'): Promise<void> => {
      for (let at = 0; at < times; at++) await realm.sessions.check(unknown(at), { ip });
    };
    await guess(19);
    await guess(19, '198.51.100.4');
    expect(heard).toEqual([]);
    await guess(1);
    expect(heard).toMatchObject([
      { sign: 'many-refusals', user: null, account: null, session: null, device: { ip: '192.0.2.7' } },
    ]);
    realm.now += 59 * SECOND;
    await guess(100);
    expect(heard).toHaveLength(1);
    realm.now += SECOND;
    await guess(19);
    expect(heard).toHaveLength(1);
    await guess(1);
    expect(heard).toHaveLength(2);
  });

  test('are counted where the secret was not right: not those that are accepted, nor those of a session that is over', async () => {
    const realm = new Realm();
    const { token } = await realm.signIn('ann', MAC);
    const heard = realm.hear('session.suspicious');
    for (let at = 0; at < 100; at++) await realm.sessions.check(token, MAC);
    for (let at = 0; at < 10; at++) await realm.sessions.check('no token', MAC);
    // A browser keeps the cookie of a revoked session until the next sign-in, and sends it with each request.
    await realm.sessions.revoke({ user: 'ann' });
    for (let at = 0; at < 100; at++) await realm.sessions.check(token, MAC);
    for (let at = 0; at < 9; at++) await realm.sessions.check(unknown(at), MAC);
    expect(heard).toEqual([]);
    await realm.sessions.check(null, MAC);
    expect(heard).toMatchObject([{ sign: 'many-refusals' }]);
  });

  test('from no address are not counted', async () => {
    const realm = new Realm();
    const heard = realm.hear('session.suspicious');
    for (let at = 0; at < 100; at++) await realm.sessions.check(unknown(at), { userAgent: CHROME_ON_MAC });
    for (let at = 0; at < 100; at++) await realm.sessions.check(unknown(at));
    expect(heard).toEqual([]);
  });
});

test('memory stays bounded, however many sessions, addresses and browsers there are', async () => {
  const sizes: number[] = [];
  const set = Map.prototype.set;
  const realm = new Realm();
  realm.hear('session.suspicious');
  const started = await realm.signIn('ann', MAC);
  await realm.sessions.renew(started.session);
  await settle();
  vi.spyOn(Map.prototype, 'set').mockImplementation(function (this: Map<unknown, unknown>, key, value) {
    const result = set.call(this, key, value);
    sizes.push(this.size);
    return result;
  });
  for (let at = 0; at < 25_000; at++) {
    const client = { ip: `2001:db8::${at.toString(16)}`, userAgent: `Robot/${at}` };
    await realm.sessions.check(started.token, client);
  }
  vi.restoreAllMocks();
  expect(sizes.length).toBeGreaterThan(25_000);
  expect(Math.max(...sizes)).toBeGreaterThan(5000);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10_000);
});

describe('where nobody would hear of it', () => {
  test('a sign-in asks the store nothing more, and a check neither', async () => {
    const realm = new Realm();
    const { token } = await realm.signIn('ann', MAC);
    await realm.signIn('ann', WINDOWS);
    await realm.sessions.check(token, WINDOWS);
    await realm.sessions.check(unknown(1), WINDOWS);
    await settle();
    expect(realm.calls).toEqual([
      'ensureEpochs',
      'ensureEpochs',
      'add',
      'ensureEpochs',
      'ensureEpochs',
      'add',
      'find',
      'find',
    ]);
  });

  test('no browser is read at a check', async () => {
    const realm = new Realm();
    const { token } = await realm.signIn('ann', MAC);
    const userAgent = vi.fn(() => CHROME_ON_MAC);
    const client = Object.defineProperty({}, 'userAgent', { get: userAgent, enumerable: true });
    await realm.sessions.check(token, client);
    await realm.sessions.check(unknown(1), client);
    expect(userAgent).not.toHaveBeenCalled();
  });

  test('it begins with a listener, ends with it, and a log is one', async () => {
    const realm = new Realm();
    const heard: unknown[] = [];
    const stop = realm.sessions.on('session.suspicious', (event) => heard.push(event));
    const { token } = await realm.signIn('ann', MAC);
    await realm.sessions.check(token, WINDOWS);
    expect(heard).toHaveLength(1);
    stop();
    realm.calls.length = 0;
    await realm.signIn('ann', WINDOWS);
    await settle();
    expect(realm.calls).not.toContain('list');

    const logged = new Realm({ audit: true });
    const started = await logged.signIn('ann', MAC);
    logged.now += MINUTE;
    await logged.sessions.check(started.token, WINDOWS);
    await settle();
    expect(logged.store.log.entries.map(({ type, reason }) => [type, reason])).toEqual([
      ['session.started', null],
      ['session.suspicious', 'device-changed'],
    ]);
  });
});
