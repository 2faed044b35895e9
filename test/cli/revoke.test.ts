import { beforeEach, describe, expect, test } from 'vitest';
import { cliOf, type Ran, type Surroundings } from './support/cli.ts';
import { type Tried, triedFile } from './support/people.ts';
import { standStill } from './support/time.ts';

let app: Tried;
let cli: (words: string, surroundings?: Surroundings) => Promise<Ran>;

beforeEach(async () => {
  standStill();
  app = await triedFile();
  cli = cliOf(app.url);
});

/** Returns the newest audit entry of a type. */
async function entryOf(type: string): Promise<Record<string, unknown>> {
  const { out } = await cli(`audit --type ${type} --limit 1 --json`);
  return JSON.parse(out).entries[0];
}

/** Starts three sessions and returns their tokens: ann in acme, ann outside acme, bob in acme. */
async function threeTokens(): Promise<string[]> {
  const people = [{ user: 'ann', account: 'acme' }, { user: 'ann' }, { user: 'bob', account: 'acme' }];
  const tokens: string[] = [];
  for (const person of people) tokens.push((await app.start(person)).token);
  return tokens;
}

const accepted = (tokens: readonly string[]): Promise<boolean[]> => Promise.all(tokens.map(app.accepts));

describe('revoke', () => {
  test.each([
    ['a user', '--user ann', [false, false, true]],
    ['a member', '--user ann --account acme', [false, true, true]],
    ['an account', '--account acme --yes', [false, true, false]],
    ['the realm', '--everyone --yes', [false, false, false]],
  ])('%s: ends what it covers, and nothing else', async (_, scope, expected) => {
    const tokens = await threeTokens();
    const { code, out, err } = await cli(`revoke ${scope}`);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^Revoked the sessions of .* realm default, all kinds: no process accepts them from now on\.\nIt covered \d live/,
    );
    expect(await accepted(tokens)).toEqual(expected);
  });

  test('does nothing in another realm', async () => {
    const tokens = await threeTokens();
    expect((await cli('revoke --everyone --yes --realm other')).code).toBe(0);
    expect(await accepted(tokens)).toEqual([true, true, true]);
  });

  test('covers all kinds, including those that survive in the app, unless kinds are named or spared', async () => {
    const kinds = ['browser', 'cron', 'api'];
    const start = async () => {
      const started: string[] = [];
      for (const kind of kinds) started.push((await app.start({ user: 'ann', kind })).token);
      return started;
    };
    const named = await start();
    expect((await cli('revoke --user ann --kinds cron')).code).toBe(0);
    expect(await accepted(named)).toEqual([true, false, true]);
    expect(await entryOf('sessions.revoked')).toMatchObject({ details: { kinds: ['cron'] } });

    const spared = await start();
    expect((await cli('revoke --user ann --spare cron,api')).code).toBe(0);
    expect(await accepted(spared)).toEqual([false, true, true]);

    const all = await start();
    expect((await cli('revoke --user ann')).code).toBe(0);
    expect(await accepted(all)).toEqual([false, false, false]);
    expect(await entryOf('sessions.revoked')).toMatchObject({ details: { kinds: 'all' } });
  });

  test.each([
    ['no users', 'revoke', 'the users are missing: give --user, --account, both, or --everyone'],
    ['a user and the whole realm', 'revoke --everyone --user ann', '--everyone does not go with'],
    ['an empty user', 'revoke --user "" --account acme', '--user must not be empty'],
    ['an empty account', 'revoke --user ann --account ""', '--account must not be empty'],
    ['no kind', 'revoke --user ann --kinds ""', "option '--kinds <kinds>' argument '' is invalid"],
    ['no spared kind', 'revoke --user ann --spare ""', "option '--spare <kinds>' argument '' is invalid"],
    ['a kind that cannot be', 'revoke --user ann --kinds A!', 'kinds.A! is no name for a kind'],
    ['kinds twice', 'revoke --user ann --kinds api --spare cron', '--kinds does not go with --spare'],
    ['spared kinds of an account', 'revoke --account acme --yes --spare api', '--spare does not go with account acme'],
    ['an actor without a name', 'revoke --user ann --by ""', '--by must not be empty'],
  ])('of %s is refused, and nothing is done', async (_, words, message) => {
    const tokens = await threeTokens();
    const { code, out, err } = await cli(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`error: ${message}`);
    expect(await accepted(tokens)).toEqual([true, true, true]);
  });

  test.each(['revoke --user ann', 'revoke --account acme', 'suspend --everyone', 'suspend --user bob'])(
    '%s --dry-run tells what would end, and changes nothing',
    async (words) => {
      const tokens = await threeTokens();
      const { code, out } = await cli(`${words} --dry-run`);
      expect(code).toBe(0);
      expect(out).toMatch(/^This would end \d sessions? of \d users?: /);
      const { wouldEnd, revoked, reason } = JSON.parse((await cli(`${words} --dry-run --json`)).out);
      expect([revoked, reason, wouldEnd.more]).toEqual([false, 'dry-run', false]);
      for (const { id } of wouldEnd.sessions) expect(out).toContain(id);
      expect(out.split('\n')).toHaveLength(wouldEnd.sessions.length + 3);
      expect(await accepted(tokens)).toEqual([true, true, true]);
      expect(await app.refusal({ user: 'bob', account: 'acme' })).toBeNull();
      expect((await cli('audit --type sessions.revoked --json')).out).toContain('"entries": []');
    },
  );

  test('as JSON is one document, in which no token can be', async () => {
    await app.start({ user: 'ann' });
    const { out } = await cli('revoke --user ann --by cli:eve --reason stolen --note "ticket 4711" --json');
    expect(JSON.parse(out)).toEqual({
      realm: 'default',
      covered: { sessions: 1, more: false },
      revoked: true,
      notKept: null,
      effectiveWithin: 0,
      revocation: {
        ...{ scope: 'user', user: 'ann', account: null, by: 'cli:eve', reason: 'stolen', note: 'ticket 4711' },
        ...{ fromDevice: null, kinds: 'all', at: expect.any(Number) },
      },
    });
  });
});

describe('the audit log', () => {
  test('gets actor, reason and note', async () => {
    await cli('revoke --account acme --yes --by ops-7 --reason incident --note "see ticket 4711"');
    expect(await entryOf('sessions.revoked')).toMatchObject({
      ...{ by: 'ops-7', reason: 'incident', note: 'see ticket 4711', account: 'acme', scope: 'account' },
    });
  });

  test('gets the user of the operating system without --by', async () => {
    await cli('revoke --user ann');
    expect(await entryOf('sessions.revoked')).toMatchObject({ by: expect.stringMatching(/^cli:./), reason: null });
  });

  test.each([
    ['list --user ann --cursor x', '--cursor must be what the last page gave'],
    ['list --user ann --realm ""', '--realm must not be empty'],
    ['revoke --user ann --reason ""', '--reason must not be empty'],
    ['revoke --user ann --audit-name foo=x', '--audit-name names an unknown event "foo"; known are session.started, '],
  ])('misuse names what was typed: %s', async (words, message) => {
    const { code, out, err } = await cli(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`error: ${message}`);
  });

  test('gets the app’s names of events, and refuses an unknown event', async () => {
    await cli('revoke --user ann --audit-name sessions.revoked=user.session_invalidated');
    expect(await entryOf('user.session_invalidated')).toMatchObject({ user: 'ann', scope: 'user' });
    expect(await cli('revoke --user ann --audit-name sessions.revokt=x')).toMatchObject({ code: 2, out: '' });
    expect(await cli('revoke --user ann --audit-name x')).toMatchObject({ code: 2, out: '' });
  });

  test('keeps an entry for as long as --audit-retention says', async () => {
    await cli('revoke --user ann --audit-retention 59m').then(({ code, err }) => {
      expect([code, err]).toEqual([2, expect.stringContaining('--audit-retention is 3540000 ms; at least')]);
    });
    await cli('revoke --user ann --audit-retention 1h');
    expect(await entryOf('sessions.revoked')).toBeDefined();
  });
});

describe('suspend and resume', () => {
  test.each([
    ['--user bob', { user: 'bob' }],
    ['--user bob --account acme', { user: 'bob', account: 'acme' }],
    ['--account acme', { user: 'bob', account: 'acme' }],
    ['--everyone', { user: 'bob' }],
  ])('%s: no sign-in between them succeeds', async (scope, person) => {
    const { token } = await app.start(person);
    expect(await cli(`suspend ${scope} --yes --reason incident`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Suspended .*: no session is accepted from now on/),
    });
    expect(await app.accepts(token)).toBe(false);
    expect(await app.refusal(person)).toBe('suspended');
    expect(await entryOf('sessions.revoked')).toMatchObject({ reason: 'incident', details: { change: 'suspended' } });

    expect(await cli(`resume ${scope} --by ops`)).toMatchObject({ code: 0, out: expect.stringMatching(/^Resumed /) });
    expect(await app.refusal(person)).toBeNull();
    expect(await app.accepts(token)).toBe(false);
    expect(await entryOf('sessions.revoked')).toMatchObject({ by: 'ops', details: { change: 'resumed' } });
  });

  test('resume where nothing is suspended does nothing, and says so', async () => {
    expect(await cli('resume --user bob')).toEqual({
      code: 0,
      out: 'Nothing was done: user bob of the realm default is not suspended.\n',
      err: '',
    });
    expect(JSON.parse((await cli('resume --user bob --json')).out)).toMatchObject({ reason: 'not-suspended' });
  });
});
