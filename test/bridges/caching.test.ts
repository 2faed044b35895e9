import { memoryStore } from 'session-revocation/memory';
import { expect, onTestFinished, test } from 'vitest';
import { TestClock } from '../frameworks/http/site.ts';
import { layers } from './support/adoption-layers.ts';

// One store of each layer is enough: the headers do not depend on the store.
const names = ['express-session', 'koa-session', '@fastify/session'];
const some = names.map((name) => layers.find((layer) => layer.name.startsWith(name)) ?? expect.fail(name));

test.each(some)('LGO-6: an answer of $name that sets or deletes the cookie is not for caches', async (layer) => {
  const before = await layer.begin();
  onTestFinished(before.close);
  const options = { store: memoryStore(), clock: new TestClock(), adoptUntil: undefined, everywhere: false };
  const browser = (await before.deploy(options)).browser();
  for (const path of ['/login', '/login?user=bob', '/renew', '/reauthenticate', '/sign-out-others', '/sign-out']) {
    const answer = await browser.post(path);
    expect(answer.setCookies, path).not.toEqual([]);
    expect(answer.headers['cache-control'], path).toBe('no-store');
  }
});
