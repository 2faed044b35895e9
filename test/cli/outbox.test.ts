import { beforeEach, describe, expect, test } from 'vitest';
import { sqliteStore } from '../../adapters/engines/sqlite/index.ts';
import { transmit } from '../../adapters/transmitters/index.ts';
import { adapterHandle } from '../../src/adapter.ts';
import { createSessions } from '../../src/index.ts';
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

const ENV = { env: { SESSION_OUTBOX: 'billing,search' } };

const jsonOf = async (words: string) => JSON.parse((await cli(`${words} --json`)).out);

/** Delivers what waits for `billing`, which refuses everything for good. */
async function failAll(): Promise<void> {
  const store = sqliteStore(app.url.replace(/^sqlite:/, ''));
  const sessions = createSessions({ store, audit: { outbox: ['billing'] } });
  const refuses = { deliver: () => Promise.reject(new Error('410 Gone')) };
  const { dead } = await transmit(sessions, { receivers: { billing: refuses }, pauses: [] }).flush();
  expect(dead).toBeGreaterThan(0);
  await sessions.close();
}

describe('--outbox', () => {
  test('queues what a command ends for each receiver; the variable does so, too, and the option replaces it', async () => {
    const { session } = await app.start({ user: 'ann' });
    await app.start({ user: 'bob' });
    await cli('revoke --user bob');
    expect(await jsonOf('outbox list')).toEqual({ realm: 'default', receivers: [] });
    await cli(`end ${session.id} --user ann --outbox billing`);
    await cli('revoke --user ann', ENV);
    await cli('revoke --user ann --outbox search', ENV);
    expect(await jsonOf('outbox list')).toEqual({
      realm: 'default',
      receivers: [
        { receiver: 'billing', waiting: 2, dead: 0 },
        { receiver: 'search', waiting: 2, dead: 0 },
      ],
    });
  });

  test('is refused with a name that no receiver has', async () => {
    const { code, err } = await cli('revoke --user ann --outbox Billing');
    expect([code, err]).toEqual([2, expect.stringContaining('--outbox must be an array of at most 64 names')]);
  });
});

describe('outbox', () => {
  test('shows what waits, and what was set aside and why', async () => {
    const { session } = await app.start({ user: 'ann', account: 'acme' });
    await cli(`end ${session.id} --user ann --outbox billing`);
    await cli('revoke --user ann --outbox billing');
    const { out } = await cli('outbox show --receiver billing');
    const [titles, ...rows] = out.trimEnd().split('\n');
    expect(titles).toMatch(/^ID +AT +TYPE +ABOUT +ATTEMPTS +ERROR$/);
    expect(rows[0]).toMatch(
      new RegExp(`^[\\w-]{22} +\\S.* session.ended +user ann, account acme, session ${session.id} +0 +-$`),
    );
    expect(rows[1]).toMatch(/ sessions.revoked +user ann +0 +-$/);

    await failAll();
    expect(await jsonOf('outbox show --receiver billing')).toEqual({ messages: [], cursor: null });
    const { messages } = await jsonOf('outbox show --receiver billing --dead');
    expect(messages).toMatchObject([
      { event: { type: 'session.ended' }, attempts: 1, error: '410 Gone' },
      { event: { type: 'sessions.revoked' }, attempts: 1, error: '410 Gone' },
    ]);
    const page = await cli('outbox show --receiver billing --dead --limit 1');
    expect(page.err).toMatch(/add --cursor \S+, or --all/);
    const none = await cli('outbox show --receiver search');
    expect(none.err).toBe('the receiver search has no messages in the realm default.\n');
  });

  test('sends dead messages again: one, or all', async () => {
    for (let times = 0; times < 3; times++) await cli('revoke --user ann --outbox billing');
    await failAll();
    const { messages } = await jsonOf('outbox show --receiver billing --dead');
    const ids = messages.map(({ id }: { id: string }) => id);
    expect(await jsonOf(`outbox resend --receiver billing --id ${ids[1]}`)).toMatchObject({ resent: 1 });
    expect(await jsonOf('outbox resend --receiver billing --all')).toMatchObject({ resent: 2 });
    const again = (await jsonOf('outbox show --receiver billing')).messages;
    expect(again.map(({ id }: { id: string }) => id)).toEqual([ids[1], ids[0], ids[2]]);
    expect(again[0]).toMatchObject({ attempts: 0, error: '410 Gone' });
    expect((await cli('outbox resend --receiver billing --all')).out).toBe(
      '0 messages of the receiver billing will be delivered again.\n',
    );
  });

  test('drops dead messages, and waiting ones where that is asked', async () => {
    for (let times = 0; times < 2; times++) await cli('revoke --user ann --outbox billing');
    await failAll();
    await cli('revoke --user ann --outbox billing');
    const [{ id }] = (await jsonOf('outbox show --receiver billing --dead')).messages;
    expect((await cli(`outbox drop --receiver billing --id ${id}`)).out).toBe(
      'Removed 1 dead message of the receiver billing.\n',
    );
    const unknown = await cli(`outbox drop --receiver billing --id ${id}`);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining(`has no message ${id}`)]);
    const neither = await cli('outbox drop --receiver billing');
    expect([neither.code, neither.err]).toEqual([2, expect.stringContaining('--id, or all of them by --all')]);
    expect(await jsonOf('outbox drop --receiver billing --all')).toMatchObject({ dropped: 1 });
    expect(await jsonOf('outbox drop --receiver billing --all --waiting')).toMatchObject({ dropped: 1 });
    expect((await cli('outbox list')).out).toBe('No messages wait in the realm default.\n');
  });

  test('needs a store with an outbox', () => {
    const { powers, ...store } = sqliteStore(':memory:');
    const sessions = createSessions({ store: { ...store, powers: { ...powers, outbox: undefined } } });
    expect(() => adapterHandle(sessions).outbox).toThrow(
      expect.objectContaining({ code: 'SESSION_STORE_LACKS_POWER' }),
    );
  });
});
