// Every action of an administrator first asks for confirmation and names the affected users. One session can be ended.
import { describe, expect, test } from 'vitest';
import { TEST_TIMEOUT } from '../ui/support/timeouts.ts';
import { formsOf } from './support/forms.ts';
import { personOf } from './support/people.ts';
import { entriesOf, reviewOf } from './support/reading.ts';
import { DAY, open } from './support/site.ts';
import { CHROME_ON_MAC, FIREFOX_ON_WINDOWS, SAFARI_ON_IOS } from './support/user-agents.ts';

const { email: member } = personOf('member');
const { email: second } = personOf('second');

describe('an act of an administrator', { timeout: TEST_TIMEOUT }, () => {
  test('is there for each step of the review, in a form of the page', async () => {
    const { admin } = await reviewed();
    const actions = formsOf((await admin.open('/review')).text).map(({ action }) => action);
    expect(new Set(actions.filter((action) => action.startsWith('/review')))).toEqual(
      new Set(
        ['revoke', 'end', 'end-idle', 'role', 'suspend', 'remove-member', 'forget'].map((act) => `/review/${act}`),
      ),
    );
  });

  test.each([
    ['revoke', { user: 'user-2' }, [member], /member@acme.example is logged out on every device/],
    ['revoke', { all: 'yes' }, [member, second, 'owner@acme.example'], /everybody in acme/],
    ['end-idle', { unusedFor: '7d' }, [second], /not used for 7d/],
    ['role', { user: 'user-2', role: 'admin' }, [member], /Make member@acme.example admin\?/],
    ['suspend', { user: 'user-2' }, [member], /Suspend member@acme.example\?/],
    ['resume', { user: 'user-2' }, [member], /Let member@acme.example sign in again\?/],
    ['remove-member', { user: 'user-2' }, [member], /Remove member@acme.example from acme\?/],
    ['forget', { user: 'user-2' }, [member], /Forget member@acme.example\?/],
  ])('asks before it does anything, and names whom it meets: %s %o', async (act, fields, whom, question) => {
    const { site, admin, phone, before } = await reviewed();
    const asked = await admin.submit(`/review/${act}`, fields);
    expect(asked.status).toBe(200);
    expect(asked.text).toMatch(question);
    for (const email of whom) expect(asked.text).toContain(email);
    expect(asked.text).not.toContain('solo@beta.example');
    // Nothing has changed: both users are signed in, no role has changed, and the log has no new entry.
    expect(await phone.isSignedIn()).toBe(true);
    expect(await entriesOf(admin)).toEqual(before);
    expect(await site.users.get('user-2')).toMatchObject({ role: 'member', removed: false, suspended: false });

    const form = formsOf(asked.text).find(({ action }) => action === `/review/${act}`);
    expect(form?.fields).toMatchObject({ ...fields, confirmed: 'yes' });
    const done = await admin.submit(`/review/${act}`, form?.fields);
    expect([done.status, done.location]).toEqual([303, expect.stringMatching(/^\/review\?done=/)]);
  });

  test('is refused where the user is not of the account, before it is asked', async () => {
    const { admin } = await reviewed();
    for (const act of ['revoke', 'end', 'role', 'suspend', 'resume', 'remove-member', 'forget']) {
      const { status, text } = await admin.submit(`/review/${act}`, { user: 'user-4', role: 'admin', session: 'x' });
      expect([act, status, text.includes('solo')]).toEqual([act, 404, false]);
    }
  });

  test('ends a single session, for a page after a question and for a program at once', async () => {
    const { site, admin, phone } = await reviewed();
    const laptop = await site.signedIn('member', FIREFOX_ON_WINDOWS);
    const idOf = async (label: string): Promise<string> => {
      const { members } = await reviewOf(admin);
      const rows = members.find(({ user }) => user === 'user-2')?.sessions ?? [];
      return rows.find(({ device }) => device.label === label)?.id ?? '';
    };
    const session = await idOf('Safari on iOS');
    const asked = await admin.submit('/review/end', { user: 'user-2', session });
    expect(asked.text).toMatch(/End the session of member@acme\.example on Safari on iOS\?/);
    expect(asked.text).not.toContain('Firefox on Windows');
    expect(await phone.isSignedIn()).toBe(true);

    const form = formsOf(asked.text).find(({ action }) => action === '/review/end');
    const { location } = await admin.submit('/review/end', form?.fields);
    expect(location).toBe('/review?done=session-ended');
    expect([await phone.isSignedIn(), await laptop.isSignedIn()]).toEqual([false, true]);
    const [entry] = await entriesOf(admin, '?type=session.ended');
    expect(entry).toMatchObject({ session, user: 'user-2', by: 'user-1', fromDevice: 'Chrome on Mac OS' });

    // A second end answers 404, and so does a session of another member.
    expect((await admin.post('/review/end', { user: 'user-2', session })).status).toBe(404);
    const other = await idOf('Firefox on Windows');
    expect((await admin.post('/review/end', { user: 'user-3', session: other })).status).toBe(404);
    expect(await laptop.isSignedIn()).toBe(true);
    expect((await admin.post('/review/end', { user: 'user-2', session: other })).json).toEqual({ ended: true });
    expect(await laptop.isSignedIn()).toBe(false);
    expect((await laptop.post('/review/end', { user: 'user-1', session: other })).status).toBe(401);
  });
});

/** Signs in an administrator, a member on a phone, and a member whose session has been idle for 10 days. */
async function reviewed() {
  const site = await open('d');
  await site.signedIn('second', FIREFOX_ON_WINDOWS);
  site.clock.advance(10 * DAY);
  const phone = await site.signedIn('member', SAFARI_ON_IOS);
  await site.signedIn('solo', CHROME_ON_MAC);
  const admin = await site.signedIn('owner', CHROME_ON_MAC);
  return { site, admin, phone, before: await entriesOf(admin) };
}
