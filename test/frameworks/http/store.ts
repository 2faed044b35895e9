import type { SessionStore } from '../../../src/index.ts';
import { withoutChanges } from '../../../src/testing/harness/wrappers.ts';

/** The name of a store method. */
export type Verb = keyof SessionStore;

/** A store in front of another one. It counts the calls, and can make them fail. */
export class Gatekeeper {
  /** The verbs that were called, in order. */
  readonly calls: Verb[] = [];
  /** The arguments and answers of all calls, as JSON. */
  readonly traffic: string[] = [];
  /** How calls of the verbs in `only` behave. `null` means all verbs. */
  state: 'answers' | 'throws' | 'hangs' | 'garbles' = 'answers';
  only: readonly Verb[] | null = null;
  /** Whether calls are passed on synchronously. There is then no `before`, and no traffic is recorded. */
  atOnce = false;
  /** Runs before each call, which waits for it. */
  before: (verb: Verb) => void | Promise<void> = () => {};

  readonly store: SessionStore;

  /** Hides the change log of the inner store, so that every check asks the store. */
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
