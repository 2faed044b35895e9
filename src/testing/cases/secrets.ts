import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { adapterHandle } from '../../adapter-handle.ts';
import { EVENT_TYPES } from '../../events/event-types.ts';
import { formatToken, parseToken } from '../../model/token.ts';
import type { Bench } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { type SignedIn, signIn, tell } from '../harness/people.ts';
import { around } from '../harness/wrappers.ts';

const show = (value: unknown): string =>
  inspect(value, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null });

// Runs every operation, and collects everything that is written down.
async function live(bench: Bench) {
  const seen: string[] = [];
  const store = around(bench.store, async (verb, ask, given) => {
    seen.push(verb, show(given));
    const answer = await ask();
    seen.push(show(answer));
    return answer;
  });
  const sessions = bench.sessions({
    store,
    touchEvery: 0,
    audit: bench.powers.includes('audit'),
    limit: { perUser: 3, overflow: 'end-oldest' },
    replace: 'same-device',
  });
  for (const type of EVENT_TYPES) sessions.on(type, (event) => seen.push(show(event), JSON.stringify(event)));
  const misuse = async (call: () => Promise<unknown>) =>
    seen.push(await call().then(show, (error: unknown) => `${show(error)} ${String(error)}`));

  const tokens: string[] = [];
  const hold = <T extends object>(result: T): T => {
    if ('token' in result && typeof result.token === 'string') tokens.push(result.token);
    return result;
  };
  const mine = hold(await signIn(sessions, { user: 'ann', account: 'acme', deviceId: 'the-device-cookie' }));
  const other = hold(await signIn(sessions, { user: 'ann', account: 'acme' }));
  assert.equal(await tell(sessions, mine.token), 'live');
  await bench.settled();
  const renewed = hold(await sessions.renew(mine.session, { attributes: { a: 1 } }));
  assert.ok(renewed.ok);
  const fence = await sessions.fence({ user: 'ann', account: 'acme' });
  const again = hold(await sessions.reauthenticate(renewed.session, { fence }));
  assert.ok(again.ok);
  const done = hold(await sessions.revoke({ user: 'ann' }, { keep: again.session }));
  assert.ok(done.revoked);
  for (const token of tokens) await tell(sessions, token);
  await misuse(() => sessions.check(`${mine.token}x`));
  await misuse(() => sessions.end(mine.token, { user: 'ann' }));
  await misuse(() => sessions.renew(mine.token as never));
  await misuse(() => sessions.revoke({ user: 'ann' }, { keep: mine.token as never }));
  seen.push(
    show(await sessions.list({ user: 'ann' }, { ended: true })),
    show(mine.session),
    JSON.stringify(other.session),
  );
  const account = 'acme';
  adapterHandle(sessions).report({
    reason: 'forbidden',
    action: 'revoke',
    by: 'ann',
    user: 'bob',
    account,
    device: null,
  });
  const last = hold(await signIn(sessions, { user: 'ann', account, userAgent: 'curl/8', ip: '192.0.2.1' }));
  await sessions.check(last.token, { userAgent: 'Mozilla/5.0 Firefox/143.0', ip: '192.0.2.2' });
  hold(await sessions.trigger('passwordChanged', { user: 'ann', keep: last.session }));
  seen.push(show(await sessions.review({ account })), show(await sessions.revoke({ account }, { dryRun: true })));
  await sessions.end(last.session.id, { user: 'ann' });
  await bench.settled();
  if (bench.powers.includes('audit')) seen.push(show(await sessions.audit()));
  await sessions.forgetUser('ann', { by: 'admin' });
  await sessions.prune();
  return { seen: seen.join('\n'), tokens };
}

export const secrets: readonly CaseDefinition[] = define('secrets', {
  'stay-out': {
    title:
      'MUST be asked with no token, secret or device cookie, and none stands in events, errors or lists (OPS-2, OPS-5)',
    async run(bench) {
      const { seen, tokens } = await live(bench);
      assert.ok(tokens.length >= 5 && seen.length > 1000);
      for (const token of tokens) {
        const secret = parseToken(token)?.secret ?? assert.fail('a token is well-formed');
        const forms = [
          token,
          secret,
          Buffer.from(secret, 'base64url').toString('hex'),
          Buffer.from(secret, 'base64url').toString('base64'),
        ];
        for (const form of forms) assert.ok(!seen.includes(form), 'a secret was told');
      }
      assert.ok(!seen.includes('the-device-cookie'), 'the device cookie was told');
    },
  },
  stolen: {
    title: 'MUST hold nothing that a thief of the data could present: a hash is no secret',
    async run(bench) {
      const sessions = bench.sessions();
      const mine: SignedIn = await signIn(sessions, { user: 'ann', account: 'acme' });
      const ref = parseToken(mine.token)?.ref ?? assert.fail('a token is well-formed');
      const [found] = await bench.store.find(ref.user, [ref]);
      assert.ok(found);
      assert.notEqual(await tell(sessions, formatToken(ref, found.session.credential)), 'live');
      assert.equal(await tell(sessions, mine.token), 'live');
    },
  },
});
