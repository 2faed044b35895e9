import { beforeEach, describe, expect, test } from 'vitest';
import { cliOf, type Ran, type Surroundings } from './support/cli.ts';
import { type Tried, triedFile } from './support/people.ts';

let app: Tried;
let cli: (words: string, surroundings?: Surroundings) => Promise<Ran>;
let token: string;

beforeEach(async () => {
  app = await triedFile();
  cli = cliOf(app.url);
  ({ token } = await app.start({ user: 'ann', account: 'acme' }));
});

const MORE_THAN_ONE = ['revoke --account acme', 'revoke --everyone', 'suspend --account acme', 'suspend --everyone'];

describe('before the sessions of several users end', () => {
  test.each(MORE_THAN_ONE)('%s shows what would end, and goes on where its name is typed', async (words) => {
    const name = words.includes('acme') ? 'acme' : 'default';
    const { code, out, err } = await cli(words, { keys: `${name}\r` });
    expect(err).toContain('This would end 1 session of 1 user: ');
    expect(err).toContain('Chrome on Mac OS');
    expect(err).toContain(`(${name}) to continue: `);
    expect(code).toBe(0);
    expect(out).toMatch(/^(Revoked|Suspended) /);
    expect(await app.accepts(token)).toBe(false);
  });

  test.each([
    ['yes', 'y\r', 2],
    ['another name', 'globex\r', 2],
    ['the name in other letters', 'ACME\r', 2],
    ['nothing', '\r', 2],
    ['Ctrl-C', '\u0003', 130],
    ['Ctrl-C after the name', 'acme\u0003', 130],
    ['Ctrl-D', '\u0004', 130],
  ])('nothing is done after %s', async (_, keys, code) => {
    const ran = await cli('revoke --account acme', { keys });
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.err).toContain('nothing was done');
    expect(await app.accepts(token)).toBe(true);
  });

  test.each(MORE_THAN_ONE)('%s is refused without a terminal, before the store is called', async (words) => {
    const { code, out, err } = await cli(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('there is no terminal to ask on');
    expect(await app.accepts(token)).toBe(true);
    const unreachable = cliOf('/nowhere/sessions.db');
    expect((await unreachable(words)).code).toBe(2);
    expect((await unreachable(`${words} --yes`)).code).toBe(1);
  });

  test.each([...MORE_THAN_ONE])('%s --yes asks nothing', async (words) => {
    for (const surroundings of [{}, { keys: '' }]) {
      const { token: one } = await app.start({ user: 'bob', account: 'acme' });
      expect(await cli(`${words} --yes`, surroundings)).toMatchObject({ code: 0, err: '' });
      expect(await app.accepts(one)).toBe(false);
      await cli(`${words.replace(/^\w+/, 'resume')}`);
    }
    expect(await app.accepts(token)).toBe(false);
  });

  test('with --json, the question is not in the answer', async () => {
    const { out, err } = await cli('revoke --account acme --json', { keys: 'acme\r' });
    expect(JSON.parse(out)).toMatchObject({ revoked: true, revocation: { account: 'acme' } });
    expect(err).toContain('Type the name of the account');
  });

  test('a few are shown of many, and how many there are', async () => {
    for (let at = 0; at < 8; at++) await app.start({ user: `user-${at}`, account: 'acme' });
    const { err } = await cli('revoke --account acme', { keys: '\u0003' });
    expect(err).toContain('This would end 9 sessions of 9 users: account acme of the realm default.');
    expect(err.match(/Chrome on Mac OS/g)).toHaveLength(5);
    expect(err).toContain('… and 4\n');
  });
});

test.each(['revoke --user ann', 'revoke --user ann --account acme', 'suspend --user ann'])(
  '%s is about one person, and asks nothing',
  async (words) => {
    expect(await cli(words)).toMatchObject({ code: 0, err: '' });
    expect(await app.accepts(token)).toBe(false);
  },
);

test('resume ends no session, and asks nothing', async () => {
  await cli('suspend --account acme --yes');
  expect(await cli('resume --account acme')).toMatchObject({ code: 0, err: '' });
});
