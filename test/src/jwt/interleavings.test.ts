import { createSessions, type Scope, type Session, type Sessions, type SessionsOptions } from 'session-revocation';
import { accessTokens } from 'session-revocation/jwt';
import { expect, test } from 'vitest';
import { coreOf } from '../../../src/core/context.ts';
import { refreshSession } from '../../../src/jwt/access/refresh.ts';
import { Interleaver } from '../../../src/testing/harness/interleaver.ts';
import { size } from '../../ci-only.ts';
import { NOW } from '../support/realm.ts';
import { describeStores } from './support/stores.ts';
import { optionsOf } from './support/tokens.ts';

const who = { user: 'ann', account: 'acme' };
const SCOPES: readonly Scope[] = [{ user: 'ann' }, who, { account: 'acme' }, { realm: true }];
const clock = { now: () => NOW };

await describeStores('in every order of their questions', (handles, name) => {
  const isQuick = name === 'memory';
  const most = size(isQuick ? 'jwt: orders of questions, in memory' : 'jwt: orders of questions, on another store');

  /** Plays a share of the interleavings, each in its own realm. A failure names its seed. */
  async function interleave(
    share: number,
    play: (round: Round) => Promise<void>,
    options: Partial<SessionsOptions> = {},
  ): Promise<void> {
    for (let seed = 0; seed < most * share; seed++) {
      try {
        await play(new Round(seed, `${realms++}`, options));
      } catch (error) {
        if (error instanceof Error) error.message = `in interleaving ${seed}: ${error.message}`;
        throw error;
      }
    }
  }
  let realms = 0;

  /**
   * Two processes. The seed determines the order of their store calls. The test signs no tokens, because the time of
   * signing varies.
   */
  class Round {
    readonly seed: number;
    readonly order: Interleaver;
    readonly one: Sessions;
    readonly other: Sessions;
    readonly #realm: string;

    constructor(seed: number, realm: string, options: Partial<SessionsOptions>) {
      const { one, other } = handles();
      this.seed = seed;
      this.#realm = `interleaved ${realm}`;
      this.order = new Interleaver(seed);
      const base = { timeout: '10m', clock, realm: this.#realm, ...options } as const;
      this.one = createSessions({ ...base, store: this.order.over(one) });
      this.other = createSessions({ ...base, store: this.order.over(other) });
    }

    async signIn(): Promise<{ readonly session: Session; readonly token: string }> {
      const started = await this.one.start({ ...who, fence: await this.one.fence(who) });
      if (!started.ok) throw new Error(started.reason);
      return started;
    }

    async grant(): Promise<{ readonly session: Session; readonly refreshToken: string }> {
      const { session } = await this.signIn();
      const tokens = accessTokens(this.one, optionsOf());
      const minted = await tokens.mint(session, { client: 'app', refresh: true });
      return { session: minted.session, refreshToken: minted.refreshToken ?? '' };
    }

    /** Returns the next refresh token, or the reason for a refusal. */
    refresh = async (token: string | null, sessions: Sessions = this.one, grace = 0): Promise<string> => {
      const order = { clientId: 'app', scope: undefined, clientInfo: {}, grace };
      const outcome = await refreshSession(coreOf(sessions), token, order, async () => null);
      return 'reason' in outcome ? outcome.reason : outcome.refreshToken;
    };

    /** Expects that none of these refresh tokens works. */
    async refuses(...tokens: readonly string[]): Promise<void> {
      for (const token of tokens) {
        if (token.startsWith('rt1.')) expect(await this.refresh(token)).not.toMatch(/^rt1\./);
      }
    }
  }

  test('SES-14: nothing of an app survives a revocation, a refresh under way least of all', () =>
    interleave(1, async (round) => {
      const { one, other, order } = round;
      const mine = await round.grant();
      const fence = await one.fence(who);
      const [first, second, started] = await order.run(
        () => round.refresh(mine.refreshToken, one, round.seed % 2 === 0 ? 0 : 1000),
        () => round.refresh(mine.refreshToken, other, round.seed % 2 === 0 ? 0 : 1000),
        () => one.start({ ...who, fence }),
        () => other.revoke(SCOPES[round.seed % SCOPES.length]!),
      );
      await round.refuses(mine.refreshToken, first, second);
      if (started.ok) expect((await other.check(started.token)).ok).toBe(false);
      expect((await other.list({ user: 'ann' })).sessions).toEqual([]);
      if (round.seed % 8 !== 0) return;
      expect(await round.refresh((await round.grant()).refreshToken)).toMatch(/^rt1\./);
    }));

  test('RTR-4: of two refreshes with one token one wins, and the other ends the session', () =>
    interleave(0.2, async (round) => {
      const mine = await round.grant();
      const answers = await round.order.run(
        () => round.refresh(mine.refreshToken, round.one),
        () => round.refresh(mine.refreshToken, round.other),
      );
      const won = answers.filter((answer) => answer.startsWith('rt1.'));
      expect([won.length, answers.find((answer) => !won.includes(answer))]).toEqual([1, 'reused']);
      expect(await round.refresh(won[0]!)).toBe('ended');
    }));

  test('RTR-4: with a grace interval the other is to try again, and the winner goes on', () =>
    interleave(0.2, async (round) => {
      const mine = await round.grant();
      const answers = await round.order.run(
        () => round.refresh(mine.refreshToken, round.one, 1000),
        () => round.refresh(mine.refreshToken, round.other, 1000),
        () => round.refresh(mine.refreshToken, round.one, 1000),
      );
      const won = answers.filter((answer) => answer.startsWith('rt1.'));
      expect(won).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'retry')).toHaveLength(2);
      expect(await round.refresh(won[0]!, round.other, 1000)).toMatch(/^rt1\./);
    }));

  test('SES-16: "sign out all others" in the name of the app and its refresh: one of them wins, or it is a reuse', () =>
    interleave(0.2, async (round) => {
      const [mine, browser] = [await round.grant(), await round.signIn()];
      const [answer, done] = await round.order.run(
        () => round.refresh(mine.refreshToken, round.one),
        () => round.other.revoke({ user: 'ann' }, { keep: mine.session }),
      );
      // If the revocation comes first, the refresh presents a token of an earlier lineage. It counts as reused, like a
      // thief's.
      expect(answer).toMatch(done.revoked ? /^reused$/ : /^rt1\./);
      expect((await round.one.check(browser.token)).ok).toBe(!done.revoked);
      expect(await round.refresh(done.token ?? answer)).toMatch(done.revoked ? /^ended$/ : /^rt1\./);
    }));

  test('SES-16: "sign out all others" in the name of another session ends the app’s, even during a refresh', () =>
    interleave(0.1, async (round) => {
      const [mine, browser] = [await round.grant(), await round.signIn()];
      const [answer, done] = await round.order.run(
        () => round.refresh(mine.refreshToken, round.one),
        () => round.other.revoke({ user: 'ann' }, { keep: browser.session }),
      );
      expect(done.revoked).toBe(true);
      await round.refuses(mine.refreshToken, answer);
      expect((await round.one.check(done.token)).ok).toBe(true);
    }));

  test('SES-12: the end of the app’s session is its end', () =>
    interleave(0.1, async (round) => {
      const mine = await round.grant();
      const [answer, done] = await round.order.run(
        () => round.refresh(mine.refreshToken, round.one),
        () => round.other.end(mine.session.id, { user: 'ann' }),
      );
      expect(done.ended).toBe(true);
      await round.refuses(mine.refreshToken, answer);
    }));

  test('SES-20: a sign-in that the limit makes room for is the only one left', () =>
    interleave(
      0.1,
      async (round) => {
        const mine = await round.grant();
        const fence = await round.other.fence(who);
        const [answer, started] = await round.order.run(
          () => round.refresh(mine.refreshToken, round.one),
          () => round.other.start({ ...who, fence }),
        );
        await round.refuses(mine.refreshToken, answer);
        expect(started.ok && (await round.one.check(started.token)).ok).toBe(true);
      },
      { limit: { perUser: 1, overflow: 'end-oldest' } },
    ));

  test('RTR-4: a renewal and a refresh: one of them wins, or it is a reuse, and there is one lineage at the most', () =>
    interleave(0.1, async (round) => {
      const mine = await round.grant();
      const [answer, renewed] = await round.order.run(
        () => round.refresh(mine.refreshToken, round.one),
        () => round.other.renew(mine.session),
      );
      expect(answer).toMatch(renewed.ok ? /^reused$/ : /^rt1\./);
      expect(await round.refresh(renewed.ok ? renewed.token : answer)).toMatch(renewed.ok ? /^ended$/ : /^rt1\./);
    }));
});
