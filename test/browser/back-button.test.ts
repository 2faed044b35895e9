// Tests what the Back button shows after a sign-out, in a real browser.
import express from 'express';
import { createSessions } from 'session-revocation';
import { authentication, authOf, requireSession, sessionRoutes } from 'session-revocation/express';
import { memoryStore } from 'session-revocation/memory';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { listen } from '../frameworks/http/framework.ts';
import { type Chromium, launch } from '../ui/support/chromium.ts';
import { describeInChromium } from '../ui/support/describe-in-chromium.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';

describeInChromium('the Back button after a sign-out', () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await launch();
  }, TEST_TIMEOUT);
  afterAll(() => chromium?.close(), TEST_TIMEOUT);

  test.each([
    ['shows a guarded page by default, from what the browser kept', false, 'the secrets of ann'],
    ['leads to the login page with noStore, since the browser asks again', true, 'Sign in'],
  ])('%s', async (_, noStore, shown) => {
    const sessions = createSessions({ store: memoryStore() });
    const app = express().use(authentication(sessions, { cookie: { secure: false }, loginUrl: '/login' }));
    app.use('/sessions', sessionRoutes(sessions));
    app.get('/login', (_request, response) => {
      response.send('<h1>Sign in</h1><form method="post"><button>Go</button></form>');
    });
    app.post('/login', async (request, response) => {
      await authOf(request).signIn({ user: 'ann', verify: () => true });
      response.redirect(303, '/secret');
    });
    app.get('/secret', requireSession({ noStore }), (_request, response) => {
      response.send(
        '<h1>the secrets of ann</h1><form method="post" action="/sessions/sign-out">' +
          '<input type="hidden" name="returnTo" value="/bye"><button>Sign out</button></form>',
      );
    });
    app.get('/bye', (_request, response) => {
      response.send('<h1>Bye</h1>');
    });
    const { url, close } = await listen(app);
    onTestFinished(async () => {
      await close();
      await sessions.close();
    });
    const device = await chromium.newDevice();
    onTestFinished(() => device.close());
    const page = await device.newPage();
    const heading = (name: string): Promise<void> => page.getByRole('heading', { name }).waitFor();

    await page.goto(`${url}/login`);
    await page.getByRole('button', { name: 'Go' }).click();
    await heading('the secrets of ann');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading('Bye');
    await page.goBack();
    await heading(shown);
    expect(new URL(page.url()).pathname).toBe(noStore ? '/login' : '/secret');
  });
});
