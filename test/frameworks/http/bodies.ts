import { describe, expect, test } from 'vitest';
import { NAVIGATION, sendRaw } from './browser.ts';
import { expectProblem, expectSignedOut } from './expectations.ts';
import type { Framework } from './framework.ts';
import { open } from './site.ts';
import { threeSignedIn } from './three-signed-in.ts';

const FORM = 'application/x-www-form-urlencoded';
const LARGEST = 16 * 1024;

/** Types that no route reads. Some are no media types at all. `null` means no header. */
const OTHER_TYPES = [
  ...['text/plain', 'multipart/form-data; boundary=x', 'application/octet-stream', 'application/jsonx', 'text/json'],
  ...[null, '', 'nonsense', '; charset=utf-8', 'application/', 'application/json, text/plain'],
];

const writesOf = (calls: readonly string[]): readonly string[] =>
  calls.filter((verb) => verb !== 'find' && verb !== 'touch');

/** Signs out with the form of a page. Returns the location that the answer redirects to. */
async function leave(
  framework: Framework,
  parsesBodies: boolean,
  type: string | null,
  body?: string,
): Promise<unknown> {
  const { browser: open_ } = await open(framework, { parsesBodies, authentication: { loginUrl: '/login' } });
  const browser = open_();
  await browser.signIn('alice');
  const answer = await browser.post('/sessions/sign-out', { ...NAVIGATION, 'content-type': type }, body);
  expect(answer.status, answer.text).toBe(303);
  return answer.headers.location;
}

export function bodies(framework: Framework): void {
  describe.each([
    ['read by the routes', false],
    ['parsed already by the framework', true],
  ])('%s', (_, parsesBodies) => {
    test.each<[string, string | null, string | undefined, string]>([
      ['none', null, undefined, '/login'],
      ['an empty form', FORM, '', '/login'],
      ['a form', `${FORM}; charset=utf-8`, 'returnTo=%2Fbye%3Fa%3Db', '/bye?a=b'],
      ['JSON', 'application/json', '{"returnTo":"/bye"}', '/bye'],
      ['JSON with another type inside', 'application/json', '{"returnTo":{"a":1}}', '/login'],
      ['a doubled field', FORM, 'returnTo=%2Fa&returnTo=%2F%2Fevil.example', '/login'],
      ['a type in capitals', 'Application/JSON', '{"returnTo":"/bye"}', '/bye'],
    ])('%s', async (_name, type, body, location) => {
      expect(await leave(framework, parsesBodies, type, body)).toBe(location);
    });

    test('none where the client promises one by its type only', async () => {
      const { browser: open_ } = await open(framework, { parsesBodies });
      const browser = open_();
      await browser.signIn('alice');
      const answer = await browser.post('/sessions/sign-out', { 'content-type': 'application/json' });
      expect(answer.status).toBe(204);
    });

    describe('of another type is a 415 that names those that are read, and nothing is done', () => {
      test.each(OTHER_TYPES)('%s', async (type) => {
        const { mac, windows, ids, store } = await threeSignedIn(framework, { parsesBodies });
        const writes = writesOf(store.calls);
        for (const path of ['sign-out', 'sign-out-others', 'sign-out-everywhere', `${ids[1]}/sign-out`]) {
          const answer = await mac.post(`/sessions/${path}`, { 'content-type': type }, '{"kinds":["remembered"]}');
          expectProblem(answer, 415, 'unsupported-media-type');
          expect(answer.headers.accept).toBe('application/json, application/x-www-form-urlencoded');
          expect(answer.json?.detail).toContain(FORM);
          expect(answer.setCookies).toEqual([]);
        }
        expect(writesOf(store.calls)).toEqual(writes);
        for (const one of [mac, windows]) expect((await one.get('/private')).status).toBe(200);
      });

      test('in chunks, and the connection stays usable', async () => {
        const { url, browser: open_ } = await open(framework, { parsesBodies });
        const browser = open_();
        await browser.signIn('alice');
        const head = ['Host: x', `Cookie: ${browser.session}`, 'Sec-Fetch-Site: same-origin'];
        const first = ['POST /sessions/sign-out-others HTTP/1.1', ...head, 'Transfer-Encoding: chunked'];
        const second = ['GET /private HTTP/1.1', ...head, 'Connection: close'];
        const chunks = `1000\r\n${'x'.repeat(0x1000)}\r\n`.repeat(4);
        const answers = await sendRaw(
          url,
          `${first.join('\r\n')}\r\n\r\n${chunks}0\r\n\r\n${second.join('\r\n')}\r\n\r\n`,
        );
        expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 415', 'HTTP/1.1 200']);
      });
    });

    test.each(['before', 'behind'])('with the byte 0xA0 %s the type JSON is of another type', async (place) => {
      const { url, browser: open_ } = await open(framework, { parsesBodies });
      const browser = open_();
      await browser.signIn('alice');
      const type = place === 'before' ? '\u00a0application/json' : 'application/json\u00a0';
      const head = ['Host: x', `Cookie: ${browser.session}`, 'Sec-Fetch-Site: same-origin', `Content-Type: ${type}`];
      const lines = ['POST /sessions/sign-out HTTP/1.1', ...head, 'Content-Length: 2', 'Connection: close', '', '{}'];
      expect(await sendRaw(url, lines.join('\r\n'))).toMatch(/^HTTP\/1\.1 415 /);
      expect((await browser.get('/private')).status).toBe(200);
    });

    test.each(OTHER_TYPES)('empty, of the type %s, is none', async (type) => {
      const { browser: open_ } = await open(framework, { parsesBodies });
      for (const body of [undefined, '']) {
        const browser = open_();
        await browser.signIn('alice');
        const headers = { 'content-type': type, ...(body === '' && { 'content-length': '0' }) };
        expect((await browser.post('/sessions/sign-out', headers, body)).status).toBe(204);
      }
    });

    test.each(OTHER_TYPES)('of the type %s, where none is taken, changes nothing', async (type) => {
      const { mac, browser, ids } = await threeSignedIn(framework, { parsesBodies });
      // Node frames the body of a DELETE only if the length is given.
      const headers = { 'content-type': type, 'content-length': '1' };
      expectSignedOut(await browser().post('/sessions/sign-out', headers, 'x'));
      expectProblem(await mac.post('/sessions', headers, 'x'), 405, 'method-not-allowed');
      expect((await mac.post('/sessions/a/b', headers, 'x')).status).toBe(404);
      expectProblem(await mac.request('DELETE', `/sessions/${ids[1]}`, headers, 'x'), 415, 'unsupported-media-type');
    });
  });

  test.each(['{', 'returnTo=/x', '{"returnTo":"/x"} trailing', '\u0000'])(
    'malformed JSON is a 400, and nothing is done: %j',
    async (body) => {
      const { browser: open_ } = await open(framework);
      const browser = open_();
      await browser.signIn('alice');
      for (const path of ['sign-out', 'sign-out-others', 'sign-out-everywhere']) {
        const answer = await browser.post(`/sessions/${path}`, { 'content-type': 'application/json' }, body);
        expectProblem(answer, 400, 'bad-request');
        expect(answer.json).toHaveProperty('detail', 'the body is not JSON');
      }
      expect((await browser.get('/private')).status).toBe(200);
    },
  );

  test('one that is too large is a 413 that closes the connection, and nothing is done', async () => {
    const { browser: open_ } = await open(framework);
    const browser = open_();
    await browser.signIn('alice');
    const send = (length: number): ReturnType<typeof browser.post> =>
      browser.post('/sessions/sign-out', { 'content-type': FORM }, `returnTo=${'x'.repeat(length - 9)}`);
    for (const length of [LARGEST + 1, 100_000]) {
      const answer = await send(length);
      expectProblem(answer, 413, 'body-too-large');
      expect(answer.headers.connection).toBe('close');
    }
    expect((await browser.get('/private')).status).toBe(200);
    expect((await send(LARGEST)).status).toBe(204);
  });

  test('no body is read without a session', async () => {
    const { browser } = await open(framework);
    const answer = await browser().post('/sessions/sign-out', { 'content-type': 'application/json' }, '{');
    expectProblem(answer, 401, 'session-required');
  });
}
