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

const jsonOf = async (words: string) => JSON.parse((await cli(`${words} --json`)).out);

describe('forget', () => {
  let token: string;
  beforeEach(async () => {
    const over = await app.start({ user: 'ann', account: 'acme' });
    await cli(`end ${over.session.id} --user ann`);
    ({ token } = await app.start({ user: 'ann' }));
  });

  const GONE = [{ keys: 'ann\r' }, {}] as const;

  test.each(GONE)('erases a user where the name is typed, or --yes is given: %o', async (surroundings) => {
    const yes = surroundings === GONE[0] ? '' : ' --yes';
    const { code, out, err } = await cli(`forget --user ann${yes} --reason erasure-request`, surroundings);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Forgot user ann of the realm default: removed 2 sessions \(1 live, counted just before\), and erased the person from \d+ entries of the audit log\.\n$/,
    );
    if (yes === '') {
      expect(err).toMatch(/^This would remove all sessions of user ann of the realm default, 1 live one and all /);
      expect(err).toContain('Type the name of the user (ann) to continue: ');
    } else expect(err).toBe('');
    expect(await app.accepts(token)).toBe(false);
    expect((await jsonOf('list --user ann --ended')).sessions).toEqual([]);
    expect((await jsonOf('audit --user ann')).entries).toEqual([]);
    expect((await jsonOf('audit --type user.forgotten')).entries).toMatchObject([
      { user: null, reason: 'erasure-request', by: expect.stringMatching(/^cli:/) },
    ]);
  });

  test.each([
    ['another name', { keys: 'bob\r' }, 2, 'the answer is not ann: nothing was done'],
    ['Ctrl-C', { keys: '\u0003' }, 130, 'interrupted: nothing was done'],
    ['no terminal', {}, 2, 'forgetting user ann of the realm default cannot be undone, and there is no terminal'],
  ])('does nothing after %s', async (_, surroundings, code, message) => {
    const ran = await cli('forget --user ann', surroundings);
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.err).toContain(`error: ${message}`);
    expect(await app.accepts(token)).toBe(true);
  });

  test('--dry-run tells how many live sessions would end, and changes nothing', async () => {
    const { code, out, err } = await cli('forget --user ann --dry-run');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^This would remove all sessions of user ann of the realm default, 1 live one and all/);
    expect(await jsonOf('forget --user ann --dry-run')).toEqual({
      ...{ realm: 'default', user: 'ann', forgotten: false, wouldEnd: 1 },
    });
    expect(await app.accepts(token)).toBe(true);
    expect((await jsonOf('list --user ann --ended')).sessions).toHaveLength(2);
  });

  test('of a user who is not there warns, and exits with 4 where --expect-some is given', async () => {
    const ran = await cli('forget --user anne --yes');
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/^warning: there was no session to remove: user anne of the realm default\nwhat to do: /);
    expect((await cli('forget --user anne --yes --expect-some')).code).toBe(4);
    expect((await cli('forget --user anne --dry-run --expect-some')).code).toBe(4);
    expect((await cli('forget --user ann --yes --expect-some')).code).toBe(0);
  });

  test('leaves other users and other realms alone', async () => {
    const others = [await app.start({ user: 'bob' }), await app.startIn('shop', { user: 'ann' })];
    await cli('forget --user ann --yes');
    expect(await app.accepts(others[0]?.token ?? '')).toBe(true);
    expect((await jsonOf('list --user ann --realm shop')).sessions).toHaveLength(1);
  });

  test.each(['forget', 'forget --user ""'])('%s is misuse', async (words) => {
    expect(await cli(`${words} --yes`)).toMatchObject({ code: 2, out: '' });
  });
});

describe('end-idle', () => {
  const DAY = 86400e3;
  let fresh: string;
  let idle: string;
  beforeEach(async () => {
    const now = Date.now();
    let at = now - 10 * DAY;
    app = await triedFile({ now: () => at });
    cli = cliOf(app.url);
    ({ token: idle } = await app.start({ user: 'ann', account: 'acme' }));
    at = now;
    ({ token: fresh } = await app.start({ user: 'bob', account: 'acme' }));
  });

  const states = async (): Promise<boolean[]> => [await app.accepts(idle), await app.accepts(fresh)];

  test.each([
    ['--account acme', 'account acme of the realm default'],
    ['--user ann', 'user ann of the realm default'],
    ['--user ann --account acme', 'user ann in account acme of the realm default'],
  ])('%s ends the idle sessions, and no others', async (scope, name) => {
    expect(await cli(`end-idle ${scope} --idle-for 7d --yes --expect-some`)).toEqual({
      ...{ code: 0, out: `Ended 1 session of ${name}.\n`, err: '' },
    });
    expect(await states()).toEqual([false, true]);
    expect((await jsonOf('audit --type session.ended')).entries).toMatchObject([{ user: 'ann', reason: 'idle' }]);
  });

  test('of an account shows what would end, and goes on where its name is typed', async () => {
    const words = 'end-idle --account acme --idle-for 7d';
    expect(await cli(words)).toMatchObject({ code: 2, out: '' });
    expect(await cli(words, { keys: 'globex\r' })).toMatchObject({ code: 2, out: '' });
    expect(await states()).toEqual([true, true]);
    const { code, out, err } = await cli(words, { keys: 'acme\r' });
    expect([code, out]).toEqual([0, 'Ended 1 session of account acme of the realm default.\n']);
    expect(err).toContain('This would end 1 session of 1 user: account acme of the realm default.');
    expect(await states()).toEqual([false, true]);
  });

  test('--dry-run shows what would end, and changes nothing', async () => {
    const words = 'end-idle --account acme --idle-for 7d --dry-run';
    expect((await cli(words)).out).toMatch(
      /^This would end 1 session of 1 user: account acme of the realm default\.\n/,
    );
    expect(await jsonOf(words)).toMatchObject({
      ...{ realm: 'default', ended: 0, wouldEnd: { sessions: [{ user: 'ann' }], more: false } },
    });
    expect(await states()).toEqual([true, true]);
  });

  test('that finds nothing idle is content, unless --expect-some is given', async () => {
    const words = 'end-idle --account acme --idle-for 30d --yes';
    expect(await cli(words)).toEqual({
      ...{ code: 0, out: 'Ended 0 sessions of account acme of the realm default.\n', err: '' },
    });
    const { code, err } = await cli(`${words} --expect-some`);
    expect(code).toBe(4);
    expect(err).toMatch(/^error: no live session has been idle for this time: account acme of the realm default\n/);
  });

  test('that finds no live session at all warns', async () => {
    const { code, err } = await cli('end-idle --account acmee --idle-for 7d --yes');
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: there is no live session: account acmee of the realm default\nwhat to do: /);
  });

  test.each([
    ['end-idle --idle-for 7d', 'the users are missing: give --user, --account, or both\n'],
    ['end-idle --account acme', "required option '--idle-for <duration>' not specified"],
    ['end-idle --account acme --idle-for 1s', '--idle-for is 1000 ms; at least 60000 ms'],
  ])('%s is misuse', async (words, message) => {
    const { code, err } = await cli(`${words} --yes`);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(await states()).toEqual([true, true]);
  });
});
