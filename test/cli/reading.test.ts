import { beforeEach, describe, expect, test } from 'vitest';
import { cliOf, type Ran, type Surroundings } from './support/cli.ts';
import { FIREFOX, type Tried, triedFile } from './support/people.ts';
import { standStill } from './support/time.ts';

let app: Tried;
let cli: (words: string, surroundings?: Surroundings) => Promise<Ran>;

beforeEach(async () => {
  standStill();
  app = await triedFile();
  cli = cliOf(app.url);
});

const jsonOf = async (words: string) => JSON.parse((await cli(`${words} --json`)).out);
const linesOf = ({ out }: Ran): string[] => out.trimEnd().split('\n');

describe('list', () => {
  test('shows live sessions, youngest first; --ended also shows ended ones, with the reason', async () => {
    const first = await app.start({ user: 'ann', account: 'acme' });
    const second = await app.start({ user: 'ann', kind: 'cron', userAgent: FIREFOX });
    const live = await cli('list --user ann');
    expect(live.code).toBe(0);
    const [titles, ...rows] = linesOf(live);
    expect(titles).toMatch(/^ID +ACCOUNT +KIND +DEVICE +IP +SIGNED IN +LAST USED$/);
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d \(just now\)`;
    expect(rows[0]).toMatch(
      new RegExp(`^${second.session.id}  - +cron +Firefox on Windows +192.0.2.7 +${time} +${time}$`),
    );
    expect(rows[1]).toMatch(new RegExp(`^${first.session.id}  acme +browser +Chrome on Mac OS +192.0.2.7 `));

    await cli(`end ${second.session.id} --user ann --reason stale --by ops`);
    await cli('revoke --user ann --account acme --by ops');
    expect(await cli('list --user ann')).toEqual({
      ...{ code: 0, out: '' },
      err: expect.stringMatching(/^user ann has no live sessions in the realm default\.\nwhat to do: .*: default\n$/),
    });
    const [, ...over] = linesOf(await cli('list --user ann --ended'));
    expect(over[0]).toMatch(/ended just now: stale, by ops$/);
    expect(over[1]).toMatch(/revoked \(member\) just now, by ops$/);
  });

  test('as JSON is what the library answers', async () => {
    const { session } = await app.start({ user: 'ann' });
    expect(await jsonOf('list --user ann')).toEqual({
      sessions: [{ ...JSON.parse(JSON.stringify(session)), end: null }],
      cursor: null,
    });
    expect(await jsonOf('list --user bob')).toEqual({ sessions: [], cursor: null });
  });

  test('goes on page by page: with --cursor, or with --all', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) ids.unshift((await app.start({ user: 'ann' })).session.id);
    const page = await cli('list --user ann --limit 2');
    expect(linesOf(page)).toHaveLength(3);
    const [, cursor] = /add --cursor (\S+), or --all/.exec(page.err) ?? [];
    const next = await jsonOf(`list --user ann --limit 2 --cursor ${cursor}`);
    expect(next.sessions).toHaveLength(2);
    const all = await cli('list --user ann --limit 2 --all --json');
    expect(
      linesOf(all)
        .map((line) => JSON.parse(line).id)
        .sort(),
    ).toEqual([...ids].sort());
    const table = await cli('list --user ann --limit 2 --all');
    expect([linesOf(table).length, table.out.match(/DEVICE/g)?.length, table.err]).toEqual([6, 1, '']);
  });

  test.each(['0', '1001', '-1', '1.5', 'ten', ''])('refuses a page of %j sessions', async (limit) => {
    const { code, out, err } = await cli(`list --user ann --limit=${limit}`);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Allowed are whole numbers from 1 to 1000');
  });

  test.each([1, 1000])('takes a page of %i', async (limit) => {
    await app.start({ user: 'ann' });
    expect(await cli(`list --user ann --limit ${limit}`)).toMatchObject({ code: 0, err: '' });
  });

  test.each([80, 100, 120])('fits a terminal of %i columns, and cuts no id', async (columns) => {
    const { session } = await app.start({ user: 'ann', account: 'an-account-with-a-long-name' });
    for (const words of ['list --user ann --ended', 'review --account an-account-with-a-long-name', 'audit']) {
      const lines = linesOf(await cli(words, { columns }));
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
    expect((await cli('list --user ann', { columns })).out).toContain(session.id);
    expect((await cli('list --user ann')).out).toContain('an-account-with-a-long-name');
  });
});

describe('end', () => {
  test('ends one, and no other', async () => {
    const ended = await app.start({ user: 'ann' });
    const other = await app.start({ user: 'ann' });
    const { id } = ended.session;
    expect(await cli(`end ${id} --user ann --dry-run`)).toMatchObject({
      code: 0,
      out: `This would end session ${id} of user ann of the realm default.\n`,
    });
    expect(await app.accepts(ended.token)).toBe(true);
    expect(await cli(`end ${id} --user ann --note lost`)).toMatchObject({
      code: 0,
      out: `Ended session ${id} of user ann of the realm default: no process accepts it from now on.\n`,
    });
    expect([await app.accepts(ended.token), await app.accepts(other.token)]).toEqual([false, true]);
    expect((await jsonOf('audit --type session.ended')).entries).toMatchObject([{ session: id, note: 'lost' }]);
  });

  test.each(['-gWq9G8czx7gSGhAtBRS2w', '--q9G8czx7gSGhAtBRS2w_'])(
    'takes %s for an id, not for an option',
    async (id) => {
      const out = `Nothing was done: there is no live session ${id} of user ann of the realm default.\n`;
      const missing = { code: 1, out, err: expect.stringMatching(/^warning: no live session was covered: /) };
      expect(await cli(`end ${id} --user ann`)).toEqual(missing);
      expect(await cli(`end --user ann --dry-run ${id} --note ${id}`)).toEqual(missing);
    },
  );

  test('of a missing session, an ended one, or another user’s fails', async () => {
    const { session, token } = await app.start({ user: 'ann', account: 'acme' });
    for (const words of [`${session.id} --user bob`, `${session.id} --user ann --account globex`, 'x --user ann']) {
      expect(await cli(`end ${words}`)).toMatchObject({ code: 1, out: expect.stringContaining('there is no live') });
    }
    expect(await app.accepts(token)).toBe(true);
    expect(await jsonOf(`end ${session.id} --user ann`)).toEqual({
      ...{ realm: 'default', ended: true, effectiveWithin: 0 },
    });
    expect((await cli(`end ${session.id} --user ann`)).code).toBe(1);
  });
});

describe('review', () => {
  test('tells of each member, and of shared devices', async () => {
    await app.start({ user: 'ann', account: 'acme', amr: ['pwd', 'otp'] });
    await app.start({ user: 'bob', account: 'acme', amr: ['pwd'] });
    await app.start({ user: 'bob', account: 'acme', userAgent: FIREFOX });
    const { code, out } = await cli('review --account acme');
    expect(code).toBe(0);
    expect(out).toMatch(/^USER +SESSIONS +IDLE +TWO FACTORS +LAST USED +DEVICES\n/);
    expect(out).toMatch(/^ann +1 +0 +yes .* Chrome on Mac OS$/m);
    expect(out).toMatch(/^bob +2 +0 +no .* (Firefox on Windows, Chrome on Mac OS)$/m);
    expect(out).toContain('shared: Chrome on Mac OS at 192.0.2.7: ann, bob\n');
    expect((await cli('review --account acme --idle-for 1ms')).out).toMatch(/^bob +2 +2 /m);
    expect((await jsonOf('review --account acme')).members).toHaveLength(2);
    const lines = linesOf(await cli('review --account acme --all --json')).map((line) => Object.keys(JSON.parse(line)));
    expect(lines).toEqual([['member'], ['member'], ['sharedDevice']]);
    expect((await cli('review --account globex')).err).toMatch(
      /^no user is signed in to account globex in the realm default\.\nwhat to do: /,
    );
  });
});

describe('policy', () => {
  test('is set, told, and logged', async () => {
    expect((await cli('policy get --account acme')).out).toBe(
      'In account acme of the realm default, signing out ends that session.\n',
    );
    const words = 'policy set --account acme --sign-out everywhere';
    expect(await jsonOf(`${words} --dry-run`)).toMatchObject({ changed: false, wouldChange: true });
    expect((await cli(`${words} --dry-run`)).out).toMatch(/^This would change it to: .* all of the user's sessions/);
    expect((await jsonOf('policy get --account acme')).policy).toEqual({ signOut: 'session' });
    expect((await cli(`${words} --by ops --note "their review"`)).out).toMatch(
      /^Changed: .* all of the user's sessions/,
    );
    expect((await jsonOf('policy get --account acme')).policy).toEqual({ signOut: 'everywhere' });
    expect((await jsonOf(words)).changed).toBe(false);
    expect((await jsonOf('audit --type policy.changed')).entries).toMatchObject([{ by: 'ops', note: 'their review' }]);
  });

  test('is one of two', async () => {
    const { code, err } = await cli('policy set --account acme --sign-out never');
    expect([code, err]).toEqual([2, expect.stringContaining('Allowed choices are session, everywhere')]);
    expect((await cli('policy')).code).toBe(2);
  });
});

describe('audit', () => {
  test('is filtered by all that is named', async () => {
    await cli('revoke --user ann --by ops --reason one');
    await cli('revoke --user ann --account acme --by eve --reason two');
    await cli('suspend --user bob --by ops --reason three');
    const reasonsOf = async (words: string): Promise<string[]> =>
      (await jsonOf(`audit ${words}`)).entries.map(({ reason }: { reason: string }) => reason);
    expect(await reasonsOf('')).toEqual(['three', 'two', 'one']);
    expect(await reasonsOf('--user ann')).toEqual(['two', 'one']);
    expect(await reasonsOf('--by ops --user ann')).toEqual(['one']);
    expect(await reasonsOf('--account acme')).toEqual(['two']);
    expect(await reasonsOf('--type session.started,session.ended')).toEqual([]);
    expect(await reasonsOf('--type sessions.revoked --type session.ended')).toEqual(['three', 'two', 'one']);
    expect(await reasonsOf('--since 1h')).toHaveLength(3);
    expect(await reasonsOf('--until 1h')).toEqual([]);
    expect(await reasonsOf('--since 2020-01-01 --until 2020-01-02T00:00:00Z')).toEqual([]);
    const { out } = await cli('audit --user bob');
    expect(out).toMatch(/^AT +TYPE +ABOUT +BY +REASON +NOTE +DETAILS\n/);
    expect(out).toMatch(
      /\d\d:\d\d:\d\d {2}sessions.revoked {2}user bob {2}ops {2}three {3}- {5}kinds=all change=suspended\n$/,
    );
  });

  test.each(['tomorrow', '2026-13-01', '24', '-1'])('of --since %s is refused', async (since) => {
    const { code, err } = await cli(`audit --since=${since}`);
    expect([code, err]).toEqual([2, expect.stringContaining(`--since is "${since}"`)]);
  });
});

describe('prune', () => {
  test('removes sessions that ended before the retention, and says so in one line', async () => {
    await app.start({ user: 'ann' });
    await cli('revoke --user ann');
    const { code, out, err } = await cli('prune --retention 30d');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Pruned 0 sessions, 0 records, 0 audit entries of all realms of the store in \d+ ms\.\n$/);
    expect(await jsonOf('prune')).toEqual({
      sessions: 0,
      epochs: 0,
      entries: 0,
      messages: 0,
      batches: 3,
      ms: expect.any(Number),
    });
  });

  test('removes sessions that ended long ago, in batches', async () => {
    const past = await triedFile({ now: () => Date.now() - 60 * 86400e3 });
    for (let at = 0; at < 250; at++) await past.start({ user: `user-${at % 10}` });
    const run = cliOf(past.url);
    // The sessions expired 46 days ago: they were last used 60 days ago, and the idle timeout is 14 days.
    expect((await run('prune --retention 50d')).out).toMatch(/^Pruned 0 sessions, \d+ records, /);
    const { out, err } = await run('prune --retention 40d', { keys: '' });
    expect(out).toMatch(/^Pruned 250 sessions, /);
    expect(err).toMatch(/\d+ batches: 250 sessions, /);
    expect((await run('list --user user-1 --ended')).out).toBe('');
  });

  test('tells a terminal how far it is, and clears that away', async () => {
    const { out, err } = await cli('prune', { keys: '' });
    expect(err).toContain('\r\u001b[K1 batch: 0 sessions, 0 records, 0 audit entries …');
    expect(err.endsWith('\r\u001b[K')).toBe(true);
    expect(out).not.toContain('\u001b');
  });

  test('keeps what the clocks of others may still want', async () => {
    const { code, err } = await cli('prune --retention 1m');
    expect([code, err]).toEqual([2, expect.stringContaining('--retention is 60000 ms; at least 3600000 ms')]);
  });
});
