import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** Returns axe-core's findings about the present page, by rules of WCAG 2.2 AA and best practices. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as { axe: typeof axe };
    // The app's page, not the card, provides landmarks and the first heading.
    const { violations } = await run.run(document, {
      rules: { 'page-has-heading-one': { enabled: false }, region: { enabled: false } },
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}
