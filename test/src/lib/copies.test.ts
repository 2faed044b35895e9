import { memoryStore } from 'session-revocation/memory';
import { expect, test, vi } from 'vitest';
import { createSessions } from '../../../src/create-sessions.ts';
import { accessTokens } from '../../../src/jwt/access/access-tokens.ts';
import { optionsOf } from '../jwt/support/tokens.ts';

test('what another copy of the package made is refused as such', async () => {
  vi.resetModules();
  const other = await import('../../../src/create-sessions.ts');
  expect(other.createSessions).not.toBe(createSessions);
  const [ours, theirs] = [createSessions({ store: memoryStore() }), other.createSessions({ store: memoryStore() })];
  expect(() => accessTokens(theirs as never, optionsOf())).toThrow(/another copy of session-revocation/);
  const started = await theirs.start({ user: 'ann', fence: await theirs.fence({ user: 'ann' }) });
  if (!started.ok) expect.fail(started.reason);
  await expect(ours.renew(started.session as never)).rejects.toThrow(/another copy of session-revocation/);
  await expect(ours.renew({ ...started.session } as never)).rejects.not.toThrow(/another copy/);
});
