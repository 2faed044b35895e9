import type { PolicyPower, PolicyWrite, Tag } from '../../../src/adapter.ts';
import type { Audit } from './audit.ts';
import { ownCopyOf } from './own-copy.ts';

export class Policies implements PolicyPower {
  readonly #audit: Audit;
  readonly #values = new Map<Tag, string>();

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  get(account: Tag): string | null {
    return this.#values.get(account) ?? null;
  }

  set(write: PolicyWrite): 'set' | 'conflict' {
    if (this.get(write.account) !== write.ifValue) return 'conflict';
    const { account, value, audit } = ownCopyOf(write);
    this.#values.set(account, value);
    this.#audit.write(audit);
    return 'set';
  }
}
