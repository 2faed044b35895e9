import { createSessions, type Sessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { describe, expect, test } from 'vitest';
import type { Browser } from './browser.ts';
import { expectProblem, rowsOf } from './expectations.ts';
import type { Framework, Page } from './framework.ts';
import { open, type Site } from './site.ts';

/** Opens a shop whose buyers and staff share a host and a store, and may have the same user ids. */
async function shop(framework: Framework): Promise<Site & { readonly buyers: Sessions; readonly both: Browser }> {
  const store = memoryStore();
  const buyers = createSessions({ store, realm: 'buyer' });
  const pages: readonly Page[] = [
    {
      method: 'post',
      path: '/buyers/sign-in',
      run: async ({ auth }) => ({ ok: (await auth(buyers).signIn({ user: 'alice', verify: () => true })).ok }),
    },
    {
      method: 'get',
      path: '/buyers/me',
      guard: { sessions: buyers },
      run: ({ session }) => ({ kind: session(buyers).kind }),
    },
    { method: 'post', path: '/buyers/sign-out', run: ({ auth }) => auth(buyers).signOut() },
  ];
  const site = await open(framework, { store, also: [buyers], pages });
  const both = site.browser();
  await both.signIn('alice');
  await both.post('/buyers/sign-in');
  return { ...site, buyers, both };
}

export function realms(framework: Framework): void {
  describe('of one host', () => {
    test('have cookies that mean nothing in each other', async () => {
      const { both, browser } = await shop(framework);
      expect(both.cookie('__Host-default-session')).not.toBeNull();
      expect(both.cookie('__Host-buyer-session')).not.toBeNull();
      const swapped = `__Host-default-session=${both.cookie('__Host-buyer-session')}`;
      expectProblem(await browser().get('/private', { cookie: swapped }), 401, 'session-required');
      const back = `__Host-buyer-session=${both.cookie('__Host-default-session')}`;
      expectProblem(await browser().get('/buyers/me', { cookie: back }), 401, 'session-required');
    });

    test('list, end and revoke their own', async () => {
      const { both, buyers } = await shop(framework);
      expect(rowsOf(await both.get('/sessions'))).toHaveLength(1);
      expect(rowsOf(await both.get('/also'))).toHaveLength(1);
      expect((await both.post('/also/sign-out-everywhere')).status).toBe(204);
      expect([(await both.get('/private')).status, (await both.get('/buyers/me')).status]).toEqual([200, 401]);
      expect((await buyers.list({ user: 'alice' })).sessions).toEqual([]);
    });

    test('sign out apart', async () => {
      const { both } = await shop(framework);
      expect((await both.post('/buyers/sign-out')).json).toMatchObject({ ended: true });
      expect([(await both.get('/private')).status, (await both.get('/buyers/me')).status]).toEqual([200, 401]);
    });

    test('are misuse by the sessions of a realm that was not read', async () => {
      const { both } = await shop(framework);
      const page: Page = {
        method: 'get',
        path: '/third',
        run: ({ auth }) => auth(createSessions({ store: memoryStore(), realm: 'third' })).session,
      };
      const { browser } = await open(framework, { pages: [page] });
      expect((await browser().get('/third')).status).toBe(500);
      expect((await both.get('/private')).status).toBe(200);
    });
  });
}
