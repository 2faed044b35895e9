import type { Check, Revoke, Rotate } from './operation.ts';
import { type Span, spanText, type Violation } from './violation.ts';

/** The replacement of a secret, or an attempt whose outcome is unknown. */
interface Replacement extends Span {
  readonly id: string;
  readonly done: boolean;
}

/** The laws of secrets: only the latest secret of a session is valid, and each secret is replaced at most once. */
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

  /** Returns whether the secret of this token may have been replaced before a time. */
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
 * Returns whether a refusal concerns only the secret and says nothing about the session. A token from before a switch
 * names the old account, where its session is unknown.
 */
export const tellsOfSecret = ({ token, refused, answer }: Check, secrets: Secrets): boolean =>
  refused === 'superseded' || (refused === 'unknown' && secrets.mayBeReplaced(token, answer));
