import { createHash } from 'node:crypto';

/** A script, by its text and by the name under which servers remember it. */
export class Script {
  readonly text: string;
  readonly sha: string;

  constructor(...parts: readonly string[]) {
    this.text = parts.join('\n').trim();
    // What Redis itself calls a script; nothing depends on it being hard to forge.
    this.sha = createHash('sha1').update(this.text).digest('hex');
  }
}

/** The keys and arguments of a call, in the order in which the script takes them. */
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
