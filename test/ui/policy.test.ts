import { expect, test } from 'vitest';
import { useCardPages } from './support/card-page.ts';
import { describeInChromium } from './support/describe-in-chromium.ts';
import { eventually } from './support/eventually.ts';
import { problem } from './support/stub-server.ts';

describeInChromium('the account’s setting', () => {
  const cards = useCardPages();

  test('is changed by who may, after a confirmation', async () => {
    const shown = await ready({ signOut: 'session', mayChange: true });
    const group = shown.card.getByRole('group', { name: 'When a user logs out' });
    const [session, everywhere] = [
      group.getByRole('radio', { name: 'End this session only' }),
      group.getByRole('radio', { name: 'End all their sessions in this account' }),
    ];
    expect([await session.isChecked(), await shown.button('Save').count()]).toEqual([true, 0]);
    await everywhere.check();
    await shown.button('Save').click();
    await shown.dialog.getByText('has to sign in again on every device').waitFor();
    await shown.answer('Cancel');
    expect(cards.stub.count('PUT /sessions/policy')).toBe(0);
    await shown.button('Save').click();
    await shown.answer('Save');
    await shown.status.getByText('The setting is saved.').waitFor();
    const put = cards.stub.received.find(({ route }) => route === 'PUT /sessions/policy');
    expect([put?.body, put?.headers['content-type']]).toEqual(['{"signOut":"everywhere"}', 'application/json']);
    expect([await everywhere.isChecked(), await shown.button('Save').count()]).toEqual([true, 0]);
    expect(await shown.cardEvents()).toEqual([
      { name: 'policy-changed', detail: { account: 'acme', signOut: 'everywhere' } },
    ]);
    // The dialog explains the effect of a plain sign-out before the sign-out.
    await shown.button('Log out').click();
    await shown.dialog.getByText('that ends all your sessions').waitFor();
    await shown.answer('Cancel');
    await session.check();
    await shown.button('Save').click();
    await shown.dialog.getByText('stays signed in on their other devices').waitFor();
  });

  test('that cannot be saved stays as it was, and says why', async () => {
    const shown = await ready({ signOut: 'session', mayChange: true });
    cards.stub.answer('PUT /sessions/policy', problem('forbidden', 403, { detail: 'Ask the owner.' }));
    await shown.card.getByRole('radio', { name: 'End all' }).check();
    await shown.button('Save').click();
    await shown.answer('Save');
    await shown.alert.getByText('Ask the owner.').waitFor();
    expect(await shown.button('Save').count()).toBe(1);
    expect((await shown.cardEvents()).map(({ name }) => name)).toEqual(['session-error']);
  });

  test('is only told to others, where it matters to them', async () => {
    const shown = await ready({ signOut: 'everywhere', mayChange: false });
    await shown.card.getByText('When you log out, all your sessions in this account end.').waitFor();
    expect(await shown.card.getByRole('radio').count()).toBe(0);
  });

  test.each([
    ['it does not matter', { signOut: 'session', mayChange: false }],
    ['the app left it out', null],
    ['it is something else', { signOut: 'sometimes', mayChange: true }],
  ])('is not shown where %s', async (_, policy) => {
    const shown = await ready(policy);
    await eventually(() => cards.stub.count('GET /sessions/policy')).toBe(1);
    expect(await shown.card.locator('[part=policy]').isVisible()).toBe(false);
    expect(await shown.alert.textContent()).toBe('');
  });

  test('is not asked for with no-policy', async () => {
    cards.stub.markup = '<login-management src="/sessions" no-policy></login-management>';
    await ready({ signOut: 'session', mayChange: true });
    expect(cards.stub.count('GET /sessions/policy')).toBe(0);
  });

  async function ready(policy: { signOut: string; mayChange: boolean } | null) {
    cards.stub.policy = policy === null ? null : { account: 'acme', ...policy };
    const shown = await cards.open();
    await shown.row('Firefox').waitFor();
    return shown;
  }
});
