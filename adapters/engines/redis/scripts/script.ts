import { createHash } from 'node:crypto';

export class Script {
  readonly text: string;
  readonly sha: string;

  constructor(...parts: readonly string[]) {
    this.text = parts.join('\n').trim();
    // Redis identifies scripts by SHA-1. Security does not depend on it.
    this.sha = createHash('sha1').update(this.text).digest('hex');
  }
}

/** The keys and arguments of one script call, in the order in which the script takes them. */
export class Call {
  readonly keys: string[] = [];
  readonly args: string[] = [];

  key(...keys: readonly string[]): this {
    this.keys.push(...keys);
    return this;
  }

  arg(...args: readonly (string | number)[]): this {
    for (const arg of args) this.args.push(typeof arg === 'number' ? String(arg) : arg);
    return this;
  }
}
