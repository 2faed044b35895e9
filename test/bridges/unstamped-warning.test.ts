import { expect, onTestFinished, test } from 'vitest';
import { open } from './support/site.ts';

test('a sign-in past the bridge is refused, and the developer is told once', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', note);
  onTestFinished(() => {
    process.off('warning', note);
  });
  const { browser: newBrowser, sessions } = await open();
  for (const user of ['alice', 'bob', 'carol']) {
    const browser = newBrowser();
    await browser.post(`/inner-login?user=${user}`);
    for (let time = 0; time < 2; time++) {
      expect((await browser.get('/who')).json).toMatchObject({ user: null, inner: null, refusal: null });
    }
    expect((await sessions.list({ user })).sessions).toEqual([]);
  }
  const own = warnings.filter(({ name }) => name === 'SessionRevocationWarning');
  expect(own).toHaveLength(1);
  expect(own[0]?.message).toContain('authOf(request).signIn');
  expect(own[0]?.message, 'it is for logs').not.toMatch(/alice|bob|carol/);
});
