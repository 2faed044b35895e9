import { Life } from './life.ts';
import type { List, Operation, Rotate, Seen, Start } from './operation.ts';
import type { Rules } from './population.ts';
import type { Covered } from './revocations.ts';
import { type Secrets, tellsOfSecret } from './secrets.ts';
import type { Span } from './violation.ts';

/** Of a user of more sessions than that, a list is read in several steps, and need not show one moment. */
export const ONE_PAGE = 1_000;

/** The sessions of a history. */
export class Lives {
  readonly #byId = new Map<string, Life>();
  readonly #byUser = new Map<string, Life[]>();
  /** The sign-ins and switches for which others may have had to make room, by whom a limit counts together. */
  readonly #newcomers = new Map<string, Span[]>();
  /** Users of whom a sign-in failed: it may have started a session whose id nobody knows. */
  readonly #unsure = new Set<string>();

  readonly #secrets: Secrets;
  readonly #rules: Rules;

  constructor(history: readonly Operation[], secrets: Secrets, rules: Rules) {
    this.#secrets = secrets;
    this.#rules = rules;
    // What is told of a session may stand before its start: the histories of several processes follow each other.
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

  /** Whether a session that nobody knows of may be this user's. */
  mayBeUnknown(user: string): boolean {
    return this.#unsure.has(user);
  }

  /** Whether a list of this user shows one moment. */
  fitsOnePage(user: string): boolean {
    return (this.#byUser.get(user)?.length ?? 0) < ONE_PAGE;
  }

  /** The sessions that had been started before a list was asked for, and are not on it. */
  absent({ user, whole, sessions, call, failed }: List): readonly Life[] {
    if (failed !== null || !whole || !this.fitsOnePage(user)) return [];
    const listed = new Set(sessions.map(({ id }) => id));
    return (this.#byUser.get(user) ?? []).filter(({ start, seen }) => start.answer < call && !listed.has(seen.id));
  }

  /** Whether a session may have had to make room for another one between these times. */
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

  /** It may have expired in this time: for good, unless a use was being written meanwhile. */
  #wasIdle(life: Life | undefined, span: Span): void {
    const { idle } = this.#rules;
    const mayComeBack = idle !== null && life?.mayHaveExpired(span, idle) === true && life.mayBeUsed(span);
    if (!mayComeBack) life?.wasOver(span);
  }

  /** Whether a session may have lived in this time that a limit counts together with this one. */
  mayHavePeer(newcomer: Covered, span: Span): boolean {
    const group = groupOf(newcomer);
    const isThere = (life: Life): boolean =>
      life.start.fenceCall < span.answer &&
      life.endOf > span.call &&
      [...life.accounts].some((account) => groupOf({ ...life.seen, account }) === group);
    return this.mayBeUnknown(newcomer.user) || (this.#byUser.get(newcomer.user) ?? []).some(isThere);
  }

  /** Takes down when each session was seen to live, and when to be over. */
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

/** Whom a limit counts together. */
export const groupOf = ({ user, account, kind }: Pick<Seen, 'user' | 'account' | 'kind'>): string =>
  JSON.stringify([user, account, kind]);

function put<T>(all: Map<string, T[]>, key: string, one: T): void {
  const those = all.get(key);
  if (those === undefined) all.set(key, [one]);
  else those.push(one);
}
