import type { Revoke, Seen } from './operation.ts';

/** The members of a session that decide whether a revocation covers it. */
export type Covered = Pick<Seen, 'id' | 'user' | 'account' | 'kind'>;

/** The revocations of a history, by scope. */
export class Revocations {
  readonly #scopes = new Map<string, Scope>();

  constructor(all: readonly Revoke[]) {
    for (const revoke of all) {
      if (!revoke.done && revoke.failed === null) continue;
      const key = keyOf(revoke.scope, revoke.user, revoke.account);
      const scope = this.#scopes.get(key) ?? new Scope();
      this.#scopes.set(key, scope);
      scope.all.push(revoke);
    }
    for (const scope of this.#scopes.values()) scope.all.sort((a, b) => a.call - b.call);
    for (const scope of this.#scopes.values()) scope.prepare();
  }

  /** Returns the scopes of a session. `own` means only user and member, which the user's record contains. */
  #around({ user, account }: Covered, which: 'own' | 'all'): readonly Scope[] {
    const keys = [keyOf('user', user, null)];
    if (account !== null) keys.push(keyOf('member', user, account));
    if (which === 'all') keys.push(keyOf('realm', null, null));
    if (which === 'all' && account !== null) keys.push(keyOf('account', null, account));
    return keys.flatMap((key) => this.#scopes.get(key) ?? []);
  }

  /**
   * Returns the time from which a session must be over: the first answer to a covering revocation that was called after
   * the session's stamps were read. `fencedAt` is when its stamps of user and realm were read. `enteredAt` is when its
   * stamps of account and member were read.
   */
  deadFrom(session: Covered, fencedAt: number, enteredAt: number): number {
    const { id, user, account, kind } = session;
    const first = (key: string, since: number): number =>
      this.#scopes.get(key)?.firstAnswer(id, kind, since) ?? Infinity;
    return Math.min(
      first(keyOf('realm', null, null), fencedAt),
      first(keyOf('user', user, null), fencedAt),
      ...(account === null
        ? []
        : [first(keyOf('account', null, account), enteredAt), first(keyOf('member', user, account), enteredAt)]),
    );
  }

  /** Like `deadFrom`, but only for the scopes whose fence is exact: user and member. */
  supersededFrom(session: Covered, fencedAt: number): number {
    const { id, kind } = session;
    return Math.min(...this.#around(session, 'own').map((scope) => scope.firstAnswer(id, kind, fencedAt)), Infinity);
  }

  /** Returns whether a revocation may have taken effect between these times and ended this session. */
  mayHaveEnded(session: Covered, after: number, before: number): boolean {
    const { id, kind } = session;
    return this.#around(session, 'all').some((scope) => scope.mayCover(id, kind, after, before));
  }

  /** Returns whether a scope of the session was certainly suspended for the whole time. */
  isSuspended(session: Covered, from: number, to: number): boolean {
    return this.#around(session, 'all').some((scope) => scope.isSuspended(from, to));
  }

  /** Returns whether a scope of the session may have been suspended before a time. */
  mayBeSuspended(session: Covered, before: number): boolean {
    return this.#around(session, 'all').some(({ suspensions }) => suspensions.some(({ call }) => call < before));
  }
}

/** The revocations of one scope, in the order in which they were called. */
class Scope {
  readonly all: Revoke[] = [];
  suspensions: readonly Revoke[] = [];
  #resumptions: readonly Revoke[] = [];
  #unknown: readonly Revoke[] = [];
  #maxDuration = 0;

  prepare(): void {
    this.suspensions = this.all.filter(({ change }) => change === 'suspended');
    this.#resumptions = this.all.filter(({ change }) => change === 'resumed');
    this.#unknown = this.all.filter(({ done }) => !done);
    for (const { call, answer } of this.all) this.#maxDuration = Math.max(this.#maxDuration, answer - call);
  }

  firstAnswer(id: string, kind: string, since: number): number {
    let first = Infinity;
    for (let at = firstAfter(this.all, since); at < this.all.length; at++) {
      const revoke = this.all[at];
      if (revoke === undefined || revoke.call > first) break;
      if (revoke.done && covers(revoke, id, kind)) first = Math.min(first, revoke.answer);
    }
    return first;
  }

  mayCover(id: string, kind: string, after: number, before: number): boolean {
    if (this.#unknown.some((revoke) => revoke.call < before && covers(revoke, id, kind))) return true;
    for (let at = firstAfter(this.all, after - this.#maxDuration); at < this.all.length; at++) {
      const revoke = this.all[at];
      if (revoke === undefined || revoke.call >= before) return false;
      if (revoke.answer > after && covers(revoke, id, kind)) return true;
    }
    return false;
  }

  isSuspended(from: number, to: number): boolean {
    // The last suspension is enough: a resumption that ended it also ended the earlier ones.
    const last = this.suspensions.findLast(({ done, answer }) => done && answer < from);
    if (last === undefined) return false;
    return !this.#resumptions.some(({ done, call, answer }) => call < to && (!done || answer > last.call));
  }
}

const covers = (revoke: Revoke, id: string, kind: string): boolean =>
  revoke.covers.includes(kind) && !(revoke.done && revoke.keeps && revoke.kept === id);

const keyOf = (scope: Revoke['scope'], user: string | null, account: string | null): string =>
  JSON.stringify([scope, user, account]);

/** Returns the index of the first revocation that was called after `time`. */
function firstAfter(all: readonly { readonly call: number }[], time: number): number {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.call ?? Infinity) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
