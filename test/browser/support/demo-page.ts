import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type Person, personOf } from '../../acceptance/support/people.ts';
import type { Site } from '../../acceptance/support/site.ts';
import { eventually } from '../../ui/support/eventually.ts';

/** Waits for an element and returns its visible text. */
export async function shown(locator: Locator): Promise<string> {
  await locator.waitFor();
  return (await locator.allInnerTexts()).join();
}

/** A page of the demo, with actions of a user. */
export class DemoPage {
  readonly page: Page;
  readonly origin: string;
  readonly card: Locator;
  readonly #site: Site;

  constructor(page: Page, origin: string, site: Site) {
    this.page = page;
    this.origin = origin;
    this.card = page.locator('login-management');
    this.#site = site;
  }

  async goto(path: string): Promise<void> {
    await this.page.goto(this.origin + path);
  }

  /** Opens the login page if needed, submits its form, and waits for the signed-in page. */
  async signIn(person: Person, { remember = false } = {}): Promise<void> {
    if (!(await this.#loginHeading.isVisible())) await this.goto('/');
    await this.fillIn(this.#site.credentialsOf(person));
    if (remember) await this.page.getByLabel('Stay signed in').check();
    await this.click('Sign in');
    await this.#signOutButton.waitFor();
  }

  /** Clicks the sign-out button in the menu of every page. */
  signOut = (): Promise<void> => this.submit(this.#signOutButton);

  get #loginHeading(): Locator {
    return this.page.getByRole('heading', { name: 'Sign in', level: 1, exact: true });
  }

  get #signOutButton(): Locator {
    return this.page.getByRole('banner').getByRole('button', { name: /^(Log|Sign) out$/ });
  }

  /** Fills in the form of the login page. */
  async fillIn({ email, password, code }: Partial<Record<string, string>>): Promise<void> {
    await this.page.waitForLoadState();
    await this.page.getByLabel('E-mail').fill(email ?? '');
    await this.page.getByLabel('Password').fill(password ?? '');
    const field = this.page.getByLabel('Code');
    if (code !== undefined && (await field.isVisible())) await field.fill(code);
  }

  /** Changes the password on the page "Sessions & security". */
  async changePassword(person: Person, next: string): Promise<void> {
    await this.goto('/account');
    await this.page.getByLabel('Current password').fill(personOf(person).password);
    await this.page.getByLabel('New password').fill(next);
    await this.click('Change password');
  }

  click = (name: string): Promise<void> => this.submit(this.page.getByRole('button', { name, exact: true }));

  /** Follows a link of the menu. */
  follow = (name: string): Promise<void> => this.submit(this.page.getByRole('link', { name }));

  /** Clicks an element that loads a page, and waits for that page. */
  async submit(button: Locator): Promise<void> {
    await this.page.waitForLoadState();
    await Promise.all([this.page.waitForEvent('load'), button.click()]);
  }

  /** The content of the card. */
  get content(): Locator {
    return this.card.locator('[part~="card"]');
  }

  row = (label: string): Locator => this.card.getByRole('listitem').filter({ hasText: label });

  /** Waits until the card's rows are complete. Returns their labels. */
  async labels(): Promise<readonly string[]> {
    await this.card.locator('div:has(> [part~="list"]):not([aria-busy])').waitFor();
    return this.card.locator('[part~="label"]').allInnerTexts();
  }

  /** Clicks a button of the card, and then a button of its dialog. */
  async confirm(name: string | RegExp, answer: string): Promise<void> {
    await this.card.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name }).click();
    await this.card.getByRole('dialog').getByRole('button', { name: answer, exact: true }).click();
  }

  /** Waits until the address bar shows this path. The query is compared only if `path` has one. */
  async expectPath(path: string): Promise<void> {
    const rest = path.includes('?') ? '' : /\?.*$/;
    await eventually(() => this.page.url().replace(this.origin, '').replace(rest, '')).toBe(path);
  }

  /** Waits until a status message of the page matches. */
  async expectTold(what: RegExp): Promise<void> {
    await eventually(() => shown(this.page.getByRole('status'))).toMatch(what);
  }

  /** Expects the login page of the same host. `why` is the message on it, or `null` for none. */
  async expectLoginPage(why: RegExp | null): Promise<void> {
    await this.#loginHeading.waitFor();
    expect(new URL(this.page.url()).origin).toBe(this.origin);
    if (why === null) expect(await this.page.getByRole('status').count()).toBe(0);
    else await this.expectTold(why);
  }

  /** Expects that the user is signed in: the account page loads. */
  async expectSignedIn(): Promise<void> {
    await this.goto('/account');
    expect(await shown(this.page.getByRole('heading', { level: 1 }))).toBe('Sessions & security');
  }
}
