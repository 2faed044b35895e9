import type { Scope, Session, SessionStore } from 'session-revocation';
import type {
  Awaitable,
  Renewal,
  ScopeName,
  SessionRecord,
  StorePowers,
  Tag,
  Touch,
  UserWrite,
} from 'session-revocation/adapter';
import { judge } from '../../../src/model/judge.ts';
import { Session as JudgedSession } from '../../../src/model/session.ts';
import { memberTag, realmTag } from '../../../src/model/token.ts';
import type { Known, ScopeTarget } from './history.ts';
import { mayAsk, mayDrop } from './laws.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** The write that a process is about to make, described independently of the store's records. */
export interface Intent {
  readonly target: ScopeTarget;
  readonly kinds: readonly string[] | 'all' | null;
  readonly keep: Session | null;
  /** The session in whose name the write is made. */
  readonly initiator: Session | null;
  readonly suspend: boolean | null;
  /** Whether the write is also made if the initiator is over. It then has no initiator. */
  readonly evenIfOver?: boolean;
  /** Whether the initiator's secret may have been rotated since. */
  readonly ignoreRotation?: boolean;
}

/** Returns the store as one process sees it. Every verb waits until the schedule chooses it. Its effect is recorded. */
export function steppingStore(process: Process): SessionStore {
  const { world, name } = process;
  const { store, history, stepper } = world;
  const ask = <T>(verb: string, perform: () => Awaitable<T>, wrote: (outcome: T) => boolean): Promise<T> =>
    stepper.request(name, verb, () => {
      history.step++;
      const outcome = perform();
      if (outcome instanceof Promise) throw new Error('a store must answer at once here');
      history.harmless = !wrote(outcome as T);
      return outcome as T;
    });
  const unseen = (): boolean => false;
  const counters = new Map<Tag, number>();

  const added = (session: SessionRecord, write: UserWrite): true => {
    const known = knownOf(process, session);
    history.known.set(session.id, known);
    history.effect.added = known;
    return ended(write);
  };
  const renewed = ({ session, moves, now, ...write }: Renewal): true => {
    history.rotate(session.id);
    history.written['session.renewed']++;
    history.effect.usedAt = now;
    if (process.reauthenticating) history.effect.reauthenticated = session.id;
    const known = history.known.get(session.id);
    if (moves && known !== undefined) {
      known.account = session.account;
      known.enteredAt = process.fencedAt;
      history.effect.switched = known;
    }
    return ended(write);
  };
  const ended = ({ ending }: Pick<UserWrite, 'ending'>): true => {
    for (const { id } of ending) history.effect.ended.add(id);
    return true;
  };
  const removed = (user: Tag): true => {
    for (const { id, record } of history.known.values()) if (record.userTag === user) history.effect.ended.add(id);
    return true;
  };
  const changed = (): true => {
    history.written['policy.changed']++;
    return true;
  };
  const used = (touches: readonly Touch[]): true => {
    history.effect.usedAt = Math.min(...touches.map(({ at }) => at));
    return true;
  };

  const { audit, policies } = store.powers ?? {};
  const powers: StorePowers = {
    audit,
    policies: policies && {
      get: (account) => ask('get policy', () => policies.get(account), unseen),
      set: (write) =>
        ask(
          'set policy',
          () => policies.set(write),
          (outcome) => outcome === 'set' && changed(),
        ),
    },
  };

  return {
    // The audit power is passed on unstepped. A log entry without a write in the same step decides nothing.
    powers,
    // After a write, the library reads the realm's record alone for `effectiveWithin`. This read is no step: it decides
    // nothing, and the write is acknowledged by then.
    readEpochs: (tags) =>
      tags.length === 1 && tags[0] === realmTag(process.realm)
        ? store.readEpochs(tags)
        : ask(
            'readEpochs',
            () => store.readEpochs(tags),
            (answer) => {
              for (const [at, found] of answer.entries()) if (found) counters.set(tags[at]!, found.record.counter);
              return false;
            },
          ),
    ensureEpochs: (requests, now) =>
      ask(
        'ensureEpochs',
        () => store.ensureEpochs(requests, now),
        (answer) => {
          for (const [at, { record }] of answer.entries()) counters.set(requests[at]!.tag, record.counter);
          return answer.some(({ record }, at) => record.incarnation === requests[at]?.create.incarnation);
        },
      ),
    add: (session, write) =>
      ask(
        'add',
        () => store.add(session, write),
        (outcome) => outcome === 'added' && added(session, write),
      ),
    find: (realm, refs) => ask('find', () => store.find(realm, refs), unseen),
    // Only the search for a new device lists ended sessions. It decides nothing, so it is no step.
    list: (realm, user, page) =>
      page.ended ? store.list(realm, user, page) : ask('list', () => store.list(realm, user, page), unseen),
    touch: (touches, now) =>
      ask(
        'touch',
        () => store.touch(touches, now),
        () => used(touches),
      ),
    renew: (renewal) =>
      ask(
        'renew',
        () => store.renew(renewal),
        (outcome) => outcome === 'renewed' && renewed(renewal),
      ),
    end: (ref, mark, audit) =>
      ask(
        'end',
        () => store.end(ref, mark, audit),
        (outcome) => outcome && ended({ ending: [{ id: ref.id, ended: mark, audit }] }),
      ),
    advance: (tag, advance) => {
      const { intent } = process;
      const recordTag = advance.member === undefined ? tag : memberTag(tag, advance.member);
      const inNobodysName = intent?.evenIfOver === true && advance.initiator === undefined;
      const done = intent === null || !inNobodysName ? intent : { ...intent, keep: null, initiator: null };
      const initiator = done?.initiator ?? null;
      let current = false;
      return ask(
        'advance',
        () => {
          current = initiator !== null && (done?.ignoreRotation === true || isCurrent(world, initiator));
          if (inNobodysName && intent.initiator !== null)
            mayDrop(world, intent.initiator.id, isLive(world, intent.initiator));
          return store.advance(tag, advance);
        },
        // An advance may rewrite a record with its present counter. That is no revocation.
        (outcome) =>
          outcome === 'advanced' &&
          (counters.get(recordTag) === advance.record.counter || advanced(process, done, current)),
      );
    },
    listUsers: (of, after, limit) => ask('listUsers', () => store.listUsers(of, after, limit), unseen),
    memberships: (user, after, limit) => ask('memberships', () => store.memberships(user, after, limit), unseen),
    deleteSessions: (user, limit) =>
      ask(
        'deleteSessions',
        () => store.deleteSessions(user, limit),
        (count) => count > 0 && removed(user),
      ),
    prune: (batch) =>
      ask(
        'prune',
        () => store.prune(batch),
        () => true,
      ),
  };
}

function knownOf(process: Process, record: SessionRecord): Known {
  const { id, user, kind, account } = record;
  const begunAt = Math.min(process.fencedAt, process.verifiedAt);
  return {
    ...{ id, realm: process.realm, user, kind, account, record, begunAt, enteredAt: begunAt },
    ...{ password: process.password, live: false, dead: false, expiredAt: null, diedOf: null, diedAt: 0 },
  };
}

/** Records an advance, and checks that it may be made in the initiator's name. */
function advanced(process: Process, intent: Intent | null, current: boolean): true {
  const { world, begunAt } = process;
  if (intent === null) throw new Error('an advance must be declared');
  const { target, kinds, keep, initiator, suspend } = intent;
  const { history } = world;
  if (initiator !== null) mayAsk(world, initiator.id, current, begunAt);
  if (keep !== null) history.rotate(keep.id);
  const spares = target.scope === 'user' || target.scope === 'member' ? SURVIVING : [];
  const covers = (kind: string): boolean =>
    kinds === 'all' || (kinds === null ? !spares.includes(kind) : kinds.includes(kind));
  process.advancedAt = history.step;
  history.written['sessions.revoked']++;
  history.revoke({ ...target, step: history.step, kept: keep?.id ?? null, covers });
  if (suspend !== null) history.suspend(target, suspend);
  return true;
}

/** The kinds that survive the revocation of a user or a member in these scenarios. */
export const SURVIVING: readonly string[] = ['api'];

/** Converts a scope of the public API. */
export function targetOf(realm: string, scope: Scope): ScopeTarget {
  if ('realm' in scope) return { realm, scope: 'realm', user: null, account: null };
  const { user = null, account = null } = { user: undefined, ...scope };
  const name: ScopeName = user === null ? 'account' : account === null ? 'user' : 'member';
  return { realm, scope: name, user, account };
}

/** Returns whether the stored session still has the secret of the judged session. */
export function isCurrent(world: World, session: Session): boolean {
  const found = world.find(session.id);
  return found?.session.credential === JudgedSession.recordOf('session', session).credential;
}

/** Returns whether the session is live and its secret is current. With `ignoreRotation` any secret will do. */
export function isLive(world: World, session: Session, ignoreRotation = false): boolean {
  const found = world.find(session.id);
  const isSame = ignoreRotation ? found?.session.account === session.account : isCurrent(world, session);
  return isSame && found !== null && judge(found.session, found.epochs, world.now()) === null;
}
