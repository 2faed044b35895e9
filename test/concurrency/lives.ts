import { Life } from './life.ts';
import type { List, Operation, Rotate, Seen, Start } from './operation.ts';
import type { Rules } from './population.ts';
import type { Covered } from './revocations.ts';
import { type Secrets, tellsOfSecret } from './secrets.ts';
import type { Span } from './violation.ts';

/** The maximum size of a list that is read in one step. A longer list need not show a single moment. */
export const ONE_PAGE = 1_000;

/** All sessions of a history. */
export class Lives {
  readonly #byId = new Map<string, Life>();
  readonly #byUser = new Map<string, Life[]>();
  /** Sign-ins and switches that may have forced other sessions to end. The key comes from `groupOf`. */
  readonly #newcomers = new Map<string, Span[]>();
  /** Users with a failed sign-in. It may have started a session whose id no answer contains. */
  readonly #unsure = new Set<string>();

  readonly #secrets: Secrets;
  readonly #rules: Rules;

  constructor(history: readonly Operation[], secrets: Secrets, rules: Rules) {
    this.#secrets = secrets;
    this.#rules = rules;
    // Reads all starts first. The processes' histories are concatenated, so a start may come after other operations.
    for (const one of history) if (one.type === 'start') this.#admit(one);
    for (const one of history) {
      if (one.type === 'rotate') this.#rotate(one);
      else if (one.type === 'end') this.of(one.judged.id)?.ends.push(one);
      else if (one.type === 'note') for (const { id, at } of one.uses) this.of(id)?.noted(at, one);
    }
    for (const one of history) this.#look(one);
  }

  of(id: string): Life | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Life> {
    return this.#byId.values();
  }

  /** Returns whether this user may have a session that the history does not contain. */
  mayBeUnknown(user: string): boolean {
    return this.#unsure.has(user);
  }

  /** Returns whether a list of this user shows a single moment. */
  fitsOnePage(user: string): boolean {
    return (this.#byUser.get(user)?.length ?? 0) < ONE_PAGE;
  }

  /** Returns the sessions that were started before the call of a list and are not on it. */
  absent({ user, whole, sessions, call, failed }: List): readonly Life[] {
    if (failed !== null || !whole || !this.fitsOnePage(user)) return [];
    const listed = new Set(sessions.map(({ id }) => id));
    return (this.#byUser.get(user) ?? []).filter(({ start, seen }) => start.answer < call && !listed.has(seen.id));
  }

  /** Returns whether a session may have had to make room for another one between these times. */
  mayHaveMadeRoom(session: Covered, after: number, before: number): boolean {
    const newcomers = this.#newcomers.get(groupOf(session)) ?? [];
    return newcomers.some(({ call, answer }) => call < before && answer > after);
  }

  #admit(start: Start): void {
    const { session, user, account, kind, failed } = start;
    if (failed !== null) this.#unsure.add(user);
    if (session === null && failed === null) return;
    this.#join({ user, account, kind }, start);
    if (session === null) return;
    const life = new Life(start, session);
    this.#byId.set(session.id, life);
    put(this.#byUser, user, life);
  }

  #rotate(rotation: Rotate): void {
    const { judged, into, refused } = rotation;
    this.of(judged.id)?.rotations.push(rotation);
    if (into !== null && refused !== 'superseded' && refused !== 'suspended') {
      this.#join({ ...judged, account: into.account }, rotation);
    }
  }

  #join(who: Pick<Seen, 'user' | 'account' | 'kind'>, { call, answer, failed }: Start | Rotate): void {
    put(this.#newcomers, groupOf(who), { call, answer: failed === null ? answer : Number.POSITIVE_INFINITY });
  }

  /** Records that a session is over, unless it may have expired only until a use in the same span is written. */
  #wasIdle(life: Life | undefined, span: Span): void {
    const { idle } = this.#rules;
    const mayComeBack = idle !== null && life?.mayHaveExpired(span, idle) === true && life.mayBeUsed(span);
    if (!mayComeBack) life?.wasOver(span);
  }

  /** Returns whether another session of the newcomer's group may have been live in this span. */
  mayHavePeer(newcomer: Covered, span: Span): boolean {
    const group = groupOf(newcomer);
    const isThere = (life: Life): boolean =>
      life.start.fenceCall < span.answer &&
      life.endOf > span.call &&
      [...life.accounts].some((account) => groupOf({ ...life.seen, account }) === group);
    return this.mayBeUnknown(newcomer.user) || (this.#byUser.get(newcomer.user) ?? []).some(isThere);
  }

  /** Records when each session was seen to be live or over. */
  #look(one: Operation): void {
    if (one.failed !== null) return;
    switch (one.type) {
      case 'check':
        if (one.session !== null) this.of(one.id)?.lived(one);
        else if (one.refused === 'expired') this.#wasIdle(this.of(one.id), one);
        else if (!tellsOfSecret(one, this.#secrets)) this.of(one.id)?.wasOver(one);
        return;
      case 'list':
        for (const { id } of one.sessions) this.of(id)?.lived(one);
        for (const life of this.absent(one)) this.#wasIdle(life, one);
        return;
      case 'rotate':
        if (one.session !== null) this.of(one.judged.id)?.lived(one);
        return;
      case 'revoke':
        if (one.initiator !== null && one.token !== null) this.of(one.initiator.id)?.lived(one);
        return;
      case 'end':
        if (one.ended) this.of(one.judged.id)?.wasOver(one);
        return;
      default:
    }
  }
}

/** Returns the key of the group of sessions that a limit counts together. */
export const groupOf = ({ user, account, kind }: Pick<Seen, 'user' | 'account' | 'kind'>): string =>
  JSON.stringify([user, account, kind]);

function put<T>(all: Map<string, T[]>, key: string, one: T): void {
  const those = all.get(key);
  if (those === undefined) all.set(key, [one]);
  else those.push(one);
}
