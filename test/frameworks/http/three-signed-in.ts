import { type Browser, FIREFOX_ON_WINDOWS } from './browser.ts';
import type { Framework } from './framework.ts';
import { HOUR, open, type Site, type SiteOptions } from './site.ts';

/** Signs Alice in on two devices, and Bob on one. */
export async function threeSignedIn(
  framework: Framework,
  options: SiteOptions = {},
): Promise<Site & Record<'mac' | 'windows' | 'bob', Browser> & { ids: string[] }> {
  const site = await open(framework, options);
  const [mac, windows, bob] = [site.browser(), site.browser(FIREFOX_ON_WINDOWS), site.browser()];
  const ids: string[] = [];
  for (const [browser, user] of [
    [mac, 'alice'],
    [windows, 'alice'],
    [bob, 'bob'],
  ] as const) {
    ids.push(await browser.signIn(user));
    site.clock.advance(HOUR);
  }
  return { ...site, mac, windows, bob, ids };
}
