import express from 'express';
import { authentication, sessionRoutes } from 'session-revocation/express';
import { describe, expect, test } from 'vitest';
import type { Browser } from './http/browser.ts';
import { expectProblem } from './http/expectations.ts';
import { type Framework, listen } from './http/framework.ts';
import { open } from './http/site.ts';
import { guardsOf, show } from './support/express-page.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const TEXT = { 'content-type': 'text/plain' };

/** Returns an app whose own parsers run before the routes. */
const behind = (...parsers: express.RequestHandler[]): Framework => ({
  serve: ({ sessions, pages }) => {
    const app = express().use(...parsers, authentication(sessions));
    app.use('/sessions', sessionRoutes(sessions));
    for (const page of pages) app[page.method](page.path === '*' ? /.*/ : page.path, ...guardsOf(page), show(page));
    return listen(app);
  },
});

/** Signs Alice in twice, the second time with the kind `api`. */
async function twoSignedIn(framework: Framework): Promise<{ mine: Browser; api: Browser }> {
  const { browser } = await open(framework);
  const [mine, api] = [browser(), browser()];
  await mine.signIn('alice');
  await api.signIn('alice', '&kind=api');
  return { mine, api };
}

/** Asks to end all sessions of the kind `mcp`. None exists, so a session ends only if the body was not read. */
const ask = (mine: Browser, headers: Record<string, string>, body: string) =>
  mine.post('/sessions/sign-out-everywhere', headers, body);

const BYTES: readonly [string, express.RequestHandler][] = [
  ['text', express.text({ type: () => true })],
  ['bytes', express.raw({ type: () => true })],
];

describe('what a parser has left as', () => {
  test.each(BYTES)('%s is judged by its type', async (_, parser) => {
    const { mine, api } = await twoSignedIn(behind(parser));
    expectProblem(await ask(mine, TEXT, '{"kinds":["mcp"]}'), 415, 'unsupported-media-type');
    expectProblem(await ask(mine, { 'content-type': 'nonsense' }, 'kinds=mcp'), 415, 'unsupported-media-type');
    expectProblem(await ask(mine, JSON_TYPE, '{"kinds":'), 400, 'bad-request');
    expectProblem(await ask(mine, FORM, `a=${'x'.repeat(20_000)}`), 413, 'body-too-large');
    expect((await ask(mine, JSON_TYPE, '{"kinds":["mcp"]}')).status).toBe(204);
    expect((await ask(mine, FORM, 'kinds=mcp')).status).toBe(204);
    for (const one of [mine, api]) expect((await one.get('/private')).status).toBe(200);
    expect((await ask(mine, TEXT, '')).status).toBe(204);
    expect((await mine.get('/private')).status).toBe(401);
  });

  test('accepts an object of any type', async () => {
    const parser = express.json({ type: () => true });
    for (const type of ['text/plain', 'application/vnd.api+json']) {
      const { mine, api } = await twoSignedIn(behind(parser));
      expect((await ask(mine, { 'content-type': type }, '{"kinds":["api"]}')).status).toBe(204);
      expect([(await mine.get('/private')).status, (await api.get('/private')).status]).toEqual([200, 401]);
    }
  });

  test('an empty object, without having read anything, is not what was sent', async () => {
    // The parsers of Express 4 do this.
    const { mine } = await twoSignedIn(
      behind((request, _response, next) => {
        request.body = {};
        next();
      }),
    );
    expectProblem(await ask(mine, TEXT, '{"kinds":["mcp"]}'), 415, 'unsupported-media-type');
    expect((await ask(mine, JSON_TYPE, '{"kinds":["mcp"]}')).status).toBe(204);
    expect((await mine.get('/private')).status).toBe(200);
  });

  test('an empty object, by who has begun to read, is taken', async () => {
    const { mine } = await twoSignedIn(
      behind((request, _response, next) => {
        if (request.headers['content-type'] === undefined) return next();
        request.once('data', () => {
          request.pause();
          request.body = {};
          next();
        });
      }),
    );
    expect((await ask(mine, TEXT, 'x'.repeat(1_000_000))).status).toBe(204);
  });

  test('an empty object that was sent is one', async () => {
    const { mine } = await twoSignedIn(behind(express.json()));
    expect((await ask(mine, JSON_TYPE, '{}')).status).toBe(204);
    expect((await mine.get('/private')).status).toBe(401);
  });
});
