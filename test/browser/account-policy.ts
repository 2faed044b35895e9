// Product C of the demo in the browser: an administrator sets what a sign-out ends.
import { expect, test } from 'vitest';
import { newProgram } from '../acceptance/support/program.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from '../acceptance/support/user-agents.ts';
import { eventually } from '../ui/support/eventually.ts';
import type { DemoBrowser } from './support/demo-browser.ts';
import { shown } from './support/demo-page.ts';

export function accountPolicy(demo: DemoBrowser): void {
  test('C1, C2, C3 is switched by an administrator, and holds from the next sign-out on', async () => {
    const site = await demo.open('c');
    const [admin, member, phone] = await Promise.all([
      demo.signedIn(site, 'owner', { userAgent: CHROME_ON_MAC }),
      demo.signedIn(site, 'member', { userAgent: FIREFOX_ON_WINDOWS }),
      demo.signedIn(site, 'member', { userAgent: SAFARI_ON_IOS, remember: true, width: 390, touch: true }),
    ]);
    const program = await newProgram(await site.signedIn('member'), 'api');

    // A member has no control for the policy, and the page does not mention it yet.
    await member.row('Current session').waitFor();
    expect(await member.card.getByRole('radio').count()).toBe(0);
    expect(await shown(member.content)).not.toMatch(/when (a user|you) logs? out/i);
    await member.signOut();
    await member.expectLoginPage(/logged out on this device/);
    await phone.expectSignedIn();
    await member.signIn('member');

    const everywhere = admin.card.getByRole('radio', { name: 'End all their sessions in this account' });
    const session = admin.card.getByRole('radio', { name: 'End this session only' });
    await session.waitFor();
    expect([await session.isChecked(), await everywhere.isChecked()]).toEqual([true, false]);
    await everywhere.check();
    await admin.confirm('Save', 'Cancel');
    await admin.goto('/profile');
    await everywhere.waitFor();
    expect(await everywhere.isChecked()).toBe(false);
    await everywhere.check();
    await admin.confirm('Save', 'Save');
    await eventually(() => shown(admin.card.getByRole('status'))).toContain('The setting is saved');
    await admin.goto('/profile');
    await everywhere.waitFor();
    expect(await everywhere.isChecked()).toBe(true);

    // The new policy itself ends no session. The member's page explains it, but still has no control.
    await phone.goto('/profile');
    await eventually(() => shown(phone.content)).toContain('all your sessions in this account end');
    expect(await phone.card.getByRole('radio').count()).toBe(0);
    expect((await program.me()).status).toBe(200);

    await member.signOut();
    await member.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
    await phone.follow('Sessions & security');
    await phone.expectLoginPage(/logged out/);
    expect((await program.me()).status).toBe(401);
    await admin.expectSignedIn();
    // C5: the member can sign in again.
    await phone.signIn('member');
    await phone.expectSignedIn();
  });
}
