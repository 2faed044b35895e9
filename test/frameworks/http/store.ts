import type { SessionStore } from '../../../src/index.ts';

/** A verb of a store. */
export type Verb = keyof SessionStore;

/** Stands before a store: counts what is asked of it, and has it fail. */
export class Gatekeeper {
  /** The verbs that were called, in order. */
  readonly calls: Verb[] = [];
  /** All that was handed in and out, as JSON. */
  readonly traffic: string[] = [];
  /** What becomes of a call of these verbs; of all where `only` is `null`. */
  state: 'answers' | 'throws' | 'hangs' | 'garbles' = 'answers';
  only: readonly Verb[] | null = null;
  /** Runs before a call, which waits for it. */
  before: (verb: Verb) => void | Promise<void> = () => {};

  readonly store: SessionStore;

  constructor(store: SessionStore) {
    this.store = new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) =>
          this.#pass(name as Verb, args, () => Reflect.apply(member, target, args) as unknown);
      },
    });
  }

  /** How often a verb was called. */
  count = (verb: Verb): number => this.calls.filter((called) => called === verb).length;

  forget(): void {
    this.calls.length = 0;
    this.traffic.length = 0;
  }

  async #pass(verb: Verb, args: readonly unknown[], call: () => unknown): Promise<unknown> {
    this.calls.push(verb);
    await this.before(verb);
    if (this.only?.includes(verb) ?? true) {
      if (this.state === 'throws') throw new Error('connect ECONNREFUSED 10.0.0.7:5432 SELECT * FROM sessions');
      if (this.state === 'hangs') return new Promise(() => {});
      if (this.state === 'garbles') return [{}];
    }
    const answer = await call();
    this.traffic.push(JSON.stringify({ verb, args, answer }));
    return answer;
  }
}
