import assert from 'node:assert/strict';
import type { SessionsOptions } from '../../core/options.ts';
import type { Awaitable } from '../../lib/awaitable.ts';
import { isSessionError } from '../../lib/errors.ts';
import type { Session } from '../../model/session.ts';
import type { Sessions } from '../../sessions.ts';
import { type Bench, STORE_TIMEOUT } from './bench.ts';
import { living, signIn, tell } from './people.ts';
import { around, type Verb } from './wrappers.ts';

export const who: { readonly user: string; readonly account: string } = { user: 'ann', account: 'acme' };

/** Replaces a call of the store, and may still make it. */
export type Outage = <T>(ask: () => Awaitable<T>) => Awaitable<T>;

export const DOWN: readonly Outage[] = [
  () => {
    throw new Error('down');
  },
  () => Promise.reject(new Error('down')),
];
export const answering = (answers: readonly unknown[]): Outage[] => answers.map((answer) => () => answer as never);
export const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  4.2,
  'nonsense',
  {},
  [undefined],
  Array(1),
  Array(3),
  [null, null, null, null],
];

export interface Scene {
  readonly sessions: Sessions;
  readonly session: Session;
  readonly token: string;
  readonly fence: string;
  readonly beta: string;
}

export type Operations = readonly (readonly [
  name: string,
  verbs: readonly Verb[],
  call: (scene: Scene) => Promise<unknown>,
])[];

const EVERY: Operations = [
  ['fence', ['ensureEpochs'], ({ sessions }) => sessions.fence(who)],
  ['start', ['ensureEpochs', 'list', 'add'], ({ sessions, fence }) => sessions.start({ ...who, fence })],
  ['check', ['find'], ({ sessions, token }) => sessions.check(token)],
  ['list', ['list'], ({ sessions }) => sessions.list({ user: 'ann' })],
  ['end', ['find', 'end'], ({ sessions, session }) => sessions.end(session.id, { user: 'ann' })],
  ['revoke', ['ensureEpochs', 'advance'], ({ sessions }) => sessions.revoke({ account: 'acme' })],
  [
    'keep',
    ['readEpochs', 'find', 'advance'],
    ({ sessions, session }) => sessions.revoke({ user: 'ann' }, { keep: session }),
  ],
  [
    'ifLive',
    ['readEpochs', 'find', 'advance'],
    ({ sessions, session }) => sessions.revoke({ user: 'ann' }, { ifLive: session }),
  ],
  ['suspend', ['readEpochs', 'advance'], ({ sessions }) => sessions.suspend({ user: 'ann' })],
  ['resume', ['readEpochs', 'advance'], ({ sessions }) => sessions.resume({ user: 'suspended' })],
  ['renew', ['find', 'renew'], ({ sessions, session }) => sessions.renew(session)],
  [
    'switch',
    ['ensureEpochs', 'find', 'list', 'renew'],
    ({ sessions, session, beta }) => sessions.renew(session, { account: 'beta', fence: beta }),
  ],
  [
    'reauthenticate',
    ['ensureEpochs', 'find', 'renew'],
    ({ sessions, session, fence }) => sessions.reauthenticate(session, { fence }),
  ],
  ['endIdle', ['listUsers', 'list'], ({ sessions }) => sessions.endIdle({ account: 'acme', unusedFor: '1d' })],
  ['review', ['listUsers', 'list'], ({ sessions }) => sessions.review({ account: 'acme' })],
  ['dryRun', ['listUsers', 'list'], ({ sessions }) => sessions.revoke({ realm: true }, { dryRun: true })],
  ['trigger', ['readEpochs', 'advance'], ({ sessions }) => sessions.trigger('passwordReset', { user: 'bob' })],
  [
    'forgetUser',
    ['readEpochs', 'ensureEpochs', 'advance', 'memberships', 'deleteSessions'],
    ({ sessions }) => sessions.forgetUser('bob'),
  ],
  ['prune', ['prune'], ({ sessions }) => sessions.prune()],
];

/** The time limit, in ms, of an operation on a store that does not answer. */
export const TIMEOUT = 250;

export const unavailable = (error: unknown): boolean => isSessionError(error, 'SESSION_STORE_UNAVAILABLE');

/** Signs a user in, and returns the scene. `without` returns the same scene over a store with one failing verb. */
export async function open(
  bench: Bench,
  options: Partial<SessionsOptions> = {},
): Promise<{ scene: Scene; without(verb: Verb, outage: Outage, timeout?: number): Scene }> {
  // With a limit, a sign-in needs `list`.
  const settings: Partial<SessionsOptions> = { limit: { perUser: 1000, overflow: 'refuse' }, ...options };
  const sessions = bench.sessions(settings);
  const { session, token } = await signIn(sessions, who);
  await sessions.suspend({ user: 'suspended' });
  const [fence, beta] = [await sessions.fence(who), await sessions.fence({ ...who, account: 'beta' })];
  const scene: Scene = { sessions, session, token, fence, beta };
  const without = (verb: Verb, outage: Outage, timeout: number = STORE_TIMEOUT): Scene => {
    const store = around(bench.store, (asked, ask) => (asked === verb ? outage(ask) : ask()));
    return { ...scene, sessions: bench.sessions({ ...settings, store, timeout }) };
  };
  return { scene, without };
}

interface AllFailOptions {
  readonly operations?: Operations;
  readonly options?: Partial<SessionsOptions>;
  /** For the failing store, in ms. */
  readonly timeout?: number;
}

export async function allFail(
  bench: Bench,
  outages: readonly Outage[],
  only: readonly Verb[],
  { operations = EVERY, options = {}, timeout = STORE_TIMEOUT }: AllFailOptions = {},
): Promise<void> {
  for (const outage of outages) {
    const { scene, without } = await open(bench, options);
    const failing = operations.flatMap(([name, verbs, call]) =>
      verbs
        .filter((verb) => only.includes(verb))
        .map(async (verb) => {
          const failed = await call(without(verb, outage, timeout)).then(
            () => 'answered',
            (error: unknown) => (unavailable(error) ? 'unavailable' : `failed with ${String(error)}`),
          );
          assert.equal(failed, 'unavailable', `${name} without ${verb}`);
        }),
    );
    await Promise.all(failing);
    assert.equal(await tell(scene.sessions, scene.token), 'live', 'an outage signs no user out');
    assert.ok((await living(scene.sessions, 'ann')).includes(scene.session.id));
  }
}
