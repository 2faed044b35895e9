// Two tabs of a real browser share cookies. One tab waits for an answer while the other one signs in again.
import express from 'express';
import { createSessions } from 'session-revocation';
import { authentication, authOf, requireSession } from 'session-revocation/express';
import { memoryStore } from 'session-revocation/memory';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../frameworks/http/framework.ts';
import { launch } from '../ui/support/chromium.ts';
import { describeInChromium } from '../ui/support/describe-in-chromium.ts';

describeInChromium('in Chromium', () => {
  test.each(['fetch', 'navigation'])(
    'a refusal of a %s that arrives after the next sign-in leaves its cookie alone',
    async (way) => {
      const sessions = createSessions({ store: memoryStore(), timeout: '2m' });
      let [arrive, go] = [() => {}, () => {}];
      const arrived = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const going = new Promise<void>((resolve) => {
        go = resolve;
      });
      const app = express();
      app.use(authentication(sessions, { loginUrl: '/' }));
      app.get('/', (_, res) => void res.type('html').send('<title>home</title>'));
      app.post('/sign-in', async (req, res) => {
        const { ok } = await authOf(req).signIn({ user: 'ann', verify: () => true });
        res.json(ok);
      });
      app.get('/who', requireSession(), (req, res) => void res.json(authOf(req).session?.user));
      // `authentication` has already checked the session. The refusal follows later.
      const wait = async (): Promise<void> => {
        arrive();
        await going;
      };
      app.get('/slow', (_, __, next) => void wait().then(() => next()), requireSession());
      const { url, close } = await listen(app);
      const chromium = await launch();
      onTestFinished(async () => {
        await chromium.close();
        await close();
        await sessions.close();
      });
      const device = await chromium.newDevice();
      const [slow, other] = [await device.newPage(), await device.newPage()];
      const home = url.replace('127.0.0.1', 'localhost');
      for (const tab of [slow, other]) await tab.goto(home);
      const signIn = "fetch('/sign-in', { method: 'POST' }).then((answer) => answer.json())";
      expect(await other.evaluate(signIn)).toBe(true);
      await sessions.revoke({ user: 'ann' });

      const late =
        way === 'fetch'
          ? slow.evaluate("fetch('/slow').then(({ status }) => status)")
          : slow.goto(`${home}/slow`).then((answer) => answer?.url());
      await arrived;
      expect(await other.evaluate(signIn)).toBe(true);
      go();
      expect(await late).toEqual(way === 'fetch' ? 401 : `${home}/?returnTo=%2Fslow&reason=revoked`);
      expect(await other.evaluate("fetch('/who').then((answer) => answer.json())")).toBe('ann');
    },
  );
});
