import assert from 'node:assert/strict';
import { adapterHandle } from '../../adapter-handle.ts';
import type { Scope } from '../../model/scope.ts';
import type { Adoption } from '../../operations/adopt.ts';
import type { Sessions } from '../../sessions.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, type SignedIn, signIn, tell } from '../harness/people.ts';
import { nth, same } from '../harness/records.ts';
import { interleave, type Round, refuses, tokenOf } from '../harness/rounds.ts';
import { around } from '../harness/wrappers.ts';

const who = { user: 'ann', account: 'acme' };
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

const SCOPES: readonly Scope[] = [{ user: 'ann' }, who, { account: 'acme' }, { realm: true }];
const scopeOf = ({ seed }: Round): Scope => nth(SCOPES, seed % SCOPES.length);

const theirs = { ...who, credential: 'their own id of it' };
const adoption = (sessions: Sessions): Adoption =>
  adapterHandle(sessions).adoption({ until: new Date(sessions.clock.now() + 24 * 3600e3) });

/** Operations against each other, in a thousand orders of their calls to the store. */
export const races: readonly CaseDefinition[] = define('races', {
  'sign-in-against-revoke': {
    title: 'MUST give no live session to a sign-in that was under way when a revocation came (SES-14)',
    run: (bench) =>
      interleave(bench, 1, async (round) => {
        const [sessions, other] = [round.open(), round.open()];
        const fence = await sessions.fence(who);
        const [started] = await round.order.run(
          () => sessions.start({ ...who, fence }),
          () => other.revoke(scopeOf(round)),
        );
        await refuses(other, tokenOf(started));
        same(await living(other, 'ann'), []);
        if (round.seed % 8 !== 0) return;
        const back = await signIn(other, who);
        assert.equal(await tell(sessions, back.token), 'live');
      }),
  },
  'suspend-against-sign-in': {
    title:
      'MUST give no live session to a sign-in that was under way when its scope was suspended, nor after it is resumed',
    run: (bench) =>
      interleave(bench, 0.1, async (round) => {
        const [sessions, other] = [round.open(), round.open()];
        const fence = await sessions.fence(who);
        const late = async () => sessions.start({ ...who, fence: await sessions.fence(who) });
        const [started] = await round.order.run(
          () => sessions.start({ ...who, fence }),
          () => other.suspend(scopeOf(round)),
        );
        const during = await late();
        assert.equal(during.ok ? 'started' : during.reason, 'suspended');
        await other.resume(scopeOf(round));
        await refuses(other, tokenOf(started));
        same(await living(other, 'ann'), []);
      }),
  },
  'adopt-against-revoke': {
    title:
      'MUST give no live session to what another layer has begun if a revocation comes while it is adopted, nor afterwards',
    run: (bench) =>
      interleave(bench, 0.1, async (round) => {
        const [sessions, other] = [round.open(), round.open()];
        const [adopt, again] = [adoption(sessions), adoption(other)];
        const [token] = await round.order.run(
          () => adopt.begin(theirs),
          () => again.begin(theirs),
          () => other.revoke(scopeOf(round)),
        );
        await refuses(other, token, await again.begin(theirs));
        same(await living(other, 'ann'), []);
      }),
  },
  'renew-against-revoke': {
    title: 'MUST not carry a session over a revocation by a renewal or a new authentication under way',
    run: (bench) =>
      interleave(bench, 0.2, async (round) => {
        const [sessions, other] = [round.open(), round.open()];
        const [mine, third] = [await signIn(sessions, who), await signIn(sessions, who)];
        const fence = await sessions.fence(who);
        const [renewed, again] = await round.order.run(
          () => sessions.renew(mine.session),
          () => sessions.reauthenticate(third.session, { fence }),
          () => other.revoke(scopeOf(round)),
        );
        await refuses(other, mine.token, third.token, tokenOf(renewed), tokenOf(again));
        same(await living(other, 'ann'), []);
      }),
  },
  'renew-against-keep': {
    title: 'MUST let either the renewal or the keep of a session win, and end the others if it is the keep',
    run: (bench) =>
      interleave(bench, 0.1, async ({ order, open }) => {
        const [sessions, other] = [open(), open()];
        const [mine, third] = [await signIn(sessions, who), await signIn(sessions, who)];
        const [renewed, done, alsoRenewed] = await order.run(
          () => sessions.renew(mine.session),
          () => other.revoke({ user: 'ann' }, { keep: mine.session }),
          () => sessions.renew(third.session),
        );
        assert.equal(renewed.ok, !done.revoked);
        await refuses(other, mine.token);
        assert.equal(await tell(other, (renewed.ok ? renewed.token : done.token) ?? ''), 'live');
        const thirds = alsoRenewed.ok ? alsoRenewed.token : third.token;
        assert.equal(await tell(other, thirds), done.revoked ? 'revoked' : 'live');
      }),
  },
  'two-keeps': {
    title: 'MUST keep one of two sessions that each sign out all others at once',
    run: (bench) =>
      interleave(bench, 0.1, async ({ order, open }) => {
        const [sessions, other] = [open(), open()];
        const clients: SignedIn[] = [
          await signIn(sessions, who),
          await signIn(sessions, who),
          await signIn(sessions, who),
        ];
        const outcomes = await order.run(
          () => sessions.revoke({ user: 'ann' }, { keep: nth(clients, 0).session }),
          () => other.revoke({ user: 'ann' }, { keep: nth(clients, 1).session }),
        );
        const kept = outcomes.filter(({ revoked }) => revoked);
        assert.equal(kept.length, 1);
        assert.equal(await tell(other, kept[0]?.token ?? ''), 'live');
        await refuses(sessions, ...clients.map(({ token }) => token));
        same(await living(other, 'ann'), [kept[0]?.kept?.id]);
      }),
  },
  'switch-against-revoke': {
    title: 'MUST not carry a session over a revocation by a switch of account under way',
    run: (bench) =>
      interleave(bench, 0.2, async (round) => {
        const [sessions, other] = [round.open(), round.open()];
        const mine = await signIn(sessions, who);
        const beta = { user: 'ann', account: 'beta' };
        const scopes: readonly Scope[] = [{ user: 'ann' }, beta, { account: 'beta' }, { realm: true }];
        const scope = nth(scopes, round.seed % scopes.length);
        const fence = await sessions.fence(beta);
        const [switched] = await round.order.run(
          () => sessions.renew(mine.session, { account: 'beta', fence }),
          () => other.revoke(scope),
        );
        await refuses(other, tokenOf(switched));
        // If the switch was refused, the session stays in its old account, which the scope may not cover.
        const stays = !switched.ok && 'account' in scope;
        assert.equal((await living(other, 'ann')).length, stays ? 1 : 0);
      }),
  },
  'switch-behind-revoke': {
    title:
      'MUST not carry a session out of an account, or out of another scope that was revoked before the switch is written',
    async run(bench) {
      for (const [at, scope] of SCOPES.entries()) {
        const other = bench.sessions({ realm: `realm ${at}` });
        const store = around(bench.store, async (verb, ask) => {
          if (verb === 'renew') await other.revoke(scope);
          return ask();
        });
        const sessions = bench.sessions({ realm: `realm ${at}`, store });
        const mine = await signIn(sessions, who);
        const fence = await sessions.fence({ user: 'ann', account: 'beta' });
        const switched = await sessions.renew(mine.session, { account: 'beta', fence });
        await refuses(other, mine.token, tokenOf(switched));
        same(await living(other, 'ann'), []);
      }
    },
  },
  limit: {
    title: 'MUST hold a limit against sign-ins at the same time (SES-20)',
    run: (bench) =>
      interleave(bench, 0.02, async ({ seed, order, open }) => {
        const overflow = seed % 2 === 0 ? 'end-oldest' : 'refuse';
        const handles = [open({ limit: { perUser: 3, overflow } }), open({ limit: { perUser: 3, overflow } })] as const;
        const fence = await handles[0].fence(who);
        const starts = Array.from({ length: 8 }, (_, at) => () => nth(handles, at % 2).start({ ...who, fence }));
        const outcomes = await order.run(...starts);
        const ok = outcomes.flatMap((outcome) => (outcome.ok ? [outcome] : []));
        assert.equal(ok.length, overflow === 'refuse' ? 3 : 8);
        const words = await Promise.all(ok.map(({ token }) => tell(handles[0], token)));
        assert.equal(words.filter((word) => word === 'live').length, 3);
        assert.equal((await living(handles[1], 'ann')).length, 3);
      }),
  },
  replace: {
    title: 'MUST leave one session in a browser after sign-ins at the same time',
    run: (bench) =>
      interleave(bench, 0.03, async ({ order, open }) => {
        const handles = [open({ replace: 'same-browser' }), open({ replace: 'same-browser' })] as const;
        const fence = await handles[0].fence(who);
        const start = (sessions: Sessions) => () => sessions.start({ ...who, fence, userAgent: CHROME });
        const outcomes = await order.run(...[...handles, ...handles].map(start));
        assert.ok(outcomes.every(({ ok }) => ok));
        assert.equal((await living(handles[0], 'ann')).length, 1);
      }),
  },
});
