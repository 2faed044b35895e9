import type { SessionStore } from '../../../src/index.ts';
import { withoutChanges } from '../../../src/testing/harness/wrappers.ts';

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
  /** Whether it answers, and fails, as soon as it is asked, if the store behind it does; then there is no `before`, no traffic. */
  atOnce = false;
  /** Runs before a call, which waits for it. */
  before: (verb: Verb) => void | Promise<void> = () => {};

  readonly store: SessionStore;

  /** It does not tell its changes, so that every check asks it. */
  constructor(inner: SessionStore) {
    this.store = new Proxy(withoutChanges(inner), {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          const call = (): unknown => Reflect.apply(member, target, args);
          return this.atOnce ? this.#passAtOnce(name as Verb, call) : this.#pass(name as Verb, args, call);
        };
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
    if (this.#fails(verb)) return this.#fail();
    const answer = await call();
    this.traffic.push(JSON.stringify({ verb, args, answer }));
    return answer;
  }

  #passAtOnce(verb: Verb, call: () => unknown): unknown {
    this.calls.push(verb);
    return this.#fails(verb) ? this.#fail() : call();
  }

  #fails = (verb: Verb): boolean => this.state !== 'answers' && (this.only?.includes(verb) ?? true);

  #fail(): unknown {
    if (this.state === 'throws') throw new Error('connect ECONNREFUSED 10.0.0.7:5432 SELECT * FROM sessions');
    return this.state === 'hangs' ? new Promise(() => {}) : [{}];
  }
}
