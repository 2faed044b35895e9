import assert from 'node:assert/strict';
import { isSessionError } from '../errors.ts';
import type { SessionsOptions } from '../options.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import type { Awaitable } from '../store.ts';
import { type Bench, PATIENCE } from './bench.ts';
import { living, signIn, tell } from './people.ts';
import { around, type Verb } from './wrappers.ts';

/** Who is signed in while the store fails. */
export const who: { readonly user: string; readonly account: string } = { user: 'ann', account: 'acme' };

/** What becomes of a question in an outage: it may be asked all the same. */
export type Outage = <T>(ask: () => Awaitable<T>) => Awaitable<T>;

/** A store that cannot answer. */
export const DOWN: readonly Outage[] = [
  () => {
    throw new Error('down');
  },
  () => Promise.reject(new Error('down')),
];
/** A store that answers something else. */
export const answering = (answers: readonly unknown[]): Outage[] => answers.map((answer) => () => answer as never);
/** Answers that no verb gives. */
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

/** Somebody who is signed in, and what operations on them need. */
export interface Scene {
  readonly sessions: Sessions;
  readonly session: Session;
  readonly token: string;
  readonly fence: string;
  readonly beta: string;
}

/** Operations, and the verbs that each cannot do without. */
export type Operations = readonly (readonly [
  name: string,
  verbs: readonly Verb[],
  call: (scene: Scene) => Promise<unknown>,
])[];

const EVERY: Operations = [
  ['fence', ['epochs'], ({ sessions }) => sessions.fence(who)],
  ['start', ['epochs', 'list', 'add'], ({ sessions, fence }) => sessions.start({ ...who, fence })],
  ['check', ['find'], ({ sessions, token }) => sessions.check(token)],
  ['list', ['list'], ({ sessions }) => sessions.list({ user: 'ann' })],
  ['end', ['find', 'end'], ({ sessions, session }) => sessions.end(session.id, { user: 'ann' })],
  ['revoke', ['epochs', 'advance'], ({ sessions }) => sessions.revoke({ account: 'acme' })],
  [
    'keep',
    ['epochs', 'find', 'advance'],
    ({ sessions, session }) => sessions.revoke({ user: 'ann' }, { keep: session }),
  ],
  [
    'ifLive',
    ['epochs', 'find', 'advance'],
    ({ sessions, session }) => sessions.revoke({ user: 'ann' }, { ifLive: session }),
  ],
  ['suspend', ['epochs', 'advance'], ({ sessions }) => sessions.suspend({ user: 'ann' })],
  ['resume', ['epochs', 'advance'], ({ sessions }) => sessions.resume({ user: 'suspended' })],
  ['renew', ['find', 'renew'], ({ sessions, session }) => sessions.renew(session)],
  [
    'switch',
    ['epochs', 'find', 'list', 'renew'],
    ({ sessions, session, beta }) => sessions.renew(session, { account: 'beta', fence: beta }),
  ],
  [
    'reauthenticate',
    ['epochs', 'find', 'renew'],
    ({ sessions, session, fence }) => sessions.reauthenticate(session, { fence }),
  ],
  ['endIdle', ['users', 'list'], ({ sessions }) => sessions.endIdle({ account: 'acme', unusedFor: '1d' })],
  ['review', ['users', 'list'], ({ sessions }) => sessions.review({ account: 'acme' })],
  ['dryRun', ['users', 'list'], ({ sessions }) => sessions.revoke({ realm: true }, { dryRun: true })],
  ['trigger', ['epochs', 'advance'], ({ sessions }) => sessions.trigger('passwordReset', { user: 'bob' })],
  ['forgetUser', ['epochs', 'advance', 'remove'], ({ sessions }) => sessions.forgetUser('bob')],
  ['prune', ['prune'], ({ sessions }) => sessions.prune()],
];

/** How long an operation waits for a store that does not answer, ms. */
export const DEADLINE = 250;

/** The one way in which an outage is told. */
export const unavailable = (error: unknown): boolean => isSessionError(error, 'SESSION_STORE_UNAVAILABLE');

/** Somebody signed in, through a store that answers; and the same over one of which a single verb does not. */
export async function open(
  bench: Bench,
  options: Partial<SessionsOptions> = {},
): Promise<{ scene: Scene; without(verb: Verb, outage: Outage, deadline?: number): Scene }> {
  // A limit, so that signing in needs the list.
  const settings: Partial<SessionsOptions> = { limit: { perUser: 1000, overflow: 'refuse' }, ...options };
  const sessions = bench.sessions(settings);
  const { session, token } = await signIn(sessions, who);
  await sessions.suspend({ user: 'suspended' });
  const [fence, beta] = [await sessions.fence(who), await sessions.fence({ ...who, account: 'beta' })];
  const scene: Scene = { sessions, session, token, fence, beta };
  const without = (verb: Verb, outage: Outage, deadline: number = PATIENCE): Scene => {
    const store = around(bench.store, (asked, ask) => (asked === verb ? outage(ask) : ask()));
    return { ...scene, sessions: bench.sessions({ ...settings, store, deadline }) };
  };
  return { scene, without };
}

interface AllFailOptions {
  readonly operations?: Operations;
  readonly options?: Partial<SessionsOptions>;
  /** How long the store is waited for where it fails, ms. */
  readonly deadline?: number;
}

/** Every operation fails with every one of these verbs that it needs, and nobody is signed out by that. */
export async function allFail(
  bench: Bench,
  outages: readonly Outage[],
  only: readonly Verb[],
  { operations = EVERY, options = {}, deadline = PATIENCE }: AllFailOptions = {},
): Promise<void> {
  for (const outage of outages) {
    const { scene, without } = await open(bench, options);
    const failing = operations.flatMap(([name, verbs, call]) =>
      verbs
        .filter((verb) => only.includes(verb))
        .map(async (verb) => {
          const failed = await call(without(verb, outage, deadline)).then(
            () => 'answered',
            (error: unknown) => (unavailable(error) ? 'unavailable' : `failed with ${String(error)}`),
          );
          assert.equal(failed, 'unavailable', `${name} without ${verb}`);
        }),
    );
    await Promise.all(failing);
    assert.equal(await tell(scene.sessions, scene.token), 'live', 'an outage signs nobody out');
    assert.ok((await living(scene.sessions, 'ann')).includes(scene.session.id));
  }
}
