import type { Life } from './life.ts';
import { groupOf, Lives } from './lives.ts';
import type { Check, List, Operation, Revoke, Rotate, Seen, Start } from './operation.ts';
import { RULES, type Rules } from './population.ts';
import { type Covered, Revocations } from './revocations.ts';
import { Secrets, tellsOfSecret } from './secrets.ts';
import { type Span, spanText, timeText, type Violation, type ViolationKind } from './violation.ts';

/**
 * Returns the violations of the design's invariants in a history. Only real time decides the order: an operation that
 * was answered before the call of another came first. Of two overlapping operations, either may have come first. A
 * reported violation is therefore wrong under every possible order. A failed operation may have taken effect at any
 * time after its call, or never.
 */
export function violationsOf(history: readonly Operation[], rules: Rules = RULES): readonly Violation[] {
  const of = <Type extends Operation['type']>(type: Type): readonly Extract<Operation, { type: Type }>[] =>
    history.filter((one): one is Extract<Operation, { type: Type }> => one.type === type && one.failed === null);
  const every = <Type extends Operation['type']>(type: Type): readonly Extract<Operation, { type: Type }>[] =>
    history.filter((one): one is Extract<Operation, { type: Type }> => one.type === type);

  const secrets = new Secrets(every('rotate'), every('revoke'));
  const laws = new Laws(new Lives(history, secrets, rules), new Revocations(every('revoke')), secrets, rules);
  for (const one of of('start')) laws.judgeStart(one);
  for (const one of of('check')) laws.judgeCheck(one);
  for (const one of of('list')) laws.judgeList(one);
  for (const one of of('rotate')) laws.judgeRotation(one);
  for (const one of of('revoke')) laws.judgeRevocation(one);
  laws.judgeEnds();
  return [...laws.violations, ...secrets.judge(of('check'))];
}

class Laws {
  readonly violations: Violation[] = [];
  readonly #lives: Lives;
  readonly #revocations: Revocations;
  readonly #secrets: Secrets;
  readonly #rules: Rules;

  constructor(lives: Lives, revocations: Revocations, secrets: Secrets, rules: Rules) {
    this.#rules = rules;
    this.#lives = lives;
    this.#revocations = revocations;
    this.#secrets = secrets;
  }

  /** A sign-in that began before a revocation must start no session after it, nor during a suspension. */
  judgeStart(start: Start): void {
    const { session, refused, fenceCall, fenceAnswer, user, account, kind, call, answer } = start;
    const who: Covered = { id: session?.id ?? '', user, account, kind };
    const told = `a sign-in of ${user} ${spanText(start)}`;
    if (session !== null) {
      const superseded = this.#revocations.supersededFrom(who, fenceAnswer);
      if (superseded < call) this.#violate('fence', `${told} began before what was revoked at ${timeText(superseded)}`);
      if (this.#revocations.isSuspended(who, call, answer)) this.#violate('suspended', `${told} is suspended`);
    }
    if (refused === 'limit' && !this.#mayBeFull(who, start)) {
      this.#violate('needless refusal', `${told} is refused for a limit`);
    }
    if (refused === 'superseded' && !this.#revocations.mayHaveEnded(who, fenceCall, answer)) {
      this.#violate('needless refusal', `${told} is superseded by nothing`);
    }
    if (refused === 'suspended' && !this.#revocations.mayBeSuspended(who, answer)) {
      this.#violate('needless refusal', `${told} is suspended by nobody`);
    }
  }

  judgeCheck(check: Check): void {
    const { id, session, refused } = check;
    const life = this.#lives.of(id);
    if (life === undefined) {
      this.#violate('wrong session', `${id} is checked, which nobody started`);
      return;
    }
    if (session !== null) this.#mayLive(life, session, check, 'is accepted');
    else if (refused === 'malformed' || (refused === 'expired' && !this.#mayHaveExpired(life, check))) {
      this.#violate('needless refusal', `the token of ${id} is refused as ${refused}`);
    } else if (refused !== 'expired' && !tellsOfSecret(check, this.#secrets)) {
      this.#mayBeOver(life, check, `is refused as ${refused}`);
    }
  }

  /** A list must show all live sessions, no others, and never more than the limit allows. */
  judgeList(list: List): void {
    const counts = new Map<string, number>();
    for (const session of list.sessions) {
      const life = this.#lives.of(session.id);
      if (life !== undefined) this.#mayLive(life, session, list, 'is listed');
      else if (!this.#lives.mayBeUnknown(list.user)) {
        this.#violate('wrong session', `${session.id} is listed, which nobody started`);
      }
      const group = groupOf(session);
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    if (!this.#lives.fitsOnePage(list.user)) return;
    for (const [group, count] of counts) {
      if (count > this.#rules.perUser) this.#violate('limit', `${count} sessions of ${group} live ${spanText(list)}`);
    }
    for (const life of this.#lives.absent(list)) this.#mayBeOver(life, list, 'is not listed');
  }

  judgeRotation(rotation: Rotate): void {
    const { judged, session, refused, into, from } = rotation;
    const life = this.#lives.of(judged.id);
    if (life === undefined) return;
    if (session !== null) this.#mayLive(life, judged, rotation, 'is renewed');
    if (refused === 'limit' && !(into !== null && this.#mayBeFull({ ...judged, account: into.account }, rotation))) {
      this.#violate('needless refusal', `a switch of ${judged.id} is refused for a limit`);
    }
    if (refused === 'not-live') this.#mayBeNotLive(life, rotation, from);
    if (refused === 'superseded' && into !== null) {
      // A revocation that keeps this session still supersedes its fence.
      const there = { ...judged, id: '', account: into.account };
      if (!this.#revocations.mayHaveEnded(there, into.fenceCall, rotation.answer)) {
        this.#violate('needless refusal', `a switch of ${judged.id} is superseded by nothing`);
      }
    }
  }

  /** Only a live session may be kept. A request to keep a session may be refused only if that session is over. */
  judgeRevocation(revoke: Revoke): void {
    const { initiator, done, kept, token, from } = revoke;
    const life = initiator === null ? undefined : this.#lives.of(initiator.id);
    if (initiator === null || from === null || life === undefined) return;
    if (!done) {
      this.#mayBeNotLive(life, revoke, from);
      return;
    }
    if (kept !== initiator.id || token === null)
      this.#violate('wrong session', `${kept} is kept instead of ${initiator.id}`);
    this.#mayLive(life, initiator, revoke, 'is kept');
  }

  judgeEnds(): void {
    for (const { seen, ends } of this.#lives.all()) {
      if (ends.filter(({ ended }) => ended).length > 1) this.#violate('ended twice', `${seen.id} was ended twice`);
    }
  }

  /** Checks that a session that was live in this span was not over before it. */
  #mayLive(life: Life, now: Seen, span: Span, what: string): void {
    const { start, seen, endOf, rotations, ends } = life;
    const told = `${now.id} ${what} ${spanText(span)}`;
    if (now.user !== seen.user || now.kind !== seen.kind) {
      this.#violate('wrong session', `${told} with another user or kind`);
    }
    const enteredAt = life.enteredAt(now.account, span);
    if (enteredAt === null) {
      this.#violate('wrong session', `${told} in an account that it never entered`);
      return;
    }
    const dead = this.#revocations.deadFrom(now, start.fenceAnswer, enteredAt);
    if (dead < span.call) this.#violate('survivor', `${told}, and was revoked at ${timeText(dead)}`);
    const ended = Math.min(...ends.map((end) => (end.ended ? end.answer : Number.POSITIVE_INFINITY)));
    if (ended < span.call) this.#violate('survivor', `${told}, and was ended at ${timeText(ended)}`);
    if (endOf < span.call && !life.isPassing(now.account, span)) {
      this.#violate('resurrection', `${told}, and was over at ${timeText(endOf)}`);
    }
    if (this.#revocations.isSuspended(now, span.call, span.answer)) {
      this.#violate('suspended', `${told}, and is suspended`);
    }
    const mayMove = rotations.some(
      ({ reauthenticated, call, refused }) => reauthenticated && refused === null && call < span.answer,
    );
    if (now.expiresAt !== seen.expiresAt && !mayMove) this.#violate('absolute moved', `${told} with another expiry`);
  }

  /** Checks that some operation can explain why a session was over in this span. */
  #mayBeOver(life: Life, span: Span, what: string): void {
    const [after, before] = [life.aliveUntil(span.call), span.answer];
    if (life.mayHaveEnded(after, before) || this.#mayHaveExpired(life, span)) return;
    for (const account of life.accounts) {
      const there = { ...life.seen, account };
      if (this.#revocations.mayHaveEnded(there, after, before)) return;
      if (this.#lives.mayHaveMadeRoom(there, after, before)) return;
    }
    this.#violate('unexplained end', `${life.seen.id} ${what} ${spanText(span)}, and lived at ${timeText(after)}`);
  }

  /** Returns whether a session may have expired by idleness in this span. */
  #mayHaveExpired(life: Life, span: Span): boolean {
    const { idle } = this.#rules;
    return idle !== null && life.mayHaveExpired(span, idle);
  }

  /** Returns whether a limit may refuse. It never does in runs without expiry: there, the oldest session ends. */
  #mayBeFull(newcomer: Covered, span: Span): boolean {
    return this.#rules.idle !== null && this.#lives.mayHavePeer(newcomer, span);
  }

  /** Checks that a refused write in a session's name has a reason: the session was over or its secret replaced. */
  #mayBeNotLive(life: Life, span: Span, token: string): void {
    if (!this.#secrets.mayBeReplaced(token, span.answer)) this.#mayBeOver(life, span, 'counts as not live');
  }

  #violate(kind: ViolationKind, text: string): void {
    this.violations.push({ kind, text });
  }
}
