import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe-core finds in the page as it stands: rules of WCAG 2.2 AA and best practices. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as { axe: typeof axe };
    // What stands around the card is the app's: its landmarks and its first heading.
    const { violations } = await run.run(document, {
      rules: { 'page-has-heading-one': { enabled: false }, region: { enabled: false } },
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}
