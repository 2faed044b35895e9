import { beforeEach, describe, expect, test } from 'vitest';
import { countBefore, coveredLine } from '../../adapters/cli/coverage.ts';
import type { Task } from '../../adapters/cli/task.ts';
import { findDriver } from '../../adapters/engines/sqlite/driver.ts';
import { SessionError } from '../../src/index.ts';
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

const HINT = 'check that the names and the realm are spelled as in the app (--realm, or SESSION_REALM)';
const HINT_WITH_REALMS = `${HINT}; the store holds sessions of these realms: default`;

/**
 * Commands that end the sessions of a scope. Each has the scope's description and the number of live sessions in it.
 */
const ENDING = [
  ['revoke --user ann', 'user ann of the realm default', 1],
  ['revoke --user ann --account acme', 'user ann in account acme of the realm default', 1],
  ['revoke --account acme --yes', 'account acme of the realm default', 2],
  ['revoke --everyone --yes', 'the realm default', 3],
  ['suspend --user ann', 'user ann of the realm default', 1],
  ['suspend --everyone --yes', 'the realm default', 3],
] as const;

describe('a command that ends many sessions', () => {
  beforeEach(async () => {
    await app.start({ user: 'ann', account: 'acme' });
    await app.start({ user: 'bob', account: 'acme' });
    await app.start({ user: 'carl' });
  });

  test.each(ENDING)('%s says the realm and how many live sessions it covered', async (words, name, count) => {
    const { code, out, err } = await cli(`${words} --expect-some`);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(name);
    const sessions = count === 1 ? '1 live session' : `${count} live sessions`;
    expect(out.endsWith(`\nIt covered ${sessions}, counted just before.\n`)).toBe(true);
  });

  test.each(ENDING)('%s tells it as JSON', async (words, _, sessions) => {
    expect(JSON.parse((await cli(`${words} --json`)).out)).toMatchObject({
      ...{ realm: 'default', revoked: true, covered: { sessions, more: false } },
    });
  });

  test.each(ENDING)('%s warns where it covers none, and names the realms of the store', async (words) => {
    const { code, out, err } = await cli(`${words} --realm dashbord`);
    const name = ENDING.find(([one]) => one === words)?.[1].replace('default', 'dashbord');
    expect(code).toBe(0);
    expect(out.endsWith('\nIt covered no live session, counted just before.\n')).toBe(true);
    expect(err).toBe(`warning: no live session was covered: ${name}\nwhat to do: ${HINT_WITH_REALMS}\n`);
  });

  test.each(ENDING)('%s exits with 4 where it covers none and --expect-some is given', async (words) => {
    const { code, out, err } = await cli(`${words} --realm dashbord --expect-some`);
    expect(code).toBe(4);
    expect(out).toMatch(/^(Revoked|Suspended) /);
    expect(err).toMatch(/^error: no live session was covered: .*\nwhat to do: check that the names and the realm /);
  });

  test('counts live sessions of the chosen kinds, and no ended ones', async () => {
    await app.start({ user: 'ann', kind: 'cron' });
    const { session } = await app.start({ user: 'ann', kind: 'cron' });
    await cli(`end ${session.id} --user ann`);
    expect(JSON.parse((await cli('revoke --user ann --kinds cron --json')).out).covered.sessions).toBe(1);
    expect(JSON.parse((await cli('revoke --user ann --spare browser --json')).out).covered.sessions).toBe(0);
    expect(JSON.parse((await cli('revoke --user ann --json')).out).covered.sessions).toBe(1);
  });

  test('is done all the same where nothing is covered: a sign-in may be under way', async () => {
    await cli('suspend --user dora --expect-some');
    expect(await app.refusal({ user: 'dora' })).toBe('suspended');
  });

  test.each([
    ['revoke --user anne --dry-run', 'user anne of the realm default'],
    ['suspend --account acmee --dry-run', 'account acmee of the realm default'],
  ])('%s warns, too, and changes nothing', async (words, name) => {
    const { code, out, err } = await cli(words);
    expect([code, out]).toEqual([0, `This would end 0 sessions of 0 users: ${name}.\n`]);
    expect(err).toBe(`warning: no live session was covered: ${name}\nwhat to do: ${HINT_WITH_REALMS}\n`);
    expect((await cli(`${words} --expect-some`)).code).toBe(4);
    expect((await cli('audit --type sessions.revoked --json')).out).toContain('"entries": []');
  });

  test('revokes even if the sessions cannot be read, and says that they were not counted', async () => {
    const file = app.url.replace('sqlite:', '');
    const Driver = findDriver();
    const database = new Driver(file);
    database.exec("UPDATE sessions SET amr = '{'");
    database.close();
    const { code, out, err } = await cli('revoke --user ann');
    expect(code).toBe(0);
    expect(out).toMatch(/^Revoked .*\nThe number of covered live sessions is unknown: counting failed\.\n$/);
    expect(err).toMatch(/^warning: the live sessions of user ann of the realm default could not be counted: /);
    const expecting = await cli('revoke --user ann --expect-some --json');
    expect(expecting.code).toBe(4);
    expect(JSON.parse(expecting.out)).toMatchObject({ revoked: true, covered: null });
    expect(JSON.parse(expecting.err).error).toMatchObject({ code: 'NOT_COUNTED', exitCode: 4 });
  });
});

describe('a count', () => {
  const task = { options: { timeout: 1 } } as unknown as Task;

  test('that never ends holds up nothing', async () => {
    const count = await countBefore(task, () => new Promise(() => {}));
    expect(count).toEqual({ covered: null, failure: new Error('no answer within 1 ms') });
  });

  test('that fails as the act would is its failure', async () => {
    for (const failure of [new TypeError('user must not be empty'), new SessionError('SESSION_STORE_NOT_SET_UP', '')]) {
      await expect(countBefore(task, () => Promise.reject(failure))).rejects.toBe(failure);
    }
  });

  test('says where there are more', () => {
    expect(coveredLine({ sessions: 1000, more: true })).toBe(
      'It covered more than 1,000 live sessions, counted just before.',
    );
  });
});

describe('the realm', () => {
  test('is that of SESSION_REALM where --realm names none, and default where neither does', async () => {
    const env = { SESSION_REALM: 'dashboard' };
    expect((await cli('revoke --user ann', { env })).out).toContain('user ann of the realm dashboard');
    expect((await cli('revoke --user ann --realm shop', { env })).out).toContain('user ann of the realm shop');
    expect((await cli('revoke --user ann', { env: { SESSION_REALM: '' } })).out).toContain('of the realm default');
  });

  test('that has to be typed is that of SESSION_REALM', async () => {
    const env = { SESSION_REALM: 'dashboard' };
    expect(await cli('revoke --everyone', { env, keys: 'default\r' })).toMatchObject({ code: 2 });
    expect(await cli('revoke --everyone', { env, keys: 'dashboard\r' })).toMatchObject({ code: 0 });
  });

  test('is told by setup and doctor with all others of the store', async () => {
    expect((await cli('setup')).out).toMatch(/\nrealms: none\n$/);
    expect((await cli('doctor')).out).toMatch(/^ok +realms +none; asked about: default$/m);
    await app.start({ user: 'ann' });
    await app.startIn('dashboard', { user: 'ann' });
    expect((await cli('setup')).out).toMatch(/\nrealms: dashboard, default\n$/);
    expect((await cli('doctor')).out).toMatch(/^ok +realms +dashboard, default; asked about: default$/m);
    const { code, out } = await cli('doctor --realm dashbord');
    expect(code).toBe(0);
    expect(out).toMatch(/^warning +realms +dashboard, default; asked about: dashbord$/m);
    expect(out).toContain('realms: the store has no sessions of the realm dashbord: name the realm');
  });

  test.each(['list --user anne', 'list --user anne --ended', 'review --account globex'])(
    '%s finds none, and names those of the store',
    async (words) => {
      expect((await cli(words)).err).toContain('this one holds no sessions at all');
      await app.startIn('dashboard', { user: 'ann' });
      expect((await cli(words)).err).toMatch(/in the realm default\.\nwhat to do: .* realms: dashboard\n$/);
    },
  );

  test('is told by end, policy and audit', async () => {
    const { session } = await app.startIn('dashboard', { user: 'ann' });
    const missed = await cli(`end ${session.id} --user ann`);
    expect(missed.code).toBe(1);
    expect(missed.err).toContain('the store holds sessions of these realms: dashboard');
    expect((await cli(`end ${session.id} --user ann --realm dashboard`)).out).toContain('of the realm dashboard');
    expect((await cli('policy get --account acme --realm x')).out).toContain('In account acme of the realm x,');
    expect((await cli('audit --realm x')).err).toBe('the audit log of the realm x has no matching entries.\n');
  });
});
