import { memoryStore } from 'session-revocation/memory';
import { expect, onTestFinished, test } from 'vitest';
import { TestClock } from '../frameworks/http/site.ts';
import { hosts } from './support/adoption-hosts.ts';

// One store of each host: what is sent does not depend on it.
const names = ['express-session', 'koa-session', '@fastify/session'];
const some = names.map((name) => hosts.find((host) => host.name.startsWith(name)) ?? expect.fail(name));

test.each(some)('LGO-6: an answer of $name that sets or deletes the cookie is not for caches', async (host) => {
  const before = await host.begin();
  onTestFinished(before.close);
  const options = { store: memoryStore(), clock: new TestClock(), adoptUntil: undefined, everywhere: false };
  const browser = (await before.deploy(options)).browser();
  for (const path of ['/login', '/login?user=bob', '/renew', '/reauthenticate', '/sign-out-others', '/sign-out']) {
    const answer = await browser.post(path);
    expect(answer.setCookies, path).not.toEqual([]);
    expect(answer.headers['cache-control'], path).toBe('no-store');
  }
});
