// A malicious sub-domain in a real browser: which cookies it can set, and how the site treats them.
import { createServer } from 'node:https';
import express from 'express';
import { createSessions } from 'session-revocation';
import { authentication, authOf, sessionRoutes } from 'session-revocation/express';
import { memoryStore } from 'session-revocation/memory';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { serveOn } from '../frameworks/http/framework.ts';
import { selfSigned } from '../frameworks/support/certificate.ts';
import { type Chromium, launch } from '../ui/support/chromium.ts';
import { describeInChromium } from '../ui/support/describe-in-chromium.ts';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';

const VICTIM = 'victim.test';
const EVIL = 'evil.victim.test';
const NAME = '__Host-default-session';

/** Cookie names that Chromium accepts with `Domain=victim.test`, because they do not begin with `__Host-`. */
const KEPT = [`\u00a0${NAME}`, `\u0085${NAME}`];
/** Cookie names that Chromium refuses (RFC 6265bis, 5.7). The last entry is a cookie with an empty name. */
const REFUSED = [NAME, NAME.toLowerCase(), ` ${NAME}`, `\t${NAME}`, `${NAME}\u00a0`, `=${NAME}`];

describeInChromium('a malicious sub-domain', () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await launch({ hosts: [VICTIM, EVIL] });
  }, TEST_TIMEOUT);
  afterAll(() => chromium?.close(), TEST_TIMEOUT);

  /** Serves the victim's site and the sub-domain on one port. The sub-domain sets all these cookies. */
  async function serve() {
    const sessions = createSessions({ store: memoryStore() });
    const mallorys = await sessions.start({ user: 'mallory', fence: await sessions.fence({ user: 'mallory' }) });
    const seen: string[] = [];
    const evil = express().get('/', (_, response) => {
      const token = mallorys.ok ? mallorys.token : '';
      const cookies = [...KEPT, ...REFUSED].map((name) => `${name}=${token}; Domain=${VICTIM}; Path=/; Secure`);
      response.setHeader('set-cookie', cookies);
      response.send('<h1>evil</h1>');
    });
    const victim = express();
    victim.use(authentication(sessions));
    victim.use('/sessions', sessionRoutes(sessions));
    victim.post('/sign-in', async (request, response) => {
      await authOf(request).signIn({ user: 'bob', verify: () => true });
      response.redirect(303, '/');
    });
    victim.get('/', (request, response) => {
      seen.push(request.headers.cookie ?? '');
      const user = authOf(request).session?.user ?? 'nobody';
      response.send(`<h1>${user}</h1><form method="post" action="/sign-in"><button>Sign in</button></form>`);
    });
    const server = createServer(selfSigned(VICTIM), (request, response) => {
      const app = request.headers.host?.startsWith(`${EVIL}:`) ? evil : victim;
      app(request, response);
    });
    const { url, close } = await serveOn(server, 'https');
    onTestFinished(async () => {
      await close();
      await sessions.close();
    });
    const device = await chromium.newDevice({ trustsAll: true });
    onTestFinished(() => device.close());
    const page = await device.newPage();
    const visit = async (host: string): Promise<string> => {
      await page.goto(url.replace('127.0.0.1', host));
      return (await page.getByRole('heading').textContent()) ?? '';
    };
    return { page, visit, seen };
  }

  test('signs no visitor in', async () => {
    const { visit, seen } = await serve();
    expect(await visit(EVIL)).toBe('evil');
    expect(await visit(VICTIM)).toBe('nobody');
    const names = seen
      .at(-1)
      ?.split('; ')
      .map((pair) => pair.slice(0, pair.indexOf('=')));
    expect(names, 'these arrive').toEqual(KEPT);
  });

  test('locks no user out', async () => {
    const { page, visit } = await serve();
    await visit(VICTIM);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'bob' }).waitFor();
    expect(await visit(EVIL)).toBe('evil');
    expect(await visit(VICTIM)).toBe('bob');
  });
});
