import type { Check, Revoke, Rotate } from './operation.ts';
import { type Span, spanText, type Violation } from './violation.ts';

/** The replacement of a secret, or the attempt of which nobody knows how it ended. */
interface Replacement extends Span {
  readonly id: string;
  readonly done: boolean;
}

/** The laws of secrets: of two of one session only the younger counts, and every one is followed by one at the most. */
export class Secrets {
  readonly #replacements = new Map<string, Replacement[]>();

  constructor(rotations: readonly Rotate[], revokes: readonly Revoke[]) {
    for (const { from, judged, token, failed, call, answer } of rotations) {
      this.#add(from, { id: judged.id, done: token !== null, call, answer }, failed);
    }
    for (const { from, initiator, token, failed, call, answer } of revokes) {
      if (from !== null && initiator !== null)
        this.#add(from, { id: initiator.id, done: token !== null, call, answer }, failed);
    }
  }

  #add(token: string, replacement: Replacement, failed: string | null): void {
    if (!replacement.done && failed === null) return;
    const all = this.#replacements.get(token);
    if (all === undefined) this.#replacements.set(token, [replacement]);
    else all.push(replacement);
  }

  /** Whether another secret may have taken the place of this one before a time. */
  mayBeReplaced(token: string, before: number): boolean {
    return this.#replacements.get(token)?.some(({ call }) => call < before) ?? false;
  }

  judge(checks: readonly Check[]): readonly Violation[] {
    const violations: Violation[] = [];
    const replacedAt = new Map<string, number>();
    for (const [token, all] of this.#replacements) {
      const done = all.filter((one) => one.done);
      if (done.length > 1) violations.push({ kind: 'forked secret', text: `two secrets of ${done[0]?.id} follow one` });
      replacedAt.set(token, Math.min(...done.map(({ answer }) => answer), Number.POSITIVE_INFINITY));
    }
    for (const { token, refused, answer } of checks) {
      if (refused !== 'superseded') continue;
      replacedAt.set(token, Math.min(replacedAt.get(token) ?? Number.POSITIVE_INFINITY, answer));
    }
    for (const check of checks) {
      const { id, token, session, refused, call, answer } = check;
      if (session !== null && (replacedAt.get(token) ?? Number.POSITIVE_INFINITY) < call) {
        violations.push({ kind: 'old secret', text: `a replaced secret of ${id} is accepted ${spanText(check)}` });
      }
      if (refused === 'superseded' && !this.mayBeReplaced(token, answer)) {
        violations.push({ kind: 'needless refusal', text: `a secret of ${id} that nothing replaced is refused` });
      }
    }
    return violations;
  }
}

/**
 * Whether a refusal tells of the secret, and nothing of the session. A token from before a switch of account names the
 * account that was left: there is no such session there.
 */
export const tellsOfSecret = ({ token, refused, answer }: Check, secrets: Secrets): boolean =>
  refused === 'superseded' || (refused === 'unknown' && secrets.mayBeReplaced(token, answer));
