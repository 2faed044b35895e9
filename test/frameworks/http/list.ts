import type { ListedSession } from 'session-revocation';
import { expect, test } from 'vitest';
import { expectProblem, expectUncached, rowsOf } from './expectations.ts';
import type { Framework } from './framework.ts';
import { HOUR, open } from './site.ts';
import { threeSignedIn } from './three-signed-in.ts';

export function list(framework: Framework): void {
  test('DEV-6: address, label, time of sign-in and of last use, and which one is current', async () => {
    const { mac, ids, clock } = await threeSignedIn(framework);
    const at = clock.now();
    const answer = await mac.get('/sessions');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
    expectUncached(answer);
    expect(answer.json).toMatchObject({ cursor: null });
    const common = { user: 'alice', account: null, kind: 'browser', amr: [], end: null };
    expect(rowsOf(answer)).toMatchObject([
      {
        ...common,
        id: ids[1],
        current: false,
        createdAt: at - 2 * HOUR,
        authenticatedAt: at - 2 * HOUR,
        device: { label: 'Firefox on Windows', browser: 'Firefox', os: 'Windows', type: 'desktop', ip: '127.0.0.1' },
      },
      {
        ...common,
        id: ids[0],
        current: true,
        createdAt: at - 3 * HOUR,
        lastUsedAt: expect.any(Number),
        device: { label: 'Chrome on Mac OS', ip: '127.0.0.1' },
      },
    ]);
  });

  test('the place that the app names, as it names it, for each row', async () => {
    const asked: string[] = [];
    const place = async ({ id, device }: ListedSession): Promise<string | null> => {
      asked.push(`${id} ${device.ip}`);
      return id === ids[0] ? '<b>Köln</b>' : null;
    };
    const { mac, ids } = await threeSignedIn(framework, { routes: { place } });
    const places = rowsOf(await mac.get('/sessions')).map(({ id, place }) => [id, place]);
    expect(places).toEqual([
      [ids[1], null],
      [ids[0], '<b>Köln</b>'],
    ]);
    expect(asked).toEqual([`${ids[1]} 127.0.0.1`, `${ids[0]} 127.0.0.1`]);
  });

  test('no place where the app names none', async () => {
    const { mac } = await threeSignedIn(framework);
    expect(rowsOf(await mac.get('/sessions'))).toMatchObject([{ place: null }, { place: null }]);
  });

  test('a place that is neither text nor null is a mistake of the app, and nothing is listed', async () => {
    const place = (() => ({ city: 'Köln' })) as unknown as () => string;
    const { mac } = await threeSignedIn(framework, { routes: { place } });
    const { status, text } = await mac.get('/sessions');
    expect([status, text.includes('Köln')]).toEqual([500, false]);
    await expect(open(framework, { routes: { place: 'Köln' as unknown as typeof place } })).rejects.toThrow(
      /sessionRoutes\(?.*: place must be a function$/,
    );
  });

  test('only the living, unless the others are asked for with their reasons', async () => {
    const { mac, ids } = await threeSignedIn(framework);
    await mac.delete(`/sessions/${ids[1]}`);
    expect(rowsOf(await mac.get('/sessions')).map(({ id }) => id)).toEqual([ids[0]]);
    expect(rowsOf(await mac.get('/sessions?ended=true'))).toMatchObject([
      { id: ids[1], end: { reason: 'ended', by: 'self', reasonCode: 'signed-out' } },
      { id: ids[0], end: null },
    ]);
  });

  test('not who else ended one, nor in which words', async () => {
    const { sessions, mac, ids } = await threeSignedIn(framework);
    await sessions.end(String(ids[1]), { user: 'alice', by: 'admin-7', reason: 'incident 42' });
    const { text } = await mac.get('/sessions?ended=true');
    expect(text).toContain('"reason":"ended"');
    expect(text).not.toMatch(/admin-7|incident/);
  });

  test('no secret, no hash, and not what the app notes for itself', async () => {
    const { mac, ids } = await threeSignedIn(framework);
    const { text } = await mac.get('/sessions');
    // Ids are random and may contain any of these words.
    const told = ids.reduce((rest, id) => rest.replaceAll(id, ''), text);
    expect(told).not.toMatch(/credential|secret|token|stamps|attributes|for the server|sr1\./i);
    expect(text).not.toContain(mac.session.split('.').at(-1));
  });

  test('page by page', async () => {
    const { mac, ids } = await threeSignedIn(framework);
    const first = await mac.get('/sessions?limit=1');
    expect(rowsOf(first).map(({ id }) => id)).toEqual([ids[1]]);
    const second = await mac.get(`/sessions/?limit=1&cursor=${first.json?.cursor}`);
    expect(rowsOf(second).map(({ id }) => id)).toEqual([ids[0]]);
  });

  test.each([
    'limit=0',
    'limit=x',
    'limit=',
    'limit=%C2%A05',
    'limit=+5',
    'limit=0x5',
    'limit=5e0',
    'limit=1001',
    'cursor=x',
    'cursor=',
  ])('?%s is a 400', async (query) => {
    const { mac } = await threeSignedIn(framework);
    expectProblem(await mac.get(`/sessions?${query}`), 400, 'bad-request');
  });

  test('HEAD has the headers and no body', async () => {
    const { mac } = await threeSignedIn(framework);
    const answer = await mac.request('HEAD', '/sessions');
    expect(answer).toMatchObject({ status: 200, text: '' });
    expectUncached(answer);
  });
}
