import { coreOf, keepCore } from '../../src/core/context.ts';
import type { createSessions, Sessions, SessionsOptions } from '../../src/index.ts';
import { recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { person } from '../../src/testing/harness/records.ts';

/** A fault of a core. Returns the methods that replace those of the real core, which was created with `options`. */
type CoreFault = (sessions: Sessions, options: SessionsOptions) => Partial<Sessions>;

// An answer that looks like a success of any method.
const SUCCESS = {
  ok: true,
  revoked: true,
  ended: true,
  session: null,
  token: '',
  kept: null,
  sessions: [],
  cursor: null,
};
const UNKNOWN = { ok: false, session: null, reason: 'unknown', end: null } as const;

const OPERATIONS = [
  'fence',
  'start',
  'check',
  'list',
  'end',
  'revoke',
  'suspend',
  'resume',
  'renew',
  'reauthenticate',
  ...(['signOut', 'trigger', 'endIdle', 'review', 'forgetUser', 'audit', 'policy', 'setPolicy'] as const),
  'prune',
] as const;

const onOutage = (sessions: Sessions, answer: unknown): Partial<Sessions> =>
  Object.fromEntries(
    OPERATIONS.map((name) => [
      name,
      (...given: never[]) => (sessions[name] as (...given: never[]) => Promise<unknown>)(...given).catch(() => answer),
    ]),
  );

/**
 * Cores with faults that no store can have. Contract cases that observe the core through a store must fail with these.
 */
export const BROKEN_CORES: Readonly<Record<string, CoreFault>> = {
  'an outage signs out': (sessions) => ({
    ...onOutage(sessions, UNKNOWN),
    check: (token) => sessions.check(token).catch(() => UNKNOWN),
  }),
  'an outage passes for success': (sessions) => onOutage(sessions, SUCCESS),
  'a use that cannot be noted signs out': (sessions, { store }) => ({
    async check(token) {
      const verdict = await sessions.check(token);
      if (!verdict.ok) return verdict;
      const touched = (async () => store.touch([], () => 0))();
      const late = new Promise((_, reject) => setTimeout(reject, 20));
      return Promise.race([touched, late]).then(
        () => verdict,
        () => UNKNOWN,
      );
    },
  }),
  'start asks the store with the token': (sessions, { store }) => ({
    async start(request) {
      const started = await sessions.start(request);
      if (started.ok) await store.find(started.token, []);
      return started;
    },
  }),
  'check believes the credential': (sessions, { store }) => ({
    async check(token) {
      const [, user = '', , id = '', secret] = (token ?? '').split('.');
      const [found] = await store.find(user, [{ id, user }]);
      if (found?.session.credential !== secret) return sessions.check(token);
      return { ok: true, session: null as never };
    },
  }),
  'start forgets when it began': (sessions) => ({
    start: async (request) =>
      sessions.start({ ...request, fence: await sessions.fence({ user: request.user, account: request.account }) }),
  }),
  'revoke asks nobody whether they are live': (sessions) => ({
    async revoke(scope, request = {}) {
      const done = await sessions.revoke(scope, request);
      const { keep, ifLive, ...rest } = request;
      return done.revoked ? done : sessions.revoke(scope, rest);
    },
  }),
  'revoke goes through the sessions': (sessions, { store }) => ({
    async revoke(scope, request) {
      await store.list('', '', { ended: true, now: 0, limit: 100 });
      return sessions.revoke(scope, request);
    },
  }),
  'a dry run is none': (sessions) => ({
    revoke: (scope, request = {}) => sessions.revoke(scope, { ...request, dryRun: false }),
  }),
  'a trigger wants a live initiator': (sessions) => ({
    trigger: async (_, { user, keep }) => ({
      ...(await sessions.revoke({ user }, keep === undefined ? {} : { keep })),
      found: true,
    }),
  }),
  'a sign-out asks no policy': (sessions) => ({
    signOut: async ({ id, user }) => ({ ...(await sessions.end(id, { user })), everywhere: true }),
  }),
  'logs what was not done': (sessions, { store }) => ({
    async end(id, request) {
      await store.powers?.audit?.append([recordOf(id)]);
      return sessions.end(id, request);
    },
  }),
  'logs every refusal': (sessions, { store }) => ({
    async check(token) {
      const verdict = await sessions.check(token);
      if (!verdict.ok) await store.powers?.audit?.append([recordOf(verdict.reason)]);
      return verdict;
    },
  }),
  'logs tokens': (sessions, { store }) => ({
    async start(request) {
      const started = await sessions.start(request);
      if (started.ok) await store.powers?.audit?.append([recordOf(started.token)]);
      return started;
    },
  }),
  'an entry that cannot be written signs out': (sessions, { store }) => ({
    async check(token) {
      const verdict = await sessions.check(token);
      if (!verdict.ok) return verdict;
      const written = (async () => store.powers?.audit?.append([]))();
      return written.then(
        () => verdict,
        () => UNKNOWN,
      );
    },
  }),
  'check writes every use': (sessions, { store }) => ({
    async check(token) {
      const verdict = await sessions.check(token);
      if (verdict.ok) await store.touch([], () => 0);
      return verdict;
    },
  }),
};

const recordOf = (reason: string) => recordAbout(person('ann', 'acme', 'default'), { reason });

/** Adds a fault to `createSessions`. */
export function breakCore(name: string, create: typeof createSessions): typeof createSessions {
  const fault = BROKEN_CORES[name];
  if (fault === undefined) throw new TypeError(`no core is broken like this: ${name}`);
  return (options) => {
    const sessions = create(options);
    const changes = fault(sessions, options);
    const broken = new Proxy(sessions, {
      get(target, key) {
        const value: unknown = Reflect.get(changes, key) ?? Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    keepCore(broken, coreOf(sessions));
    return broken;
  };
}
