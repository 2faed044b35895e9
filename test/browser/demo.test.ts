// All tests of the demo in a real browser. They are in one file, so that they share one Chromium.
import { describe } from 'vitest';
import { describeInChromium } from '../ui/support/describe-in-chromium.ts';
import { accountPolicy } from './account-policy.ts';
import { loginManagement } from './login-management.ts';
import { markup } from './markup.ts';
import { pages } from './pages.ts';
import { review } from './review.ts';
import { signOutEverywhere } from './sign-out-everywhere.ts';
import { useDemo } from './support/demo-browser.ts';

describeInChromium('in the browser', () => {
  const demo = useDemo();

  describe('sign out everywhere', () => signOutEverywhere(demo));
  describe('what a sign-out ends', () => accountPolicy(demo));
  describe('deciding', () => review(demo));
  describe('login management', () => loginManagement(demo));
  describe('the pages', () => pages(demo));
  describe('markup', () => markup(demo));
});
